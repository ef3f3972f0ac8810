"""Three transcripts for the demo, as three Whisper tools write them; the words are our own."""
