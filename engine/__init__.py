"""Transcript -> enhanced text and metadata; this room has no database, threads or daemon."""
