"""Document -> the enhanced text: paragraphs with one blank line between them, nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from engine.records import Document
from engine.text.prose import join, label, speaker_of


def text(document: Document, *, names: Mapping[str, str] | None = None) -> str:
    """Return the document as plain text; "" for silence.

    Lines end with LF, the last one too, and a paragraph is one line. If the transcript has
    speakers, every paragraph begins with `LABEL: `; a missing label is `UNKNOWN`.
    """
    paragraphs = []
    for paragraph in document.paragraphs:
        if not paragraph:
            continue
        opening = f"{label(speaker_of(paragraph), names or {})}: " if document.has_speakers else ""
        paragraphs.append(opening + join(paragraph))
    return "\n\n".join(paragraphs) + "\n" if paragraphs else ""
