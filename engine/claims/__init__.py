"""A sentence that a model wrote, held against what was said; nothing of it is taken on trust."""
