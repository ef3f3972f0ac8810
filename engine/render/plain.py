"""Document -> the enhanced text: paragraphs parted by one blank line, nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from engine.records import Document
from engine.text.prose import join, label, speaker_of


def text(document: Document, *, names: Mapping[str, str] | None = None) -> str:
    """Return the document as plain text; "" for silence.

    LF, one final newline, no newline inside a paragraph. Where the transcript has speakers, every
    paragraph opens with `LABEL: `, and a speaker that the producer left out is `UNKNOWN`.
    """
    paragraphs = []
    for paragraph in document.paragraphs:
        if not paragraph:
            continue
        opening = f"{label(speaker_of(paragraph), names or {})}: " if document.has_speakers else ""
        paragraphs.append(opening + join(paragraph))
    return "\n\n".join(paragraphs) + "\n" if paragraphs else ""
