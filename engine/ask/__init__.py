"""What was said, to be searched and quoted: pure, without a model or a database."""
