"""Run an encoder that labels every word of a part at once; everything here runs in the child."""
