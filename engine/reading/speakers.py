"""Speakers that a document names beside its segments: a list of names, or a list of turns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

from engine.reading import names, origins, roles, units
from engine.reading.fields import Object, is_objects, label
from engine.reading.notes import NoteName
from engine.reading.raw import RawSegment
from engine.records import Note

SAME_LENGTH = (0.2, 5.0)  # of the last turn's end to the last segment's: one unit
SAME_UNIT = (0.9, 1.1)  # the same, once the turns are in another unit
TOGETHER = 0.1  # of a segment's usual length, between the start of a turn and of a segment
MOST_TURNS = 0.7  # begin with a segment; by chance a fifth do


def named(document: Object, raws: list[RawSegment], notes: list[Note]) -> list[RawSegment]:
    """Return the segments with the speakers' names, and with speakers from a list of turns."""
    keys = [key for key in document if names.sounds_like_speaker(key) or key in ("turns", "names")]
    has = any(raw.speaker or any(word.speaker for word in raw.words) for raw in raws)
    unread = []
    for key in keys:
        value = document[key]
        known = _names(value)
        turns, unit = ([], None) if has else in_one_unit(_turns(value), raws)
        if known and has:
            raws = [_renamed(raw, known) for raw in raws]
        elif turns and any(raw.start_s is not None for raw in raws):
            if _is_of_each(raws, turns):
                raws = [replace(raw, speaker=t.speaker) for raw, t in zip(raws, turns, strict=True)]
            elif not goes_back(raws) and not goes_back(turns):
                raws = [replace(raw, speaker=speaker_at(raw, turns)) for raw in raws]
            has = any(raw.speaker for raw in raws)
            if has and unit is not None:
                notes.append(Note(NoteName.UNIT_INFERRED, len(turns), f"speakers: {unit}"))
            if not has:  # their times are others than those of the segments, or stand there twice
                unread.append(ascii(key)[1:-1][:40])
        elif value and not has and isinstance(value, list | dict):
            unread.append(ascii(key)[1:-1][:40])
    if has:
        notes[:] = [note for note in notes if note.name != NoteName.SPEAKERS_UNREAD]
    elif unread:
        notes.append(Note(NoteName.SPEAKERS_UNREAD, None, ", ".join(unread[:5])))
    return raws


def _names(value: Any) -> dict[str, str]:
    """Return the names of labels: `{"spk_0": "Ada"}`, or a list of objects with both."""
    found: dict[str, str] = {}
    if isinstance(value, dict):
        for key, name in value.items():
            told = label(roles.speaker_of(name))
            if told is not None and not isinstance(name, list):
                found[str(key)] = told
    elif is_objects(value):
        for item in value:
            name = next(
                (item[k] for k in ("name", "display_name", "displayName") if item.get(k)), None
            )
            known = [
                item[k] for k in ("id", "label", "speaker", "key", "tag") if item.get(k) is not None
            ]
            told = label(name)
            if told is not None:
                found |= {str(k): told for k in known if isinstance(k, str | int)}
    return found


def _renamed(raw: RawSegment, known: dict[str, str]) -> RawSegment:
    words = tuple(
        replace(word, speaker=known.get(word.speaker, word.speaker)) if word.speaker else word
        for word in raw.words
    )
    speaker = known.get(raw.speaker, raw.speaker) if raw.speaker else raw.speaker
    return replace(raw, speaker=speaker, words=words)


def _turns(value: Any) -> list[RawSegment]:
    """Return who speaks when, from a list of start, end and speaker."""
    if isinstance(value, dict):
        value = next((inner for inner in value.values() if is_objects(inner) and inner), None)
    if not value or not is_objects(value):
        return []
    found = roles.of(value)
    if found.speaker is None:
        return []
    turns = []
    for item in value:
        start, end = found.span(item)
        turns.append(RawSegment("", start, end, label(roles.speaker_of(item.get(found.speaker)))))
    return [turn for turn in turns if turn.start_s is not None and turn.end_s is not None]


def in_one_unit(
    turns: list[RawSegment], raws: Sequence[RawSegment]
) -> tuple[list[RawSegment], str | None]:
    """Return the turns in the unit of the segments, and its name if they had another.

    None of them where the two end so far apart that it is not clear whether one list is cut short
    or counts in another unit.
    """
    latest, ended = _latest(turns), _latest(raws)
    if not latest or not ended or SAME_LENGTH[0] <= latest / ended <= SAME_LENGTH[1]:
        return turns, None
    for (own, name), (other, _) in permutations(units.UNITS, 2):
        if SAME_UNIT[0] <= latest * own / other / ended <= SAME_UNIT[1]:
            scaled = [_scaled(turn, own / other) for turn in turns]
            if _begin_together(scaled, raws):
                return scaled, name if other == 1.0 else "that of the segments"
    return [], None


def _latest(spans: Sequence[RawSegment]) -> float | None:
    ends = [span.start_s if span.end_s is None else span.end_s for span in spans]
    return max((end for end in ends if end is not None), default=None)


def _scaled(turn: RawSegment, factor: float) -> RawSegment:
    return replace(
        turn,
        start_s=None if turn.start_s is None else turn.start_s * factor,
        end_s=None if turn.end_s is None else turn.end_s * factor,
    )


def _begin_together(turns: Sequence[RawSegment], raws: Sequence[RawSegment]) -> bool:
    """Return whether most turns begin where a segment does, as by chance they would not."""
    starts = sorted(raw.start_s for raw in raws if raw.start_s is not None)
    latest = _latest(raws)
    if not starts or latest is None:
        return False
    near = TOGETHER * (latest - starts[0]) / len(starts)
    found = sum(
        any(abs(turn.start_s - start) <= near for start in starts)
        for turn in turns
        if turn.start_s is not None
    )
    return found >= MOST_TURNS * len(turns)


def _is_of_each(raws: Sequence[RawSegment], turns: Sequence[RawSegment]) -> bool:
    """Return whether the turns are those of the segments, one by one."""
    return len(raws) == len(turns) and all(
        raw.start_s is not None
        and turn.start_s is not None
        and math.isclose(raw.start_s, turn.start_s, rel_tol=1e-9, abs_tol=1e-9)
        for raw, turn in zip(raws, turns, strict=True)
    )


def goes_back(spans: Sequence[RawSegment]) -> bool:
    """Return whether a clock starts again, so that one time is that of several moments."""
    times = [(span.start_s, span.end_s) for span in spans]
    return bool(origins.restarts(times)) or origins.out_of_order(times)[1] > 0


def speaker_at(raw: RawSegment, turns: Sequence[RawSegment]) -> str | None:
    """Return the speaker of most of a segment's time: a list of turns can lack the last ones."""
    start = raw.start_s
    if start is None:
        return None
    end = start if raw.end_s is None else raw.end_s
    best: tuple[float, str | None] = (0.0, None)
    for turn in turns:
        if turn.start_s is not None and turn.end_s is not None:
            common = min(end, turn.end_s) - max(start, turn.start_s)
            best = max(best, (common, turn.speaker), key=lambda pair: pair[0])
    if end > start:
        return best[1]
    # A point in time has no length to share. It belongs to the turn that it is in, and between two
    # turns to the one that begins there. A chunk without an end continues, so it is not in a turn
    # that ends there.
    inside = [t for t in turns if _is_in(start, t, at_end=raw.end_s is not None)]
    begun = [t for t in inside if _is_in(start, t, at_end=False)]
    return next((turn.speaker for turn in begun or inside), None)


def _is_in(time_s: float, turn: RawSegment, *, at_end: bool) -> bool:
    if turn.start_s is None or turn.end_s is None:
        return False
    return turn.start_s <= time_s < turn.end_s or (at_end and time_s == turn.end_s)
