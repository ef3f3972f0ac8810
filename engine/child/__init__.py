"""The model child: its process, the protocol between it and its parent, what can be asked."""
