"""Examine an installation: each examination looks at one thing and says what to do about it."""
