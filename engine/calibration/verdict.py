"""What every way did -> which of them is best, and one sentence about the model."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Final

from engine.calibration.measure import Measured, Result
from engine.models.calibrations import Verdict
from engine.text.scores import figures, punctuation

#: Alone, a model may decide in a language from this F1 on: below it every second mark is wrong or
#: missing, and the marks of the source are the better choice.
ENOUGH_F1: Final = 50.0
#: A model whose own marks, shuffled among the words, do nearly as well knows nothing of them.
OVER_CHANCE_F1: Final = 10.0
_DRAWS: Final = 1_000
_SHUFFLES: Final = 20


@dataclass(frozen=True, slots=True)
class Gain:
    """How much better one way is than another, in points of F1; the truth lies between the ends."""

    mean: float
    low: float  # nine times in ten it is more
    high: float  # nine times in ten it is less

    @property
    def is_sure(self) -> bool:
        """Return whether it is a gain in nine of ten samples like this one."""
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What is used from now on, and why."""

    verdict: Verdict
    sentence: str
    margin: float | None  # of a second opinion; None: it is not asked
    rule: str  # how it decides alone: "reader" or "ask"
    languages: tuple[str, ...]  # in which it may decide; empty: all


def choose(model: str, results: Sequence[Result]) -> Choice:
    """Choose among the ways that were measured; the first result is that of the embedded model."""
    embedded, *others = results
    alone = max((r for r in others if r.way.margin is None), key=_mean_f1)
    rule = alone.way.name if alone.way.name in ("reader", "ask") else "ask"
    covered = sorted(embedded.languages)
    rest = [code for code in alone.languages if code not in covered]
    fit = [code for code in rest if alone.languages[code].marks_f1 >= ENOUGH_F1]
    known = tuple(sorted({*embedded.way.info.languages, *fit}))
    languages = () if len(fit) == len(rest) else known
    best = alone
    if covered:
        opinions = [r for r in others if r.way.margin is not None]
        best = max(opinions or [alone], key=lambda result: _f1_of(result, covered))
        found = gain(embedded, best, covered)
        if found.is_sure:
            text = _worth(model, embedded, best, found, covered) + _alone(alone, fit)
            return Choice("worth", text, best.way.margin, rule, languages)
    if not _knows_marks(alone):
        text = (
            f"{model} is unfit for this work: on its own it sets marks hardly better than chance "
            f"(F1 {_by_language(alone, list(alone.languages))})."
        )
        return Choice("unfit", text, None, rule, tuple(embedded.way.info.languages))
    if fit:
        text = (
            f"{model} is worth using for {' '.join(fit)}: alone it has F1 "
            f"{_by_language(alone, fit)}, at {_speed(alone)}."
        )
        return Choice("worth", text, None, rule, languages)
    return Choice("no_gain", _no_gain(model, embedded, best, covered), None, rule, languages)


def gain(before: Result, after: Result, languages: Sequence[str]) -> Gain:
    """Return by how much the marks of `after` are better, drawn again and again over blocks."""
    pairs = [
        pair
        for code in languages
        for pair in zip(before.languages[code].blocks, after.languages[code].blocks, strict=True)
    ]
    rng = random.Random(0)  # noqa: S311 - draws of a measurement that can be repeated
    draws = [_difference(rng.choices(pairs, k=len(pairs))) for _ in range(_DRAWS)]
    tenths = quantiles(draws, n=20)
    return Gain(_difference(pairs), tenths[1], tenths[-2])


def chance_f1(measured: Measured) -> float:
    """Return the F1 that a model's own marks have when they are shuffled among the words."""
    right, guess = measured.tally.marks
    rng = random.Random(0)  # noqa: S311
    shuffled = list(guess)
    total = 0.0
    for _ in range(_SHUFFLES):
        rng.shuffle(shuffled)
        total += punctuation(right, shuffled)["overall"]["f1"]
    return total / _SHUFFLES


def _difference(pairs: Sequence[tuple[tuple[int, int, int], tuple[int, int, int]]]) -> float:
    before, after = (
        figures(*(sum(column) for column in zip(*side, strict=True)))["f1"]
        for side in zip(*pairs, strict=True)
    )
    return after - before


def _knows_marks(result: Result) -> bool:
    return any(
        measured.marks_f1 >= chance_f1(measured) + OVER_CHANCE_F1
        for measured in result.languages.values()
    )


def _f1_of(result: Result, languages: Sequence[str]) -> float:
    blocks = [block for code in languages for block in result.languages[code].blocks]
    return figures(*(sum(column) for column in zip(*blocks, strict=True)))["f1"]


def _mean_f1(result: Result) -> float:
    return _f1_of(result, list(result.languages))


def _by_language(result: Result, languages: Sequence[str]) -> str:
    named: Mapping[str, Measured] = result.languages
    return ", ".join(f"{code} {named[code].marks_f1:.0f}" for code in languages)


def _speed(result: Result) -> str:
    total = result.overall()
    memory = f" and {result.memory_bytes / 1e9:.1f} GB" if result.memory_bytes else ""
    return f"{shown_speed(total.words / max(1e-9, total.seconds))} words/s{memory}"


def shown_speed(words_per_s: float) -> str:
    """Return a speed with three digits at least and no power of ten."""
    return f"{words_per_s:.3g}" if words_per_s < 100 else f"{words_per_s:,.0f}"


def _worth(model: str, embedded: Result, best: Result, found: Gain, covered: Sequence[str]) -> str:
    before, after = _f1_of(embedded, covered), _f1_of(best, covered)
    how = "as a second opinion" if best.way.margin is not None else "alone"
    return (
        f"{model} is worth using here: {how} it brings the marks of {' '.join(covered)} from F1 "
        f"{before:.1f} to {after:.1f} (by {found.low:.1f} to {found.high:.1f}), at {_speed(best)}."
    )


def _alone(best: Result, fit: Sequence[str]) -> str:
    return f" Alone it decides in {_by_language(best, fit)}." if fit else ""


def _no_gain(model: str, embedded: Result, best: Result, covered: Sequence[str]) -> str:
    if not covered:
        codes = list(best.languages)
        return (
            f"{model} is not worth using here: alone it has F1 {_by_language(best, codes)}, and "
            f"below {ENOUGH_F1:.0f} the marks of the source are better."
        )
    before, after = _f1_of(embedded, covered), _f1_of(best, covered)
    return (
        f"{model} is not worth using here: the marks of {' '.join(covered)} have F1 {after:.1f} "
        f"with it and {before:.1f} without, at {_speed(best)} instead of {_speed(embedded)}."
    )
