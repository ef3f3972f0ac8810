"""In which unit the times of a file are: decided once for all of it, by how fast people speak.

Nobody speaks at under 0.3 or over 8 words a second for long. Where the unit that a reader assumes
gives such a rate, and exactly one other unit gives a usual one, the times are in that unit. Where
the file says too little (a few words, one segment, two units that fit), the times are left out
rather than believed, unless they can be seconds all the same: a window of music with a word in it.

A mean rate cannot tell two units apart, because silence makes any talk slow: four words a second in
milliseconds are 0.4 in hundredths. The fastest quarter of a talk can. In the real files it has 1.1
to 8.3 words a second, and no two units are nearer than ten to one.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from engine.text.words import is_parted, is_spaceless, split_words

SLOWEST, FASTEST = 0.3, 8.0  # words a second that are spoken for long
USUAL = 2.5
SLOW, FAST = 0.8, 5.5  # a unit is only changed for one that gives a rate between these
QUARTER = 0.25  # of the words, those that are said fastest
QUICK = (1.0, 9.0)  # words a second of these, in a unit that is possible
SURELY_QUICK = (1.2, 7.5)  # and in one that is taken
MARGIN = 0.5  # by which the logarithm of the best rate must be nearer to the usual one
ENOUGH_WORDS = 12  # of different segments; fewer decide nothing
MANY_WORDS = 30  # where times have fractions, as those in small units do not
FEW_WORDS = 5  # enough where a word would take a minute
MINUTE_WORDS = 1 / 50
WINDOW_S = 30.5  # Whisper's windows: a segment of this length may hold a word or none
LONG_WORD_S = 2.0  # half of the words last less
WINDOWS_S = (30.0, 60.0, 120.0, 300.0, 600.0)  # lengths that tools cut a recording into
WINDOW_WORDS = 0.1  # words a second in windows longer than Whisper's; speech in hundredths has less
HURRIED = 12.0  # words a second, in files whose segments are cut too short
IMPOSSIBLE = 30.0
SLACK = 0.5  # in the lengths of windows

UNITS: tuple[tuple[float, str], ...] = (
    (1.0, "seconds"),
    (0.01, "hundredths of a second"),
    (0.001, "milliseconds"),
    (1 / 16_000, "samples at 16 kHz"),
    (1e-6, "microseconds"),
    (1e-7, "units of 100 nanoseconds"),
    (1e-9, "nanoseconds"),
    (60.0, "minutes"),
    (3600.0, "hours"),
)


class Span(NamedTuple):
    """A segment or a word, as far as it shows how fast people speak."""

    text: str
    words: float  # how many are said in it
    start: float | None
    end: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one unit of a file's times is."""

    factor: float | None  # to multiply the times by; None: not clear, leave them out
    name: str  # of the unit, or why it is not clear


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the segments show, each different text once."""

    words: float
    count: int  # of segments, those with the same text as well
    spans: tuple[float, ...]  # lengths of the segments
    rates: tuple[float, ...]  # words in a unit of time: inside the segments, and over all
    quick: float  # words in a unit of time in the fastest quarter
    single: bool  # they are words
    windows: bool  # they follow each other without a gap, all in one usual length
    fractions: bool  # most times are no whole numbers
    latest: float


def judge(
    spans: Sequence[Span], *, unit: float, duration: float | None, single: bool = False
) -> Verdict:
    """Return what the times of these segments must be multiplied with, to be seconds.

    `unit` is what the reader took one unit for, in seconds, before it multiplied the times;
    `duration` is the whole file's, if it is known; `single` says that each span is one word.
    """
    found = _evidence(spans, single)
    as_read = Verdict(1.0, "as read")
    if found is None:
        return as_read
    squeezed = found.words < ENOUGH_WORDS and found.rates[0] > IMPOSSIBLE
    if not squeezed and any(SLOWEST <= rate <= FASTEST for rate in found.rates):
        return as_read
    fits = _fits(found, unit)
    best = _best(fits, found, duration)
    if best is not None and _is_another(found, best, unit, duration):
        best = None
    if best is not None and _is_enough(found, best, duration):
        return best
    if _can_be_as_read(found, fits, unit):
        return as_read
    return Verdict(None, "no unit of time gives a rate at which people speak, or more than one")


def _evidence(spans: Sequence[Span], single: bool) -> _Evidence | None:
    known: dict[str, tuple[float, float, float | None]] = {}
    times: list[float] = []
    for text, words, start, end in spans:
        times += [time for time in (start, end) if time is not None]
        if start is not None and words:
            known.setdefault(" ".join(text.casefold().split()), (words, start, end))
    if not known:
        return None
    lengths = [(w, e - s) for w, s, e in known.values() if e is not None and e > s]
    rates = []
    inside = sum(length for _, length in lengths)
    if inside > 0:
        rates.append(sum(w for w, _ in lengths) / inside)
    whole = max(times) - min(times)
    everything = sum(w for w, _, _ in known.values())
    if whole > 0:
        rates.append(everything / whole)
    if not rates:
        return None
    broken = sum(abs(time - round(time)) > 1e-6 * max(1.0, time) for time in times)
    told = sum(time > 0 for time in times)  # 0 is a whole number in every unit
    return _Evidence(
        everything,
        sum(span.start is not None and span.words > 0 for span in spans),
        tuple(length for _, length in lengths),
        tuple(rates),
        rates[0] if single else _quick(lengths) or rates[0],
        single,
        _are_windows([(span.start, span.end) for span in spans if span.words]),
        2 * broken > told,
        max(times),
    )


def _quick(lengths: Sequence[tuple[float, float]]) -> float | None:
    """Return the rate that a quarter of the words are said at, or faster."""
    left = QUARTER * sum(words for words, _ in lengths)
    for rate, words in sorted(((words / length, words) for words, length in lengths), reverse=True):
        left -= words
        if left <= 0:
            return rate
    return None


def weight(text: str) -> float:
    """Return the number of words; a letter of a script without spaces is a part of one.

    A Chinese character is a syllable, half of a word. Thai and its neighbours have an alphabet.
    """
    words = split_words(text)
    return float(len(words)) if text.isascii() else sum(_share_of_word(w.text) for w in words)


def _share_of_word(word: str) -> float:
    if is_parted(word):
        return 0.25
    return 0.5 if is_spaceless(word) else 1.0


def _fits(found: _Evidence, unit: float) -> list[tuple[float, Verdict]]:
    """Return the other units in which somebody could speak, the nearest to the usual rate first."""
    fits = []
    for size, name in UNITS:
        factor = size / unit
        rate, quick = found.rates[0] / factor, found.quick / factor
        spoken = SLOWEST <= rate <= FASTEST and QUICK[0] <= quick <= QUICK[1]
        if not math.isclose(factor, 1.0) and spoken:
            fits.append((abs(math.log(rate / USUAL)), Verdict(factor, name)))
    return sorted(fits, key=lambda fit: fit[0])


def _best(
    fits: Sequence[tuple[float, Verdict]], found: _Evidence, duration: float | None
) -> Verdict | None:
    agreeing = [v for _, v in fits if _agrees(v, found, duration)]
    if len(agreeing) == 1:
        return agreeing[0]
    if not fits or (len(fits) > 1 and fits[1][0] - fits[0][0] < MARGIN):
        return None
    return fits[0][1]


def _agrees(verdict: Verdict, found: _Evidence, duration: float | None) -> bool:
    """Return whether the last word then ends where the file says that the recording does."""
    if verdict.factor is None or not duration:
        return False
    return 0.5 <= found.latest * verdict.factor / duration <= 1.02


def _is_another(found: _Evidence, best: Verdict, unit: float, duration: float | None) -> bool:
    """Return whether the file's duration shows another unit, in which speech is hurried or slow."""
    if _agrees(best, found, duration):
        return False
    others = [Verdict(size / unit, name) for size, name in UNITS if name != best.name]
    return any(
        SLOWEST / 2 <= found.rates[0] / (other.factor or 1.0) <= 2 * FASTEST
        for other in others
        if _agrees(other, found, duration)
    )


def _is_enough(found: _Evidence, best: Verdict, duration: float | None) -> bool:
    if _agrees(best, found, duration):
        return True
    if len(found.spans) == 1 or found.windows:
        return False
    rate, quick = found.rates[0] / (best.factor or 1.0), found.quick / (best.factor or 1.0)
    if not (SLOW <= rate <= FAST and SURELY_QUICK[0] <= quick <= SURELY_QUICK[1]):
        return False
    if found.fractions and found.rates[0] < SLOWEST:
        return found.words >= MANY_WORDS and found.rates[0] < SLOWEST / 3
    few = found.rates[0] < MINUTE_WORDS and not found.single
    return found.words >= (FEW_WORDS if few else ENOUGH_WORDS)


def _are_windows(times: Sequence[tuple[float | None, float | None]]) -> bool:
    known = [(start, end) for start, end in times if start is not None and end is not None]
    return len(known) > 1 and any(
        all(
            abs(end - start - window) <= SLACK and abs(after - start - window) <= SLACK
            for (start, end), (after, _) in pairwise(known)
        )
        for window in WINDOWS_S
    )


def _may_be_hurried(found: _Evidence, unit: float) -> bool:
    """Return whether one stretch is all that is known, and may be a short one in a smaller unit.

    One window of music in half a minute looks like one word in 30 hundredths of a second, so it has
    no times, either, unless its format has a unit of its own.
    """
    if found.count != 1 or not found.spans:
        return False
    if not math.isclose(unit, 1.0) and abs(found.spans[0] - WINDOWS_S[0]) <= SLACK:
        return False
    rates = [found.rates[0] * unit / size for size, _ in UNITS if size < unit]
    return any(SLOWEST <= rate <= 2 * FASTEST for rate in rates)


def _can_be_as_read(found: _Evidence, fits: Sequence[tuple[float, Verdict]], unit: float) -> bool:
    """Return whether strange times are no stranger than those of music or of a wrong end."""
    rate = found.rates[0]
    if rate > FASTEST:
        return rate <= (HURRIED if found.words >= ENOUGH_WORDS else QUICK[1])
    if found.fractions:
        return True
    if _may_be_hurried(found, unit):
        return False
    if found.single and found.spans:
        return statistics.median(found.spans) <= LONG_WORD_S
    if max(found.spans, default=math.inf) <= WINDOW_S:
        return True
    if found.windows and rate >= WINDOW_WORDS:
        return True
    return not fits and rate >= MINUTE_WORDS
