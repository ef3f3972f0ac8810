"""Which models there are, and whether one is fit for this work."""
