"""Document and metadata -> Markdown: YAML front matter, chapters as headings, the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import regex  # type: ignore[import-untyped]

from engine.records import Document, FrontMatter, Metadata
from engine.render import notes
from engine.render.clock import clock
from engine.text.letters import LETTER
from engine.text.prose import join, label, speaker_of

# Characters with a meaning inside a line, and those with one at its beginning.
_INLINE = regex.compile(rf"([\\`*\[\]<~|]|(?<!{LETTER})_|_(?!{LETTER})|&(?=#?[0-9A-Za-z]+;))")
_LINE_START = re.compile(r"^(?:([#>+=-])|(\d{1,9})([.)])(?=\s|$))")


def markdown(
    document: Document,
    metadata: Metadata,
    *,
    names: Mapping[str, str] | None = None,
    front_matter: FrontMatter = "yaml",
) -> str:
    """Return the document as Markdown that shows exactly its words, whatever they are."""
    parts = [front for front in [notes.front_matter(metadata, front_matter)] if front]
    if metadata["title"]:
        parts.append(f"# {escape(metadata['title'])}")
    chapters = {chapter["paragraph"]: chapter for chapter in metadata["chapters"] or ()}
    for number, paragraph in enumerate(document.paragraphs):
        if number in chapters:
            parts.append(_heading(chapters[number]))
        opening = ""
        if document.has_speakers:
            opening = f"**{escape(label(speaker_of(paragraph), names or {}))}:** "
        text = join(paragraph)
        parts.append(opening + (escape(text) if not opening else _inline(text)))
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Return text that Markdown shows unchanged, also at the beginning of a line."""
    return _LINE_START.sub(
        lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", _inline(text), count=1
    )


def _inline(text: str) -> str:
    return str(_INLINE.sub(r"\\\1", text))


def _heading(chapter: Mapping[str, Any]) -> str:
    time = "" if chapter["start_s"] is None else f" ({clock(chapter['start_s'])})"
    return f"## {escape(chapter['title'])}{time}"
