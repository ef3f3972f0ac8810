"""Scores of labels -> the best path through a lattice: the only writing that a tagger does.

The model says of every word how likely each mark, each case and a paragraph break are; the lattice
says what may be written. Here the one becomes scores of the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from engine.text.lattice import Choice, Lattice, Reading, WeighedJoin
from engine.text.marks import group
from engine.text.paths import PathScores, best
from engine.text.readings import take_apart
from engine.text.structure import is_ellipsis, is_end_alone

#: Labels in the order of the model's outputs.
MARKS: Final = ("none", "comma", "period", "question")
CASES: Final = ("lower", "first", "all")
NONE, COMMA, PERIOD, QUESTION = range(4)
#: A model that was tuned may have one mark more.
DASH: Final = 4
DASHES: Final = "—–"
#: The labels that a style may ask for against the source; their names in a card's `bias_marked`.
STYLED: Final = ("dash", "all")
LOWER, FIRST, ALL = range(3)
#: How much the case of a word counts beside the mark before it. Both labels come from the same
#: pass and mistake the same things, so their sum would count one reason twice: at 1.0 talks lost
#: 1.5 points of F1 against the marks alone; at 0.35 they lost 0.2, and dev gained 0.9 in German and
#: 0.5 in English (early weights; 0.4 itself was not measured).
CASE_WEIGHT: Final = 0.4
#: Added where a sentence ends and the next word could be raised but is not.
UNRAISED: Final = -6.0


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Log probabilities of the labels of one word, the bias of its language included."""

    marks: Sequence[float]  # of MARKS, after the word; of a dash where the model has its label
    cases: Sequence[float]  # of CASES
    paragraph: Sequence[float]  # no break after it, a break


def best_path(
    lattice: Lattice,
    scores: Sequence[LabelScores],
    *,
    begins_sentence: bool,
    after: LabelScores | None = None,
) -> list[Choice]:
    """Return the admitted path with the highest sum; of equal ones the nearest to the source.

    `begins_sentence` says whether the first word of the part begins a sentence. `after` has the
    scores of the word after the part: the last gap is decided with it, as if the part went on.
    """
    return best(lattice, weigh(lattice, scores, begins_sentence=begins_sentence, after=after))


def weigh(
    lattice: Lattice,
    scores: Sequence[LabelScores],
    *,
    begins_sentence: bool,
    after: LabelScores | None = None,
) -> PathScores:
    """Return the scores of all that a path may take, from those of the labels."""
    firsts = [
        first_score(lattice, scores[0], n, begins_sentence=begins_sentence)
        for n in range(len(lattice.plain[0]))
    ]
    stops = [Reading(text, 0.0) for text in lattice.stops] if after is not None else []
    following: list[tuple[Sequence[Reading], LabelScores | None]] = [
        *zip(lattice.plain[1:], scores[1:], strict=False),
        (stops, after),
    ]
    return PathScores(
        firsts,
        [
            _pairs(lattice, n, one, readings, label)
            for n, (one, (readings, label)) in enumerate(zip(scores, following, strict=True))
        ],
    )


def first_score(
    lattice: Lattice, scores: LabelScores, reading: int, *, begins_sentence: bool
) -> float:
    """Return the score of a reading of the first word."""
    unraised = begins_sentence and _could_be_raised(lattice.plain[0], reading)
    return case_scores(lattice.plain[0], scores)[reading] + (UNRAISED if unraised else 0.0)


def pair_score(
    lattice: Lattice, n: int, join: int, scores: LabelScores, following: Sequence[Reading], m: int
) -> float:
    """Return the score of a join after word n before reading `m` of the word that follows.

    An ellipsis ends a sentence or pauses within one, whichever goes better with the next word.
    """
    option = lattice.joins[n][join]
    unraised = UNRAISED if following and _could_be_raised(following, m) else 0.0
    mark = _mark_score(option, lattice.readings[n][0].text, scores)
    if is_ellipsis(option.join.trail) and not option.join.paragraph:
        mark = max(scores.marks[COMMA], scores.marks[PERIOD] + unraised)
    elif lattice.may_end(n, join) or is_end_alone(lattice.part.words[n].text):
        mark += unraised
    return mark + scores.paragraph[option.join.paragraph] + option.bias


@lru_cache(maxsize=65_536)
def case_of(text: str) -> int:
    """Return the label of the case that a word is written in."""
    letters = [char for char in text if char.isalpha()]
    if len(letters) > 1 and all(char.isupper() for char in letters):
        return ALL
    return FIRST if letters and letters[0].isupper() else LOWER


def _pairs(
    lattice: Lattice,
    n: int,
    scores: LabelScores,
    following: Sequence[Reading],
    after: LabelScores | None,
) -> list[list[float]]:
    """Return the scores of every join after word n with every reading of the next word."""
    cases = [0.0] if after is None or not following else case_scores(following, after)
    return [
        [
            pair_score(lattice, n, join, scores, following, reading) + case
            for reading, case in enumerate(cases)
        ]
        for join in range(len(lattice.joins[n]))
    ]


def case_scores(readings: Sequence[Reading], scores: LabelScores) -> list[float]:
    """Return the score of each reading of a word; ALL counts as FIRST where nothing offers it."""
    labels = [case_of(reading.text) for reading in readings]
    first = scores.cases[FIRST]
    if ALL not in labels:
        first = _either(first, scores.cases[ALL])
    by_label = (scores.cases[LOWER], first, scores.cases[ALL])
    return [
        CASE_WEIGHT * by_label[label] + reading.bias
        for label, reading in zip(labels, readings, strict=True)
    ]


def _mark_score(option: WeighedJoin, word: str, scores: LabelScores) -> float:
    """Return the score of a join's mark; the stop of an abbreviation may end a sentence, too."""
    if option.join.mark and option.join.mark in DASHES and len(scores.marks) > DASH:
        return scores.marks[DASH]
    score = scores.marks[MARKS.index(group(option.join.mark, word))]
    if not option.join.mark and take_apart(word).core.endswith("."):
        return _either(score, scores.marks[PERIOD])
    return score


def _could_be_raised(readings: Sequence[Reading], chosen: int) -> bool:
    """Return whether a reading begins with a small letter, and another one does not."""
    if case_of(readings[chosen].text) != LOWER:
        return False
    return any(case_of(reading.text) != LOWER for reading in readings)


def _either(one: float, other: float) -> float:
    """Return the log probability of one or the other."""
    high, low = max(one, other), min(one, other)
    return high + math.log1p(math.exp(low - high))
