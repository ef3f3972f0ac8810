"""What a model wrote about a transcript, held against it: nothing passes that was not said."""
