"""Guided decoding: a language model chooses on the lattice of a part. Runs in the model child."""
