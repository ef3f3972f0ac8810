"""What other programs are told of a file, each by a process of its own."""
