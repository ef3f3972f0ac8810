"""Training of the token tagger: from corpora and pretrained weights to the folder `punct`."""
