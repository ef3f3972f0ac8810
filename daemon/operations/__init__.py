"""What can be asked of a home and done to it: records in, records out, no terminal.

Every face (the terminal today) stands on this room. It imports neither click nor rich, prints
nothing, and raises the errors of `daemon.errors` and `daemon.operations.errors`, each with a hint.
"""
