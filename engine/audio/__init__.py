"""From a recording to sound that every tool can read, and on to the words."""
