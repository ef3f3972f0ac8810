"""A model that a server answers for: asked over HTTP, and every answer walked as any other."""
