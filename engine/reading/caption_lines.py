"""What was said, line by line, while captions go by: each word once, with the time of its cue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from engine.reading.raw import RawSegment, ShownAgain
from engine.reading.times import Timed, spread
from engine.text.words import SplitWord, join

FASTEST_CHARS = 30.0  # characters per second; nobody speaks faster
FASTEST_CLUSTERS = 15.0  # the same in scripts where a character is a syllable


@dataclass(slots=True)
class Cue:
    """A cue with words, and what it shares with the one before it."""

    raw: RawSegment
    words: list[SplitWord]
    keys: list[str]  # for comparison
    openings: frozenset[int]  # words that begin a line
    overlap: int = 0  # words at its beginning that the cue before it ends in
    advances: bool = False  # the mark has moved on over the same line
    repeats: bool = False  # decided: the overlap was on the screen already

    @property
    def last(self) -> int:
        """Return where the last line begins."""
        return max(place for place in self.openings if place < len(self.words))

    @property
    def fresh(self) -> int:
        """Return the number of words that the cue before it does not have."""
        return len(self.words) - self.overlap


@dataclass(slots=True)
class _Line:
    """Words that belong together, while cues add to them."""

    raw: RawSegment
    words: list[SplitWord]
    times: list[tuple[float, float] | None]
    again: list[int]  # how often each word was shown again
    end_s: float | None
    unsure: int = 0  # words that were left out, and may have been said a second time
    touched: bool = False  # it is no longer the segment as it was read


_Place = tuple[_Line, int]  # a word on the screen


@dataclass(slots=True)
class Screen:
    """What is shown while the cues go by."""

    lines: list[_Line] = field(default_factory=list)
    places: list[_Place] = field(default_factory=list)  # the words of the last cue


def is_impossible(cue: Cue, *, first: int = 0) -> bool:
    """Return whether nobody could say the cue's words, from this one on, in its time."""
    if cue.raw.start_s is None or cue.raw.end_s is None:
        return False
    limit = FASTEST_CLUSTERS if any(word.glued for word in cue.words) else FASTEST_CHARS
    length = max(cue.raw.end_s - cue.raw.start_s, 0.0)
    return sum(len(word.text) for word in cue.words[first:]) > limit * length


def can_be_said(cue: Cue) -> bool:
    """Return whether there is time to say the last line of a cue."""
    return not is_impossible(cue, first=cue.last)


def show(screen: Screen, before: Cue | None, cue: Cue, *, karaoke: bool) -> None:
    """Add what is new in a cue to what was said."""
    known = cue.overlap if cue.repeats else 0
    places = screen.places[len(screen.places) - known :] if known else []
    for (line, n), word in zip(places, cue.words, strict=False):
        line.again[n] += 1
        line.touched = True
        line.words[n] = SplitWord(word.text, line.words[n].glued)  # the last version is the best
    fresh = cue.words[known:]
    if places and not fresh and not cue.advances and can_be_said(cue):
        places[-1][0].unsure += len(cue.words) - cue.last
    grows = (
        fresh
        and places
        and before is not None
        and known == len(before.words)
        and known not in cue.openings
        and places[-1][0] is screen.lines[-1]
    )
    if fresh:
        times = _stamped(cue, known)
        if times is None and grows:
            times = list(_spread(fresh, cue.raw.start_s, cue.raw.end_s))
        if grows:
            line = screen.lines[-1]
            if line.times == [None] * len(line.words):  # until now it was a cue like any other
                line.times = list(_spread(line.words, line.raw.start_s, line.end_s))
            line.touched = True
        else:
            line = _Line(cue.raw, [], [], [], cue.raw.end_s, touched=known > 0)
            screen.lines.append(line)
        first = len(line.words)
        line.words += fresh
        line.times += times or [None] * len(fresh)
        line.again += [0] * len(fresh)
        line.touched = line.touched or times is not None
        places = [*places, *((line, first + n) for n in range(len(fresh)))]
    if grows or cue.advances:
        last = places[-1][0]
        ends = [end for end in (last.end_s, cue.raw.end_s) if end is not None]
        last.end_s = max(ends) if ends else None
    if karaoke:
        _time_marked(cue, places)
    screen.places = places


def _time_marked(cue: Cue, places: Sequence[_Place]) -> None:
    """Give the words that are marked for the first time the time of their cue."""
    found = [places[n] for n in cue.raw.marked if n < len(places)]
    new = [(line, n) for line, n in found if line.times[n] is None]
    times = _spread([line.words[n] for line, n in new], cue.raw.start_s, cue.raw.end_s)
    for (line, n), span in zip(new, times, strict=True):
        line.times[n] = span
        line.touched = True


def _spread(
    words: Sequence[SplitWord], start_s: float | None, end_s: float | None
) -> Sequence[tuple[float, float] | None]:
    if start_s is None or end_s is None:
        return [None] * len(words)
    return spread([len(word.text) for word in words], start_s, end_s)


def _stamped(cue: Cue, known: int) -> list[tuple[float, float] | None] | None:
    """Return the times of the new words by the times that stand inside the cue, None for none."""
    start, end = cue.raw.start_s, cue.raw.end_s
    stamps = [(n, moment) for n, moment in cue.raw.stamps if n >= known]
    if not stamps or start is None or end is None:
        return None
    bounds = [(known, start), *stamps, (len(cue.words), end)]
    moments = [moment for _, moment in bounds]
    if moments != sorted(moments):
        return None
    times: list[tuple[float, float] | None] = []
    for (first, begins), (after, ends) in pairwise(bounds):
        times += _spread(cue.words[first:after], begins, ends)
    return times


def segment_of(line: _Line) -> RawSegment:
    """Return a line as a segment: as it was read, if no cue has added to it or shown it again."""
    if not line.touched:
        return line.raw
    timed = [
        Timed(word.text, *(span or (None, None)))
        for word, span in zip(line.words, line.times, strict=True)
    ]
    shown = [word for word, count in zip(line.words, line.again, strict=True) if count]
    return replace(
        line.raw,
        text=join(line.words),
        end_s=line.end_s,
        words=tuple(timed) if any(line.times) else line.raw.words,
        again=ShownAgain(join(shown), sum(line.again), line.unsure) if shown else None,
    )
