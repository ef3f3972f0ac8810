"""The model child: the process, the protocol to it and what can be asked of it."""
