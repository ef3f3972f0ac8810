"""Which code page the words of a text are in, where two give letters of its language.

Polish "już" of one page has another letter in the next, and often one that is Polish, too. What
decides are the common words of the language: a word that is one in one page and none in the other.
The words of a file in one page agree. Where some speak for another page, a part of the file is in
that page. A text without common words is none, whatever the identifier makes of its letters.
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
# Of the words of a text: two in three are common in Russian, none or one in five of another text.
LEAST_COMMON = {"ru": 0.25, "uk": 0.25, "be": 0.05}
LEAST_COMMON_ELSE = 0.15  # where few common words are known
HALF = 12  # words in a half of a text that is looked at alone

# Where no list has them; many more are written as in Russian or Ukrainian.
_SHORT_WORDS = {
    "el": "και το τη της την του τον των τα τους τις που με για από σε στο στη στην στον στα "
    "στις στους να θα δεν μη μην είναι ήταν έχει έχω ένα ένας μια μία αυτό αυτή αυτός "
    "αυτά τι πως πώς αν όταν αλλά ή πολύ μου σου μας σας εγώ εσύ εμείς ας κι ότι ως πριν "
    "μετά εδώ εκεί όλα όλοι γιατί ακόμα πάνω οι τώρα ήδη μόνο χωρίς μέχρι κάτι τότε ναι "
    "όχι",
    "be": "не на што як да гэта ён мы вы яны але ці так за па для са ад ужо калі яго яе мне было "
    "быў быць толькі яшчэ вельмі таксама там тут ёсць дзе каб",
    "mk": "на да не во се од за со што ќе го ги ја ни ти тоа ова таа овој беше сум сме има нема "
    "многу само уште како кога каде но или ако сега дека",
    "sr": "да је на се не су за од са као што то смо ће би али или ако сам си ми ти он она они ово "
    "тако само још како када где има нема било био врло већ сада",
}
_KNOWN = {language: frozenset(words.split()) for language, words in _SHORT_WORDS.items()}
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


def is_written(language: str, words: Sequence[str]) -> bool:
    """Return whether a text in Cyrillic or Greek has common words of its language, in both halves.

    The letters of any other alphabet are such ones in some page, and often common ones. Words
    they are not. Other alphabets are not looked at here.
    """
    if language not in (*alphabets.CYRILLIC, "el"):
        return True
    found = [_is_known(language, w) for w in words if len(w) >= SHORTEST and not w.isascii()]
    half = len(found) // 2
    parts = (found[:half], found[half:]) if half >= HALF else (found,)
    least = LEAST_COMMON.get(language, LEAST_COMMON_ELSE)
    return all(part and sum(part) >= least * len(part) for part in parts)


def are_common(language: str, words: Sequence[str]) -> bool:
    """Return whether most words beyond ASCII are common in a language that has a list of them."""
    found = [is_common(language, w) for w in words if len(w) >= SHORTEST and not w.isascii()]
    return has_list(language) and 2 * sum(map(bool, found)) > len(found)


def _is_known(language: str, word: str) -> bool:
    if alphabets.wrong_letters(language, [word])[0]:
        return False
    if language in ("ru", "uk"):
        return bool(is_common(language, word))
    known = word.casefold() in _KNOWN.get(language, ())
    if language == "el":
        return known
    return known or any(is_common(near, word) for near in (language, "ru", "uk"))


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
