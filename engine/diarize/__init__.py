"""Who speaks when: turns found in the sound, kept beside the source, and given to its words."""
