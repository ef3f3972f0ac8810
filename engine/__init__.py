"""A transcript goes in, enhanced text and metadata come out; no database, no threads, no daemon."""
