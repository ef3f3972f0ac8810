"""Scores of everything that a path may take -> the best path through a lattice.

What a join asks of the next reading is the only thing that a score binds, so each gap is scored
with the reading after it, and the sum of the best pairs is the best path. Where that path breaks a
rule of structure, which may bind several words, the best one is found among those that keep them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.text.lattice import Choice, Lattice
from engine.text.structure import Place


class Pair(NamedTuple):
    """A join after a word and the reading of the word that follows."""

    join: int
    reading: int


@dataclass(frozen=True, slots=True)
class PathScores:
    """The scores of all that a path through a lattice may take."""

    first: Sequence[float]  # of the readings of the first word
    # Of the gap after every word: by join, by reading of the next word. Behind the last word of a
    # part that is the word after the part; where nothing follows there is one column.
    pairs: Sequence[Sequence[Sequence[float]]]


def best(lattice: Lattice, scores: PathScores) -> list[Choice]:
    """Return the admitted path with the highest sum; of equal ones the one nearest to the source.

    The last gap is decided with the word after the part, as if the part went on.
    """
    path = best_pairs(scores)
    return path if lattice.admits(path) else _best_admitted(lattice, scores)


def best_pairs(scores: PathScores) -> list[Choice]:
    """Return the path with the highest sum, whether the rules of structure admit it or not."""
    reading = max(range(len(scores.first)), key=lambda m: (scores.first[m], -m))
    path: list[Choice] = []
    for table in scores.pairs:
        pair = max(every(table), key=lambda pair: table[pair.join][pair.reading])
        path.append(Choice(reading, pair.join))
        reading = pair.reading
    return path


def every(table: Sequence[Sequence[float]]) -> Iterator[Pair]:
    """Yield the pairs of a gap, those nearest to the source first."""
    for join, row in enumerate(table):
        for reading in range(len(row)):
            yield Pair(join, reading)


class _Reached(NamedTuple):
    """The best way to a place before a word."""

    score: float
    before: _Reached | None
    join: int  # after the word before; -1 for the first word
    reading: int  # of this word


def _best_admitted(lattice: Lattice, scores: PathScores) -> list[Choice]:
    structure = lattice.structure
    reached: dict[Place, _Reached] = {}
    for m, score in enumerate(scores.first):
        if structure.admits_reading(structure.start, 0, m):
            _keep(reached, structure.start, _Reached(score, None, -1, m))
    for n, table in enumerate(scores.pairs):
        beyond: dict[Place, _Reached] = {}
        last = n + 1 == len(scores.pairs)
        ends = last and (not lattice.stops or len(table[0]) == 1)
        for place, way in reached.items():
            for join, row in enumerate(table):
                if not structure.admits_join(place, n, join):
                    continue
                there = structure.after(place, n, join)
                for m, score in enumerate(row):
                    if ends or structure.admits_reading(there, n + 1, m):
                        _keep(beyond, there, _Reached(way.score + score, way, join, m))
        reached = beyond
    found = max(reached.values(), key=lambda one: one.score)
    path: list[Choice] = []
    while found.before is not None:
        path.append(Choice(found.before.reading, found.join))
        found = found.before
    return path[::-1]


def _keep(reached: dict[Place, _Reached], place: Place, way: _Reached) -> None:
    """Keep the better of two ways to a place; of equal ones the first."""
    known = reached.get(place)
    if known is None or way.score > known.score:
        reached[place] = way
