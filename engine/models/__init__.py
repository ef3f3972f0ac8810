"""Which models there are, and whether one suits a transcript."""
