"""Which code page the words of a text are in, where two give letters of its language.

Polish "już" of one page has another letter in the next, and often one that is Polish, too. What
decides are the common words of the language: a word that is one in one page and none in the other.
The words of a file in one page agree. Where some speak for another page, a part of the file is in
that page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import regex  # type: ignore[import-untyped]

from engine.models.common_words import has_list, is_common
from engine.reading import alphabets

_WORD = regex.compile(r"[\p{L}\p{M}]+")
SHORTEST = 2  # letters of a word that decides
LEAST = 2  # different words for one page and none for the other
RUN = 3  # words one after another for the other page
SHARE = 0.03  # of the words that decide; by chance, fewer do

_NONE = "\0"  # stands for what is no letter of the language in the other page


class PageText(NamedTuple):
    """What the bytes of a file are in one code page."""

    page: str
    text: str
    language: str


def better(texts: Sequence[PageText]) -> list[PageText]:
    """Return the one of several texts that the common words speak for, none where none is."""
    for one in texts:
        words = _words(one.text)
        votes = [
            _votes(one.language, words, _table(one.language, words, one.page, other.page))
            for other in texts
            if other.page != one.page
        ]
        if all(len(found) >= LEAST and all(found.values()) for found in votes):
            return [one]
    return []


def page_of_a_part(language: str, name: str, text: str, pages: Sequence[str]) -> str | None:
    """Return the page that a part of a text seems to be in; None where all of it is in its own."""
    if not has_list(language):
        return None
    words = _words(text)
    unknown = {word for word in words if not is_common(language, word)}
    for other in pages:
        table = _table(language, words, name, other)
        if not _votes(language, unknown, table):
            continue
        decided = _votes(language, set(words), table)
        votes = [decided[word] for word in words if word in decided]
        longest = max((len([*run]) for own, run in groupby(votes) if not own), default=0)
        if longest >= RUN or votes.count(False) > SHARE * len(votes):
            return other
    return None


def _words(text: str) -> list[str]:
    return [w for w in _WORD.findall(text) if len(w) >= SHORTEST and not w.isascii()]


def _table(language: str, words: Iterable[str], name: str, other: str) -> dict[int, str]:
    """Return what each letter beyond ASCII is in another page."""
    return {
        ord(char): _letter(language, char, name, other)
        for char in set("".join(words))
        if not char.isascii()
    }


def _letter(language: str, char: str, name: str, other: str) -> str:
    try:
        read = char.encode(name).decode(other)
    except UnicodeError:
        return _NONE
    return read if read.isalpha() and not alphabets.wrong_letters(language, [read])[0] else _NONE


def _votes(language: str, words: Iterable[str], table: Mapping[int, str]) -> dict[str, bool]:
    """Return the words that are common in one of two pages alone, and whether it is the first."""
    found: dict[str, bool] = {}
    for word in words:
        read = word.translate(table)
        if word in found or read == word or _NONE in read:
            continue
        here, there = bool(is_common(language, word)), bool(is_common(language, read))
        if here != there and not alphabets.wrong_letters(language, [read])[0]:
            found[word] = here
    return found
