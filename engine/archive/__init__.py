"""Many transcripts at once: listed, shared out over processes or machines, counted."""
