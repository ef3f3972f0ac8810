"""Conversations with a local model: messages, tools, checks, the turn that joins them."""
