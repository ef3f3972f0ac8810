"""What the user types -> what is searched for, and which words of a passage answer it.

Words in quotation marks are searched as a phrase; nothing else has a special meaning, so no input
is a mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import regex  # type: ignore[import-untyped]

from engine.ask.passages import Spoken
from engine.ask.tokens import tokens
from engine.text import words

MOST_TERMS: Final = 32  # a pasted page is searched by its first words
SHORTEST_STEM: Final = 4  # letters that a beginning keeps
_ENDING: Final = 2  # letters that a longer word loses for its beginning: "promised" -> "promis"

_QUOTED = regex.compile(r"[\"“„«「『]([^\"“”„«»「」『』]*)[\"”“»」』]")


@dataclass(frozen=True, slots=True)
class Term:
    """One word that is searched for, or several that must follow each other."""

    tokens: tuple[str, ...]

    @property
    def beginning(self) -> str | None:
        """Return what other forms of the word begin with; None for a phrase or a short word."""
        word = self.tokens[0]
        if len(self.tokens) > 1 or len(word) <= SHORTEST_STEM or not word.isalpha():
            return None
        return word[: max(SHORTEST_STEM, len(word) - _ENDING)]


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for; without terms nothing can be found."""

    terms: tuple[Term, ...]  # each once, in the order in which they were typed


def parse(text: str) -> Query:
    """Return what a text asks for; any text is allowed."""
    found: list[Term] = []
    at = 0
    for quoted in _QUOTED.finditer(text):
        found += _words(text[at : quoted.start()])
        if phrase := tuple(tokens(quoted[1])):
            found.append(Term(phrase))
        at = quoted.end()
    found += _words(text[at:])
    return Query(tuple(dict.fromkeys(found))[:MOST_TERMS])


def _words(text: str) -> list[Term]:
    """Return a term for every word; glued characters of scripts without spaces are one phrase."""
    found: list[list[str]] = []
    for word in words.split_words(text):
        parts = tokens(word.text)
        if word.glued and found:
            found[-1] += parts
        else:
            found.append(parts)
    return [Term(tuple(parts)) for parts in found if parts]


def matches(query: Query, spoken: Sequence[Spoken]) -> list[frozenset[int]]:
    """Return for each term which words answer it: places in `spoken`.

    Where a word stands as it was asked for, its other forms are not counted.
    """
    places: list[int] = []
    heard: list[str] = []
    for place, word in enumerate(spoken):
        for token in tokens(word.text):
            heard.append(token)
            places.append(place)
    return [frozenset(map(places.__getitem__, _heard_at(term, heard))) for term in query.terms]


def _heard_at(term: Term, heard: Sequence[str]) -> list[int]:
    """Return where the tokens of a term are heard, or those of its other forms."""
    size = len(term.tokens)
    first = term.tokens[0]
    exact = [
        at
        for at, token in enumerate(heard)
        if token == first and tuple(heard[at : at + size]) == term.tokens
    ]
    if exact:
        return [at + step for at in exact for step in range(size)]
    begun = term.beginning
    if begun is None:
        return []
    return [at for at, token in enumerate(heard) if token.startswith(begun)]
