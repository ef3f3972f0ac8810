"""What happened is gathered and told by hooks, never in the way of the work."""
