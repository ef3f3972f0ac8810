"""How good a model is at our work on this machine, measured on text that comes with llasa."""
