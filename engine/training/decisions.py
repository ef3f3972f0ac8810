"""What the engine decides for every gap of a text under given biases, for all gaps at once.

This is `engine.tagger.path` in NumPy, without a lattice: one evaluation takes milliseconds, so
that biases can be searched. It knows lower-case text, where each word may be raised, in part or
throughout, and text that has marks of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.tagger.path import (
    ALL,
    CASE_WEIGHT,
    COMMA,
    FIRST,
    LOWER,
    MARKS,
    NONE,
    PERIOD,
    QUESTION,
    UNRAISED,
    LabelScores,
)
from engine.tuning.words import MASKED

Bias = Mapping[str, float]
Numbers = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gaps between the words of some texts: what the model says, and what is right."""

    marks: Numbers  # gaps x 4: log probabilities of the mark in the gap
    cases: Numbers  # gaps x 3: of the case of the word after the gap
    breaks: Numbers  # gaps x 2: of a paragraph that ends in the gap
    turn: NDArray[np.bool_]  # a known change of speaker stands in the gap
    mark: Labels  # the right mark, or MASKED
    case: Labels  # the right case of the word after the gap
    paragraph: Labels  # 1 where a paragraph ends, or MASKED

    @classmethod
    def of(
        cls,
        scores: Sequence[LabelScores],
        *,
        turns: Sequence[bool],
        marks: Sequence[int],
        cases: Sequence[int],
        paragraphs: Sequence[int],
    ) -> Gaps:
        """Return the gaps of one text, given lists with an entry a word."""
        rows = [np.asarray([getattr(s, n) for s in scores], np.float64) for n in _NAMES]
        return cls(
            rows[0][:-1],
            rows[1][1:],
            rows[2][:-1],
            np.asarray(turns[1:], bool),
            np.asarray(marks[:-1], np.int64),
            np.asarray(cases[1:], np.int64),
            np.asarray(paragraphs[:-1], np.int64),
        )


_NAMES = ("marks", "cases", "paragraph")
_FIELDS = ("marks", "cases", "breaks", "turn", "mark", "case", "paragraph")


def joined(parts: Sequence[Gaps]) -> Gaps:
    """Return the gaps of several texts as one."""
    return Gaps(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))


@dataclass(frozen=True, slots=True)
class Decided:
    """What is written in every gap."""

    mark: Labels
    raised: NDArray[np.bool_]  # the word after the gap
    paragraph: NDArray[np.bool_]


def decide(gaps: Gaps, bias: Bias) -> Decided:
    """Return what the engine writes into lower-case text without marks."""
    low = CASE_WEIGHT * gaps.cases[:, LOWER]
    raised = np.maximum(gaps.cases[:, FIRST], gaps.cases[:, ALL]) + bias.get("first", 0.0)
    high = CASE_WEIGHT * raised
    marks = gaps.marks + np.asarray([bias.get(name, 0.0) for name in MARKS])
    here, after = gaps.breaks[:, 0], gaps.breaks[:, 1] + bias.get("paragraph", 0.0)
    free, ended = np.maximum(low, high), np.maximum(high, low + UNRAISED)
    told = np.where(gaps.turn, 0.0, here)
    ends = np.where(gaps.turn, 0.0, np.maximum(here, after))
    sums = np.empty_like(marks)
    sums[:, NONE] = marks[:, NONE] + told + np.where(gaps.turn, ended, free)
    sums[:, COMMA] = np.where(gaps.turn, -np.inf, marks[:, COMMA] + told + free)
    for mark in (PERIOD, QUESTION):
        sums[:, mark] = marks[:, mark] + ends + ended
    mark = sums.argmax(1)
    stops = (mark >= PERIOD) | gaps.turn
    return Decided(
        mark,
        np.where(stops, high >= low + UNRAISED, high > low),
        (mark >= PERIOD) & ~gaps.turn & (after > here),
    )


def figures(gaps: Gaps, bias: Bias) -> dict[str, float]:
    """Return F1 of marks, capitals and paragraphs in percent."""
    out = decide(gaps, bias)
    asked = gaps.mark != MASKED
    right, guess = gaps.mark[asked], out.mark[asked]
    known = gaps.paragraph != MASKED
    case = gaps.case != MASKED
    return {
        "marks": _f1((right == guess) & (right > 0), guess > 0, right > 0),
        "capitals": _yes(gaps.case[case] >= FIRST, out.raised[case]),
        "paragraphs": _yes(gaps.paragraph[known] == 1, out.paragraph[known]),
    }


def kept(gaps: Gaps, bias: Bias) -> tuple[float, float]:
    """Return how much stays of what is right, in percent: sentence ends, and case.

    The text was shown as it should read. Its own marks and its own case have a bias each; a word
    with more than one capital has no other reading.
    """
    own, own_case = bias.get("own", 0.0), bias.get("own_case", 0.0)
    rows = np.arange(len(gaps.mark))
    shown = np.maximum(gaps.mark, 0)
    low = CASE_WEIGHT * gaps.cases[:, LOWER] + np.where(gaps.case == LOWER, own_case, 0.0)
    high = CASE_WEIGHT * gaps.cases[:, FIRST] + np.where(gaps.case == FIRST, own_case, 0.0)
    free, ended = np.maximum(low, high), np.maximum(high, low + UNRAISED)
    sums = gaps.marks.copy()
    sums[rows, shown] += own
    sums[:, : COMMA + 1] += free[:, None]
    sums[:, PERIOD:] += ended[:, None]
    guess = sums.argmax(1)
    stops = guess >= PERIOD
    raised = np.where(stops, high >= low + UNRAISED, high > low)
    ends = (gaps.mark >= PERIOD) & ~gaps.turn
    case = (gaps.case == LOWER) | (gaps.case == FIRST)
    same = raised[case] == (gaps.case[case] == FIRST)
    return _share(stops[ends]), _share(same)


def _f1(hit: NDArray[np.bool_], said: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return 200.0 * int(hit.sum()) / max(1, int(said.sum() + true.sum()))


def _yes(right: NDArray[np.bool_], guess: NDArray[np.bool_]) -> float:
    return _f1(right & guess, guess, right)


def _share(kept_ones: NDArray[np.bool_]) -> float:
    return 100.0 * float(kept_ones.mean()) if len(kept_ones) else 100.0
