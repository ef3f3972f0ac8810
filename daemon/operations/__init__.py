"""What may be asked of a home and done to it; every face stands on it."""
