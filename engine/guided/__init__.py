"""Run a language model over the lattice of a part; everything here runs in the model child."""
