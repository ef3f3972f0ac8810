"""An answer -> a path through the lattice: the guide of a model that cannot be led token by token.

The words of an answer are laid beside those that were said. Where they are the same, what the
answer writes is looked up among the options of the lattice; what is none of them, what was left
out, added or changed takes no part. Then the best path is found that keeps the rules of structure,
with the answer's options first and, everywhere else, the scores of whoever decides without it. So
the words are the lattice's whatever the answer is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from engine.records import EnhancedWord, Word
from engine.served.records import NoReading
from engine.text.lattice import Lattice
from engine.text.marks import OPENERS
from engine.text.paths import PathScores
from engine.text.readings import content

#: Of the words that were said, those that an answer must have to be one.
LEAST: Final = 0.5
#: More than any score: what the answer says goes first.
_FIRST: Final = 1_000.0
_TOKENS: Final = re.compile(r"\S+|\n[^\S\n]*\n\s*")


@dataclass(frozen=True, slots=True)
class Wish:
    """What an answer writes for a word."""

    text: str  # with its marks
    paragraph: bool | None  # whether a paragraph ends after it; None: the answer does not say


def wishes(words: Sequence[Word], answer: str) -> list[Wish | None]:
    """Return what an answer writes for each word, None where it has another; raises `NoReading`."""
    written = _tokens(answer)
    units = _units(words)
    said = [content("".join(words[n].text for n in unit)) for unit in units]
    found: list[Wish | None] = [None] * len(words)
    same = SequenceMatcher(None, said, [content(text) for text, _ in written], autojunk=False)
    for first, there, size in same.get_matching_blocks():
        for n in range(size):
            text, ends = written[there + n]
            follows = n + 1 < size or there + n + 1 == len(written)
            _lay(found, words, units[first + n], text, ends if follows else None)
    matched = sum(wish is not None for wish in found)
    if matched < LEAST * len(words):
        raise NoReading("its words are others")
    return found


def _tokens(answer: str) -> list[tuple[str, bool]]:
    """Return the words of an answer, and whether a paragraph ends after each."""
    out: list[tuple[str, bool]] = []
    for match in _TOKENS.finditer(answer):
        if not match.group().isspace():
            out.append((match.group(), False))
        elif out:
            out[-1] = (out[-1][0], True)
    return out


def _units(words: Sequence[Word]) -> list[list[int]]:
    """Return the words in runs that are written without a space between them."""
    units: list[list[int]] = []
    for n, word in enumerate(words):
        if units and word.glued and word.speaker == words[n - 1].speaker:
            units[-1].append(n)
        else:
            units.append([n])
    return units


def _lay(
    found: list[Wish | None],
    words: Sequence[Word],
    unit: Sequence[int],
    text: str,
    ends: bool | None,
) -> None:
    """Give each word of a run its share of what is written for the run."""
    pieces = list(_cut(text, [content(words[n].text) for n in unit]))
    if len(pieces) != len(unit):
        return
    for place, (n, piece) in enumerate(zip(unit, pieces, strict=True)):
        found[n] = Wish(piece, ends if place + 1 == len(unit) else False)


def _cut(text: str, contents: Sequence[str]) -> Iterator[str]:
    """Cut a written run where the content of each word ends; marks go with the word before."""
    start = 0
    for place, wanted in enumerate(contents):
        end = start
        while end < len(text) and content(text[start:end]) != wanted:
            end += 1
        if content(text[start:end]) != wanted:
            return
        while end < len(text) and not content(text[end]) and text[end] not in OPENERS:
            end += 1
        if place + 1 == len(contents):
            end = len(text)
        yield text[start:end]
        start = end


def toward(lattice: Lattice, scores: PathScores, wished: Sequence[Wish | None]) -> PathScores:
    """Return scores in which the options that an answer takes come first."""
    options = [
        (frozenset[int](), frozenset[int]()) if wish is None else _options(lattice, n, wish)
        for n, wish in enumerate(wished)
    ]
    first = [
        score + (_FIRST if options and m in options[0][0] else 0.0)
        for m, score in enumerate(scores.first)
    ]
    pairs = []
    for n, table in enumerate(scores.pairs):
        joins = options[n][1]
        readings = options[n + 1][0] if n + 1 < len(options) else frozenset()
        pairs.append(
            [
                [
                    score + (_FIRST if j in joins else 0.0) + (_FIRST if m in readings else 0.0)
                    for m, score in enumerate(row)
                ]
                for j, row in enumerate(table)
            ]
        )
    return PathScores(first, pairs)


def _options(lattice: Lattice, n: int, wish: Wish) -> tuple[frozenset[int], frozenset[int]]:
    """Return the readings and joins of a word that write what the answer writes."""
    readings: set[int] = set()
    joins: set[int] = set()
    plain = len(lattice.plain[n])  # behind them stand the same with the mark that opens a question
    for m, reading in enumerate(lattice.readings[n]):
        if not wish.text.startswith(reading.text):
            continue
        trail = wish.text[len(reading.text) :]
        those = {j for j, weighed in enumerate(lattice.joins[n]) if weighed.join.trail == trail}
        if those or not content(trail):
            readings.add(m % plain)
        joins |= those
    if wish.paragraph is not None:
        agreed = {j for j in joins if lattice.joins[n][j].join.paragraph == wish.paragraph}
        joins = agreed or joins
    return frozenset(readings), frozenset(joins)


def taken(words: Sequence[EnhancedWord], wished: Sequence[Wish | None]) -> int:
    """Return how many words are written as the answer has them."""
    return sum(
        wish is not None and word.text == wish.text
        for word, wish in zip(words, wished, strict=True)
    )
