"""Text -> the tokens that are searched for: letters and digits without case and diacritics.

Both sides of a search go through here, what is indexed and what is asked. In scripts without
spaces each character is a token, so that a word of two characters can be found as a phrase.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import regex  # type: ignore[import-untyped]

from engine.text import words

#: Changes with everything that changes the tokens of a text: an index of another number is rebuilt.
VERSION: Final = 1

_TOKEN = regex.compile(r"[\p{L}\p{N}\p{M}]+")
_DIACRITIC = regex.compile(r"[\u0300-\u036f]+")  # of Latin, Greek and Cyrillic letters


def fold(text: str) -> str:
    """Return text without case and diacritics: "Ängste" as "angste", "Ελλάδα" as "ελλαδα"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _DIACRITIC.sub("", apart))


def tokens(text: str) -> list[str]:
    """Return the tokens of a text, in order."""
    if text.isascii():
        found: list[str] = _TOKEN.findall(text.lower())
        return found
    return [token for word in words.split_words(text) for token in _TOKEN.findall(fold(word.text))]
