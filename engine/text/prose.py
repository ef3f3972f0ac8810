"""Enhanced words become safe running text: what renderers, metadata and reports share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from engine.records import EnhancedWord

UNKNOWN = "UNKNOWN"  # how a speaker without a label is written

# Control characters, line and paragraph separators, and lone surrogates: none belongs into a
# paragraph, and the last cannot be written as UTF-8 at all.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")


def printable(text: str) -> str:
    """Return `text` on one line, white space as spaces, anything unsafe as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub("\ufffd", _SPACE.sub(" ", text))


def join(words: Iterable[EnhancedWord]) -> str:
    """Return the words as running text: a space between two, none before a glued one."""
    pieces: list[str] = []
    for enhanced in words:
        if pieces and not enhanced.word.glued:
            pieces.append(" ")
        pieces.append(enhanced.text)
    return printable("".join(pieces))


def speaker_of(paragraph: Sequence[EnhancedWord]) -> str | None:
    """Return the producer's label of a paragraph, which is of one speaker."""
    return paragraph[0].word.speaker if paragraph else None


def label(speaker: str | None, names: Mapping[str, str]) -> str:
    """Return how a speaker is written: the given name, the producer's label, or UNKNOWN."""
    key = UNKNOWN if speaker is None else speaker
    return " ".join(printable(names.get(key, key)).split()) or UNKNOWN


def start_of(words: Sequence[EnhancedWord]) -> float | None:
    """Return the first known start in `words`."""
    return next((w.word.start_s for w in words if w.word.start_s is not None), None)
