"""Texts become vectors of their meaning; everything here runs in the model child."""
