"""What a language model is asked about a part, and what would have been right: examples to learn.

The product reads a chat model as running text, at the gaps where the tagger hesitates (or at all
of them, in a language that no tagger knows). The same questions are asked here of a text whose
right readings are known: an example is that text with the ways to go on at each of those gaps.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.guided.reader import Row
from engine.records import EnhancedWord, Opinion, Part
from engine.records import Word as SourceWord
from engine.text import second_opinion
from engine.text.lattice import Choice, Lattice
from engine.text.paths import Pair, PathScores, best
from engine.text.readings import Join
from engine.tuning.words import COMMA, NO_BREAK, PERIOD, QUESTION, TURN, Word

if TYPE_CHECKING:
    from engine.child.deciding import Deciders

#: Questions of an example: a reader alone is asked at every gap, which is more than a step holds.
MOST: Final = 24
#: Ways of a question, the likeliest without the model: what is behind them is seldom right.
WAYS: Final = 6
_UNKNOWN: Final = -1
_OF_LABEL: Final = {COMMA: ",", PERIOD: ".", QUESTION: "?"}
_CLOSERS: Final = "\"'”’»)]"


@dataclass(frozen=True, slots=True)
class Question:
    """A gap with the ways to go on: tokens, and what stands for each without the model."""

    before: int  # tokens of the text before it
    ways: tuple[tuple[int, ...], ...]
    scores: tuple[float, ...]
    weight: float  # of the model's log probability beside the scores
    right: int  # index of the right way


@dataclass(frozen=True, slots=True)
class Example:
    """A text as token ids, with the questions in it."""

    ids: tuple[int, ...]
    questions: tuple[Question, ...]

    @property
    def rows(self) -> list[Row]:
        """Return all ways of all questions, as a reader scores them."""
        return [Row(one.before, way) for one in self.questions for way in one.ways]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a word should be written."""

    word: Word
    after: int  # what follows it: NO_BREAK, PARAGRAPH or TURN
    asked: bool  # False: nothing is learnt of it

    def written(self, source: SourceWord) -> EnhancedWord:
        """Return the word as it stands before the next part."""
        mark = "—" if self.word.mark == "-" else self.word.mark
        text = self.word.opening + self.word.core + mark
        return EnhancedWord(source, text, paragraph=self.after not in (NO_BREAK, TURN))


def example(
    part: Part,
    tail: Sequence[EnhancedWord],
    wanted: Sequence[Wanted],
    deciders: Deciders,
    rng: random.Random,
) -> Example:
    """Return the questions about a part whose words should be as `wanted`, as the product asks.

    `wanted` has the words of the part and the one after it, if there is one. What the lattice does
    not offer is written as the path without the model has it, and nothing is learnt of it; nor of
    a gap where the right way is not among those that are asked for. Of many questions some are
    drawn. Raises `CannotSpell`.
    """
    lattice, scores, opinion = _asked_with(deciders, part, tail)
    readings, joins = _right_readings(lattice, wanted), _right_joins(lattice, wanted)
    path = _path(lattice, scores, readings, joins)
    text, asked = second_opinion.asked(lattice, scores, tail, opinion, path)
    rights = [_pair(one.gap, readings, joins) for one in asked]
    known = [
        (one, one.pairs.index(right))
        for one, right in zip(asked, rights, strict=True)
        if right in one.pairs
    ]
    if len(known) > MOST:
        known = sorted(rng.sample(known, MOST), key=lambda pair: pair[0].gap)
    ids, ends = deciders.reader.spell_text(text)
    questions = []
    for one, right in known:
        kept = [*range(min(WAYS, len(one.pairs)))]
        if right >= WAYS:
            kept[-1] = right
        pairs = [one.pairs[n] for n in kept]
        questions.append(
            Question(
                before=ends[one.before],
                ways=tuple(deciders.reader.spell(one.ways[n]) for n in kept),
                scores=tuple(scores.pairs[one.gap][pair.join][pair.reading] for pair in pairs),
                weight=opinion.weight,
                right=kept.index(right),
            )
        )
    return Example(tuple(ids), tuple(questions))


def _asked_with(
    deciders: Deciders, part: Part, tail: Sequence[EnhancedWord]
) -> tuple[Lattice, PathScores, Opinion]:
    """Return what decides a part without the model, and how the model is heard beside it."""
    if deciders.tagger is not None and deciders.is_covered(part):
        weighed = deciders.tagger.weigh(part, tail)
        return weighed.lattice, weighed.scores, deciders.opinion
    lattice = Lattice(part, deciders.model.info, tail, labels=True)
    scores = second_opinion.without_opinion(lattice)
    return lattice, scores, second_opinion.alone(deciders.opinion)


def _path(
    lattice: Lattice, scores: PathScores, readings: Sequence[int], joins: Sequence[int]
) -> list[Choice]:
    """Return the right path; where that is not known it is the one of the scores."""
    own = best(lattice, scores)
    right = [
        Choice(
            choice.reading if reading == _UNKNOWN else reading,
            choice.join if join == _UNKNOWN else join,
        )
        for choice, reading, join in zip(own, readings, joins, strict=False)
    ]
    return right if lattice.admits(right) else own


def _pair(gap: int, readings: Sequence[int], joins: Sequence[int]) -> Pair | None:
    """Return the right pair of a gap, None where it is not known."""
    reading = readings[gap + 1] if gap + 1 < len(readings) else _UNKNOWN
    return None if _UNKNOWN in (joins[gap], reading) else Pair(joins[gap], reading)


def _right_readings(lattice: Lattice, wanted: Sequence[Wanted]) -> list[int]:
    """Return the right reading of every word, and of the one after the part."""
    out = [
        _right_reading(own, [reading.text for reading in offered])
        for own, offered in zip(wanted, lattice.readings, strict=False)
    ]
    if lattice.stops and len(wanted) > len(lattice.readings):
        out.append(_right_reading(wanted[-1], lattice.stops))
    return out


def _right_joins(lattice: Lattice, wanted: Sequence[Wanted]) -> list[int]:
    return [
        _right_join(own, [weighed.join for weighed in joins])
        for own, joins in zip(wanted, lattice.joins, strict=False)
    ]


def _right_reading(own: Wanted, readings: Sequence[str]) -> int:
    text = own.word.opening + own.word.core
    return readings.index(text) if own.asked and text in readings else _UNKNOWN


def _right_join(own: Wanted, joins: Sequence[Join]) -> int:
    """Return the join with the right mark and break; a break that nobody knows is none.

    A mark that is not offered (a dash, a semicolon) is the one that its label writes.
    """
    breaks = own.after != NO_BREAK and own.word.paragraph_known
    trails = [join.trail.strip(_CLOSERS) for join in joins]
    mark = own.word.mark if own.word.mark in trails else _OF_LABEL.get(own.word.label)
    fits = [n for n, trail in enumerate(trails) if trail == mark]
    for number in fits if own.asked else ():
        other = any(joins[n].paragraph != joins[number].paragraph for n in fits)
        if joins[number].paragraph == breaks or not other:
            return number if own.word.paragraph_known or not other else _UNKNOWN
    return _UNKNOWN
