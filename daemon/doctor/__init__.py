"""Examine a home and its machine: each examination checks one thing and says what to do."""
