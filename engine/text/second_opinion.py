"""A second opinion on a path: where scores are close, a reader of the text is asked as well.

At every gap that hesitates, each option that comes near (a join with the reading of the next word)
is written out together with the next words and read after the text so far; so is the first word of
a part that follows another. What the reader finds likely is added to the scores, by a weight. The
choices are those of the lattice, as ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.records import EnhancedWord, Layout, Opinion
from engine.text.lattice import Choice, Lattice
from engine.text.paths import Pair, PathScores, best, every
from engine.text.structure import Place

#: Gaps that are asked for in one pass; the first one that changes makes the rest be asked again.
GROUP: Final = 4
#: An option further behind the best one than the margin and this is not asked for.
REACH: Final = 3.0
#: Options of a gap that are asked for.
MOST: Final = 12
#: Added to what the source wrote, in punctuated text, where a reader decides alone.
OWN: Final = 3.0

#: The place of the first word among those of the gaps.
_OPENING: Final = -1

#: Scores ways to go on after a text: pieces, and for some places in it the ways from there.
Read = Callable[
    [Sequence[bytes], Sequence[tuple[int, Sequence[Sequence[bytes]]]]], list[list[float]]
]


@dataclass(frozen=True, slots=True)
class Asked:
    """A gap that hesitates, as a reader is asked for it."""

    gap: int
    before: int  # pieces of the text before it
    pairs: list[Pair]
    ways: list[list[bytes]]  # a way to go on for each pair, in pieces


@dataclass(frozen=True, slots=True)
class Consulted:
    """A path after the second opinion."""

    path: list[Choice]
    asked: int  # gaps, and the first word
    changed: int  # of them


def consult(
    lattice: Lattice,
    scores: PathScores,
    tail: Sequence[EnhancedWord],
    opinion: Opinion,
    read: Read,
    *,
    on_progress: Callable[[int], None] | None = None,
) -> Consulted:
    """Return the best path after a second opinion; with the weight 0 it is that of the scores."""
    path = best(lattice, scores)
    if opinion.weight == 0.0 or opinion.margin <= 0.0:
        return Consulted(path, 0, 0)
    return _Consultation(lattice, scores, tail, opinion, read, path).run(on_progress)


def read_alone(
    lattice: Lattice,
    tail: Sequence[EnhancedWord],
    opinion: Opinion,
    read: Read,
    *,
    on_progress: Callable[[int], None] | None = None,
) -> Consulted:
    """Return the path that a reader chooses by itself, gap by gap."""
    scores = without_opinion(lattice)
    path = [Choice(0, 0)] * len(lattice.readings)
    path = path if lattice.admits(path) else best(lattice, scores)
    return _Consultation(lattice, scores, tail, alone(opinion), read, path).run(on_progress)


def alone(opinion: Opinion) -> Opinion:
    """Return how a reader is asked that decides by itself: at every gap, with its whole weight."""
    return Opinion(margin=math.inf, weight=1.0, lookahead=opinion.lookahead)


def asked(
    lattice: Lattice,
    scores: PathScores,
    tail: Sequence[EnhancedWord],
    opinion: Opinion,
    path: Sequence[Choice],
) -> tuple[list[bytes], list[Asked]]:
    """Return a text in pieces and what would be asked of it, if the path through it were right."""
    consultation = _Consultation(lattice, scores, tail, opinion, _unread, list(path))
    return consultation.text(len(path)), list(consultation.asked())


def without_opinion(lattice: Lattice) -> PathScores:
    """Return the scores of one who has read nothing: the biases, and the source's own choices."""
    own = OWN if lattice.marked else 0.0

    def of(readings: Sequence[float]) -> list[float]:
        return [bias + (own if m == 0 else 0.0) for m, bias in enumerate(readings)]

    words = [of([reading.bias for reading in plain]) for plain in lattice.plain]
    stops = of([0.0] * len(lattice.stops)) or [0.0]
    return PathScores(
        words[0] if words else [],
        [
            [
                [weighed.bias + (own if j == 0 else 0.0) + case for case in following]
                for j, weighed in enumerate(joins)
            ]
            for joins, following in zip(lattice.joins, [*words[1:], stops], strict=True)
        ],
    )


def _unread(*_: object) -> list[list[float]]:
    raise AssertionError("nothing is read where it is only asked what would be")


@dataclass(frozen=True, slots=True)
class _Question:
    """A gap that hesitates: the pair that stands, first, and those that come near."""

    gap: int
    pairs: list[Pair]


class _Consultation:
    def __init__(
        self,
        lattice: Lattice,
        scores: PathScores,
        tail: Sequence[EnhancedWord],
        opinion: Opinion,
        read: Read,
        path: list[Choice],
    ) -> None:
        self._lattice = lattice
        self._scores = scores
        self._opinion = opinion
        self._read = read
        self._path = path
        self._tail = [_piece(tail, n) for n in range(len(tail))]
        self._glue = _between(tail[-1], lattice.part.words[0].speaker) if tail else ""
        if tail and self._glue == " " and lattice.part.words[0].glued:
            self._glue = ""
        self._places = self._walk()

    def run(self, on_progress: Callable[[int], None] | None) -> Consulted:
        """Ask gap after gap, several in a pass as long as nothing changes."""
        asked: set[int] = set()
        changed = at = 0
        if opening := self._opening():
            asked.add(_OPENING)
            changed += self._open(opening)
        while questions := self._questions(at):
            at = questions[-1].gap + 1
            answers = self._ask(questions)
            for question, read in zip(questions, answers, strict=True):
                asked.add(question.gap)
                pair = self._decide(question, read)
                if pair != question.pairs[0]:
                    self._take(question.gap, pair)
                    changed += 1
                    at = question.gap + 1
                    break
            if on_progress is not None:
                on_progress(at)
        return Consulted(self._path, len(asked), changed)

    def _opening(self) -> list[int]:
        """Return the readings of the first word to be asked for, the one that stands first.

        What stands before it was decided with the part before; without one nothing is read.
        """
        if not self._tail or not self._path:
            return []
        structure, scores = self._lattice.structure, self._scores.first
        stands = self._path[0].reading
        margin = self._opinion.margin
        near = [
            reading
            for reading in range(len(scores))
            if reading != stands
            and scores[reading] > scores[stands] - margin - REACH
            and structure.admits_reading(structure.start, 0, reading)
        ]
        near.sort(key=lambda reading: -scores[reading])
        if not near or scores[near[0]] <= scores[stands] - margin:
            return []
        return [stands, *near[: MOST - 1]]

    def _open(self, readings: Sequence[int]) -> bool:
        """Ask for the first word and take what has the highest sum; return whether it changed."""
        words = min(self._opinion.lookahead, len(self._path))
        rest = [self._written(n).encode() for n in range(1, words)]
        texts = [self._lattice.readings[0][reading].text for reading in readings]
        ways = [[(self._glue + text).encode(), *rest] for text in texts]
        text = [piece.encode() for piece in self._tail]
        (read,) = self._read(text, [(len(text), ways)])
        sums = [
            self._scores.first[reading] + self._opinion.weight * (score - read[0])
            for reading, score in zip(readings, read, strict=True)
        ]
        chosen = readings[max(range(len(sums)), key=lambda n: (sums[n], -n))]
        self._path[0] = self._path[0]._replace(reading=chosen)
        return chosen != readings[0]

    def _walk(self) -> list[Place]:
        """Return the place of the path before every word."""
        structure = self._lattice.structure
        places = [structure.start]
        for n, choice in enumerate(self._path):
            places.append(structure.after(places[-1], n, choice.join))
        return places

    def _questions(self, at: int) -> list[_Question]:
        """Return the next gaps from `at` on that hesitate, a group of them at most."""
        found: list[_Question] = []
        for gap in range(at, self._readable):
            if len(found) == GROUP:
                break
            pairs = self._near(gap, self._standing(gap))
            if len(pairs) > 1:
                found.append(_Question(gap, pairs))
        return found

    def asked(self) -> Iterator[Asked]:
        """Yield every gap that hesitates whatever stands there, as it is asked for."""
        for gap in range(self._readable):
            table = self._scores.pairs[gap]
            admitted = [pair for pair in every(table) if self._is_admitted(gap, pair)]
            if not admitted:
                continue
            pairs = self._near(gap, max(admitted, key=lambda pair: table[pair.join][pair.reading]))
            if len(pairs) > 1:
                ways = [self._way(gap, pair) for pair in pairs]
                yield Asked(gap, len(self._tail) + gap + 1, pairs, ways)

    @property
    def _readable(self) -> int:
        """Return how many gaps can be read: behind the last word, only if something follows."""
        return len(self._path) - (0 if self._lattice.stops else 1)

    def _near(self, gap: int, stands: Pair) -> list[Pair]:
        """Return the pair that stands at a gap and, if any comes near, those to be asked for."""
        table = self._scores.pairs[gap]
        score = table[stands.join][stands.reading]
        margin = self._opinion.margin
        near = [
            pair
            for pair in every(table)
            if pair != stands
            and table[pair.join][pair.reading] > score - margin - REACH
            and self._is_admitted(gap, pair)
        ]
        near.sort(key=lambda pair: -table[pair.join][pair.reading])
        if not near or table[near[0].join][near[0].reading] <= score - margin:
            return [stands]
        return [stands, *near[: MOST - 1]]

    def _standing(self, gap: int) -> Pair:
        join = self._path[gap].join
        if gap + 1 < len(self._path):
            return Pair(join, self._path[gap + 1].reading)
        row = self._scores.pairs[gap][join]
        readings = [m for m in range(len(row)) if self._stop_is_admitted(gap, join, m)]
        return Pair(join, max(readings or [0], key=lambda m: (row[m], -m)))

    def _stop_is_admitted(self, gap: int, join: int, reading: int) -> bool:
        structure = self._lattice.structure
        place = structure.after(self._places[gap], gap, join)
        return structure.admits_reading(place, gap + 1, reading)

    def _is_admitted(self, gap: int, pair: Pair) -> bool:
        """Return whether the path keeps the rules with another pair at a gap."""
        structure = self._lattice.structure
        if not structure.admits_join(self._places[gap], gap, pair.join):
            return False
        place = structure.after(self._places[gap], gap, pair.join)
        reading = pair.reading
        for n in range(gap + 1, len(self._path)):
            if not structure.admits_reading(place, n, reading):
                return False
            if n > gap + 1 and place == self._places[n]:
                return True
            join = self._path[n].join
            if not structure.admits_join(place, n, join):
                return False
            place = structure.after(place, n, join)
            if n + 1 < len(self._path):
                reading = self._path[n + 1].reading
        if gap + 1 == len(self._path):
            return structure.admits_reading(place, gap + 1, reading)
        return True

    def _take(self, gap: int, pair: Pair) -> None:
        self._path[gap] = self._path[gap]._replace(join=pair.join)
        if gap + 1 < len(self._path):
            self._path[gap + 1] = self._path[gap + 1]._replace(reading=pair.reading)
        self._places = self._walk()

    def _decide(self, question: _Question, read: Sequence[float]) -> Pair:
        """Return the pair with the highest sum; of equal ones the one that stands."""
        table = self._scores.pairs[question.gap]
        sums = [
            table[pair.join][pair.reading] + self._opinion.weight * (score - read[0])
            for pair, score in zip(question.pairs, read, strict=True)
        ]
        return question.pairs[max(range(len(sums)), key=lambda n: (sums[n], -n))]

    # What is read

    def _ask(self, questions: Sequence[_Question]) -> list[list[float]]:
        ways = [
            (
                len(self._tail) + question.gap + 1,
                [self._way(question.gap, pair) for pair in question.pairs],
            )
            for question in questions
        ]
        return self._read(self.text(questions[-1].gap + 1), ways)

    def text(self, until: int) -> list[bytes]:
        """Return what is read before word `until`, in pieces."""
        pieces = [*self._tail, *(self._written(n) for n in range(until))]
        return [piece.encode() for piece in pieces]

    def _written(self, n: int) -> str:
        """Return word n as the path writes it, with what stands before it."""
        before = self._glue if n == 0 else self._join(n - 1, self._path[n - 1].join)
        return before + self._lattice.readings[n][self._path[n].reading].text

    def _way(self, gap: int, pair: Pair) -> list[bytes]:
        """Return the pieces of a way to go on: the pair, and the next words as they stand."""
        words, after = len(self._path), self._lattice.part.after
        readings = (
            self._lattice.stops
            if gap + 1 == words
            else [reading.text for reading in self._lattice.readings[gap + 1]]
        )
        pieces = [self._join(gap, pair.join) + readings[pair.reading]]
        for n in range(gap + 2, min(gap + 1 + self._opinion.lookahead, words + len(after))):
            if n < words:
                pieces.append(self._written(n))
            elif n == words:
                pieces.append(self._join(n - 1, self._path[n - 1].join) + after[0].text)
            else:
                word = after[n - words]
                pieces.append(("" if word.glued else " ") + word.text)
        return [piece.encode() for piece in pieces]

    def _join(self, n: int, join: int) -> str:
        found = self._lattice.joins[n][join].join
        return found.trail + found.gap


def _piece(tail: Sequence[EnhancedWord], n: int) -> str:
    """Return a word of the tail with what stands before it."""
    word = tail[n]
    if n == 0:
        return word.text
    before = _between(tail[n - 1], word.word.speaker)
    return ("" if before == " " and word.word.glued else before) + word.text


def _between(word: EnhancedWord, speaker: str | None) -> str:
    breaks = word.paragraph or word.word.speaker != speaker
    return Layout().paragraph if breaks else " "
