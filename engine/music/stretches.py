"""A transcript -> the stretches of its recording that may be music, of which nobody has words.

A tag (`[Music]`, a note) says that the Whisper tool heard music. A loop is what it invents over
music that is sung, and over noise: whether it is music, only the sound says.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.records import FoundBy, Removal, Transcript
from engine.text.letters import WORD, folded
from engine.text.wordlists import MUSIC

SHORTEST_S: Final = 3.0  # nothing can be said of less
LONGEST_S: Final = 300.0  # of what is heard at once; longer ones are cut into equal pieces
LOOP_S: Final = 10.0  # a shorter loop is a stumble of the decoder
APART_S: Final = 2.0  # stretches that are nearer are one, where no word is between them
WIDENED_S: Final = 30.0  # a tag stands for as much silence beside it: Whisper hears 30 s at once
MOST: Final = 24  # of one transcript
_NOTES: Final = frozenset("♩♪♫♬🎵🎶")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording, in seconds of it."""

    start_s: float
    end_s: float
    found_by: FoundBy


def stretches(transcript: Transcript, removals: Iterable[Removal]) -> tuple[Stretch, ...]:
    """Return what is to be heard of a recording, in order, `MOST` at most.

    `transcript` is the cleaned one: its words are what was said. Where the source has no times,
    there is nothing.
    """
    said = sorted(
        (word.start_s, word.end_s)
        for word in transcript.words
        if word.start_s is not None and word.end_s is not None
    )
    found = [
        _between(said, removal.start_s, removal.end_s, kind, transcript.duration_s)
        for removal in removals
        if removal.start_s is not None and removal.end_s is not None
        for kind in _kind(removal)
    ]
    joined = _joined(sorted(found, key=lambda one: one.start_s), said)
    pieces = [piece for one in joined for piece in _pieces(one)]
    return tuple(piece for piece in pieces if piece.end_s - piece.start_s >= SHORTEST_S)[:MOST]


def _kind(removal: Removal) -> tuple[FoundBy, ...]:
    if removal.kind == "tags":
        words = WORD.findall(folded(removal.text).replace("_", " "))
        return ("tag",) if _NOTES & set(removal.text) or MUSIC & set(words) else ()
    if removal.kind == "loops" and removal.start_s is not None and removal.end_s is not None:
        return ("loop",) if removal.end_s - removal.start_s >= LOOP_S else ()
    return ()


def _between(
    said: Sequence[tuple[float, float]],
    start_s: float,
    end_s: float,
    kind: FoundBy,
    duration_s: float | None,
) -> Stretch:
    """Return the stretch of a removal, a tag's with the silence around it.

    The times of a tag are those of a word that nobody said, and mostly short.
    """
    if kind == "loop":
        return Stretch(start_s, end_s, kind)
    place = bisect.bisect_right(said, (start_s, start_s))
    before = said[place - 1][1] if place else 0.0
    after = said[place][0] if place < len(said) else duration_s
    first_s = min(start_s, max(before, start_s - WIDENED_S))
    last_s = max(end_s, min(end_s + WIDENED_S, end_s if after is None else after))
    return Stretch(max(0.0, first_s), last_s, kind)


def _joined(found: Iterable[Stretch], said: Sequence[tuple[float, float]]) -> list[Stretch]:
    joined: list[Stretch] = []
    for one in found:
        last = joined[-1] if joined else None
        if last is not None and _is_next(last, one, said):
            kind: FoundBy = "tag" if "tag" in (last.found_by, one.found_by) else "loop"
            joined[-1] = Stretch(last.start_s, max(last.end_s, one.end_s), kind)
        else:
            joined.append(one)
    return joined


def _is_next(last: Stretch, one: Stretch, said: Sequence[tuple[float, float]]) -> bool:
    if one.start_s - last.end_s > APART_S:
        return False
    place = bisect.bisect_left(said, (last.end_s, last.end_s))
    return one.start_s <= last.end_s or place == len(said) or said[place][0] >= one.start_s


def _pieces(one: Stretch) -> list[Stretch]:
    """Cut a stretch into equal pieces that are heard at once."""
    length_s = one.end_s - one.start_s
    number = max(1, -int(-length_s // LONGEST_S))
    step_s = length_s / number
    return [
        Stretch(one.start_s + n * step_s, one.start_s + (n + 1) * step_s, one.found_by)
        for n in range(number)
    ]
