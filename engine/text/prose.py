"""Enhanced words -> running text: what renderers and metadata share.

`printable` makes text fit for a file. A terminal obeys more characters: `terminal.safe` is for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from engine.records import EnhancedWord

DASH = "—"
UNKNOWN = "UNKNOWN"  # written for a speaker without a label

# Control characters, line and paragraph separators, and lone surrogates: none belongs in a
# paragraph, and lone surrogates cannot be written as UTF-8 at all.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")


def printable(text: str) -> str:
    """Return `text` on one line: white space as spaces, control characters as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub("\ufffd", _SPACE.sub(" ", text))


def join(words: Iterable[EnhancedWord]) -> str:
    """Return the words as running text, with a space before each that is not glued."""
    pieces: list[str] = []
    for enhanced in words:
        if pieces and not enhanced.word.glued:
            pieces.append(" ")
        pieces.append(written(enhanced))
    return printable("".join(pieces))


def written(enhanced: EnhancedWord) -> str:
    """Return a word as a reader sees it: a dash that a model set has a space before it."""
    text = enhanced.text
    if text.endswith(DASH) and len(text) > 1 and DASH not in enhanced.word.text:
        return f"{text[:-1]} {DASH}"
    return text


def speaker_of(paragraph: Sequence[EnhancedWord]) -> str | None:
    """Return the producer's label of the one speaker of a paragraph."""
    return paragraph[0].word.speaker if paragraph else None


def label(speaker: str | None, names: Mapping[str, str]) -> str:
    """Return a speaker's name, else the producer's label, else UNKNOWN."""
    key = UNKNOWN if speaker is None else speaker
    return " ".join(printable(names.get(key, key)).split()) or UNKNOWN


def start_of(words: Sequence[EnhancedWord]) -> float | None:
    """Return the first known start in `words`."""
    return next((w.word.start_s for w in words if w.word.start_s is not None), None)
