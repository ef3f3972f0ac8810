"""Train, export and measure the embedded punctuation model; never imported by the product."""
