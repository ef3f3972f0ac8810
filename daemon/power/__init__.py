"""Ask the system whether it runs on power and since when nobody has used it."""
