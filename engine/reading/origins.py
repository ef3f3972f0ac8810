"""Where the clock of a file begins: at its first word, at an hour of the day, or again and again.

Tools that work through a recording in windows sometimes count each window from 0. A clock that goes
back to where it began, and goes on from there, is such an origin; a time that is out of order is
not. The stretches are put one after another, unless each has voices of its own: two tracks of one
conversation cannot be told from two recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from engine.reading.raw import RawSegment
from engine.reading.times import Timed, in_order

NEAR_S = 2.0  # from where the clock began
SAME_S = 0.1
BACK_S = 5.0  # a clock goes back by at least this much
BEFORE_S = 0.25  # no word begins this long before its segment
EARLY = 0.25  # or to the first quarter of the stretch before
OVERLAP_S = 1.0  # two voices that speak at the same time overlap less, where times go back
WINDOW_S = 30.0  # Whisper's window
SLACK_S = 0.5
WILD_S = 60.0  # a time so far after those around it is an error
EPOCH_S = 1e8  # times after this count from a date (three years is no recording)

Times = Sequence[tuple[float | None, float | None]]


def restarts(times: Times) -> list[int]:
    """Return the places at which the clock starts again."""
    known = [
        (n, s, s if e is None else max(s, e)) for n, (s, e) in enumerate(times) if s is not None
    ]
    if len(known) < 2:
        return []
    zero = min(start for _, start, _ in known)
    if _is_each_its_own(known, zero):
        return [place for place, _, _ in known[1:]]
    found: list[int] = []
    first = 0  # of the stretch
    for index, (place, start, _) in enumerate(known[1:], start=1):
        following = known[index + 1][1] if index + 1 < len(known) else None
        if _starts_again(known[first:index], start, following, zero):
            found.append(place)
            first = index
    return found


def _is_each_its_own(known: Sequence[tuple[int, float, float]], zero: float) -> bool:
    if len(known) < 3 or zero > SAME_S or len({end for _, _, end in known}) < 2:
        return False
    own = sum(start - zero <= SAME_S and end - start > 3 * SAME_S for _, start, end in known)
    return own >= 0.8 * len(known)


def _starts_again(
    stretch: Sequence[tuple[int, float, float]], start: float, following: float | None, zero: float
) -> bool:
    _, before, end = stretch[-1]
    if start >= before or (following is not None and following >= before):
        return False  # no step back, or one time that is out of order
    if len(stretch) > 1:
        _, earlier, reach = stretch[-2]
        if start >= earlier and before - reach > WILD_S:
            return False  # the time before is the one that is out of order
    if start - zero <= SAME_S and end - zero >= 1.0:
        return True
    return before - start >= BACK_S and start - zero <= max(NEAR_S, EARLY * (before - zero))


def offsets(times: Times, places: Sequence[int], duration: float | None) -> tuple[list[float], str]:
    """Return what each time has to be moved by, and in words how that was found."""
    zero = min((s for s, _ in times if s is not None), default=0.0)
    reaches: list[float] = []
    for first, last in zip([0, *places], [*places, len(times)], strict=True):
        latest = max((s for s, _ in times[first:last] if s is not None), default=zero)
        ends = [e for _, e in times[first:last] if e is not None and e <= latest + WILD_S]
        reaches.append(max([latest, *ends]) - zero)
    after_another = [sum(reaches[:n]) for n in range(len(reaches))]
    windows = [n * WINDOW_S for n in range(len(reaches))]
    chosen, how = after_another, "one after another"
    if duration is not None and all(reach <= WINDOW_S + SLACK_S for reach in reaches):
        totals = [moved[-1] + reaches[-1] for moved in (after_another, windows)]
        if totals[1] <= duration + 1 and abs(totals[1] - duration) < abs(totals[0] - duration):
            chosen, how = windows, "windows of 30 s"
    result: list[float] = []
    for first, last, moved in zip([0, *places], [*places, len(times)], chosen, strict=True):
        result += [moved] * (last - first)
    return result, how


def are_tracks(voices: Sequence[frozenset[str]], places: Sequence[int]) -> bool:
    """Return whether each stretch has voices of its own, as the channels of a call have."""
    sets = [
        frozenset().union(*voices[first:last])
        for first, last in zip([0, *places], [*places, len(voices)], strict=True)
    ]
    if not all(sets) or len(sets) > 6:
        return False
    return sum(map(len, sets)) == len(frozenset().union(*sets))


def out_of_order(times: Times) -> tuple[list[int], int]:
    """Return the places of times that do not fit those around them.

    Also return how many of them stand where the times before and after overlap as well, so that
    the clock may have started again there.
    """
    known = [
        (n, s, s if e is None else max(s, e)) for n, (s, e) in enumerate(times) if s is not None
    ]
    back = {
        place
        for (first, start, end), (second, after, _) in pairwise(known)
        for place in (first, second)
        if after < start - SAME_S and after < end - OVERLAP_S
    }
    if not back:
        return [], 0
    kept = in_order([start for _, start, _ in known])
    wrong: list[int] = []
    unclear = 0
    latest: tuple[float, float] | None = None  # of those kept: start and end
    skipped = False
    for (place, start, end), fits in zip(known, kept, strict=True):
        if fits is None:
            if place in back:
                wrong.append(place)
                skipped = True
            continue
        if skipped and latest is not None and start < latest[1] - OVERLAP_S:
            unclear += 1
        latest, skipped = (start, end), False
    return wrong, unclear


def voices_of(raw: RawSegment) -> frozenset[str]:
    """Return the speakers of a segment and of its words."""
    named = {raw.speaker, *(word.speaker for word in raw.words)}
    return frozenset(name for name in named if name is not None)


def moved(raw: RawSegment, by: float) -> RawSegment:
    """Return a segment later by some seconds, with those of its words that share its clock."""
    return replace(
        raw,
        start_s=_plus(raw.start_s, by),
        end_s=_plus(raw.end_s, by),
        words=tuple(later(word, by) if _shares_clock(word, raw) else word for word in raw.words),
    )


def later(word: Timed, by: float) -> Timed:
    """Return a word later by some seconds."""
    return replace(word, start_s=_plus(word.start_s, by), end_s=_plus(word.end_s, by))


def _plus(time: float | None, by: float) -> float | None:
    return None if time is None else max(time + by, 0.0)


def _shares_clock(word: Timed, raw: RawSegment) -> bool:
    if word.start_s is None or raw.start_s is None or raw.end_s is None:
        return True
    return raw.start_s - 1.0 <= word.start_s <= raw.end_s + 1.0


def count_from_segment(raws: Sequence[RawSegment]) -> bool:
    """Return whether the words of each segment count from its own beginning."""
    told = 0
    for raw in raws:
        starts = [word.start_s for word in raw.words if word.start_s is not None]
        if raw.start_s is None or raw.end_s is None or not starts:
            continue
        length = raw.end_s - raw.start_s
        ends = [word.end_s for word in raw.words if word.end_s is not None]
        before = raw.start_s - min(starts) > BEFORE_S and bool(ends)
        fills = before and abs(max(ends) - length) <= BEFORE_S < abs(max(ends) - raw.end_s)
        if raw.start_s <= max(1.0, length) and not fills:
            continue  # the two readings cannot be told apart here
        latest = max(ends, default=max(starts))
        stand = min(starts) >= raw.start_s - BEFORE_S and latest <= raw.end_s + BEFORE_S
        if max(starts) > length + SLACK_S or (stand and latest > length + SLACK_S):
            return False
        if stand:
            continue
        told += 1
    return told > 0
