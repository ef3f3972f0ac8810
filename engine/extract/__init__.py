"""Document -> extracts: title, description, summary, key points, tags and chapters, all quoted."""

from engine.extract.document import extract

__all__ = ["extract"]
