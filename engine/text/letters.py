"""What the letters of a word are, in one place: letters, digits and the marks on them.

A vowel sign of Hindi or Bengali is a mark (Mn, Mc) and belongs to its word like a letter. Python's
`\\w` leaves marks out, and so cuts such a word in two, or takes its last vowel off. Nothing that
works on words uses it; they ask here.

Two spellings of one word are compared without case, in normal form C: "é" may be one character or
two, and a file that comes from macOS often has two.
"""

from __future__ import annotations

import unicodedata

import regex  # type: ignore[import-untyped]

LETTER = r"[\p{L}\p{M}\p{N}]"
#: A word inside a text: letters, with apostrophes and joiners between them.
WORD = regex.compile(rf"{LETTER}+(?:['’\u200c\u200d]+{LETTER}+)*")

_NO_LETTERS = "".join(chr(code) for code in range(128) if not chr(code).isalnum())
_EDGES = regex.compile(rf"\A[^{LETTER[1:-1]}]+|[^{LETTER[1:-1]}]+\Z")
# Beside the marks of its own, a caller takes these off: those of every other script, and what is
# not seen (direction marks, joiners without a letter to join).
_FOREIGN_MARKS = regex.compile(
    r"\A[\p{P}\p{Cf}--[\x00-\x7f]]+|[\p{P}\p{Cf}--[\x00-\x7f]]+\Z", regex.V1
)


def is_letter(char: str) -> bool:
    """Return whether a character belongs to a word: a letter, a digit, or a mark on one."""
    return char.isalnum() or unicodedata.category(char)[0] == "M" if char else False


def core(text: str) -> str:
    """Return a written word from its first letter to its last."""
    return text.strip(_NO_LETTERS) if text.isascii() else str(_EDGES.sub("", text))


def without_marks(text: str, own: str) -> str:
    """Return a written word without the marks `own` at its ends, and those of any other script."""
    before = None
    while before != text:
        before = text
        text = text.strip(own)
        if not text.isascii():
            text = str(_FOREIGN_MARKS.sub("", text))
    return text


def folded(text: str) -> str:
    """Return a text for comparison: normal form C, without case."""
    if text.isascii():
        return text.lower()
    # The capital I with a dot is folded to two characters; Turkish words in lower case have one.
    text = unicodedata.normalize("NFC", text).casefold().replace("i\u0307", "i")
    return unicodedata.normalize("NFC", text)


def composed(text: str) -> str:
    """Return a text in normal form C, as titles and tags are written."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
