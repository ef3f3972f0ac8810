"""Threads, signals, clock, terminal; this room alone joins the other three."""
