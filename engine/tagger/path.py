"""Scores of labels -> the best path through a lattice: the only writing that a tagger does.

The model says of every word how likely each mark, each case and a paragraph break are. The lattice
says what may be written. The best path takes a reading of every word and a join after it such that
the sum of scores and biases is the highest. What a join asks of the next reading is the only thing
that binds two choices, so each gap is decided with the reading after it, and the sum of these best
pairs is the best path.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from engine.text.lattice import Choice, Lattice, Reading, WeighedJoin

#: Labels in the order of the model's outputs.
MARKS: Final = ("none", "comma", "period", "question")
CASES: Final = ("lower", "first", "all")
NONE, COMMA, PERIOD, QUESTION = range(4)
LOWER, FIRST, ALL = range(3)
#: The label of every mark that a join may write.
LABEL_OF: Final = {
    "": NONE,
    **dict.fromkeys(",:-–—،、，：·", COMMA),
    **dict.fromkeys(".!;…؛。！；।॥۔", PERIOD),
    **dict.fromkeys("?؟？", QUESTION),
}
#: Added where a sentence ends and the next word could be raised but is not.
UNRAISED: Final = -6.0


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Log probabilities of the labels of one word."""

    marks: Sequence[float]  # of MARKS, after the word
    cases: Sequence[float]  # of CASES
    paragraph: Sequence[float]  # no break after it, a break


def best_path(
    lattice: Lattice, scores: Sequence[LabelScores], *, begins_sentence: bool
) -> list[Choice]:
    """Return the path with the highest sum; of equal ones the one nearest to the source.

    `begins_sentence` says whether the first word of the part begins a sentence.
    """
    readings = [_best_first_reading(lattice, scores[0], begins_sentence=begins_sentence)]
    joins: list[int] = []
    for n in range(len(scores) - 1):
        join, reading = _best_pair(lattice, scores, n)
        joins.append(join)
        readings.append(reading)
    last = [_join_score(join, scores[-1], lattice, len(scores) - 1) for join in lattice.joins[-1]]
    joins.append(_first_best(last))
    return [Choice(reading, join) for reading, join in zip(readings, joins, strict=True)]


def _best_first_reading(lattice: Lattice, scores: LabelScores, *, begins_sentence: bool) -> int:
    raised = next((n for n, r in enumerate(lattice.readings[0]) if r.text[:1].isupper()), None)
    costs = _case_scores(lattice.readings[0], scores)
    if begins_sentence and raised is not None:
        costs = [
            cost if reading.text[:1].isupper() else cost + UNRAISED
            for cost, reading in zip(costs, lattice.readings[0], strict=True)
        ]
    return _first_best(costs)


def _best_pair(lattice: Lattice, scores: Sequence[LabelScores], n: int) -> tuple[int, int]:
    """Return the join after word n and the reading of the next word that go best together."""
    joins = [_join_score(join, scores[n], lattice, n) for join in lattice.joins[n]]
    readings = lattice.readings[n + 1]
    cases = _case_scores(readings, scores[n + 1])
    pairs = list(product(range(len(joins)), range(len(readings))))
    sums = [
        joins[join]
        + cases[reading]
        + (
            UNRAISED
            if lattice.raised_after(n, join) is not None
            and not readings[reading].text[:1].isupper()
            else 0.0
        )
        for join, reading in pairs
    ]
    return pairs[_first_best(sums)]


def _case_scores(readings: Sequence[Reading], scores: LabelScores) -> list[float]:
    """Return the score of each reading of a word; ALL counts as FIRST where nothing offers it."""
    labels = [case_of(reading.text) for reading in readings]
    first = scores.cases[FIRST]
    if ALL not in labels:
        first = _either(first, scores.cases[ALL])
    by_label = (scores.cases[LOWER], first, scores.cases[ALL])
    return [by_label[label] + reading.bias for label, reading in zip(labels, readings, strict=True)]


def _join_score(option: WeighedJoin, scores: LabelScores, lattice: Lattice, n: int) -> float:
    label = LABEL_OF.get(option.join.mark, COMMA)
    mark = scores.marks[label]
    if label == NONE and lattice.readings[n][0].text.endswith("."):
        mark = _either(
            mark, scores.marks[PERIOD]
        )  # the stop of an abbreviation ends a sentence, too
    return mark + scores.paragraph[option.join.paragraph] + option.bias


def case_of(text: str) -> int:
    """Return the label of the case that a word is written in."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) > 1 and all(char.isupper() for char in letters):
        return ALL
    return FIRST if letters and letters[0].isupper() else LOWER


def _either(one: float, other: float) -> float:
    """Return the log probability of one or the other."""
    high, low = max(one, other), min(one, other)
    return high + math.log1p(math.exp(low - high))


def _first_best(values: Sequence[float]) -> int:
    return max(range(len(values)), key=lambda n: (values[n], -n))
