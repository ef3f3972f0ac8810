"""Work on the words of a transcript without a model: cleaning, glossary, parts, readings."""
