"""Faults of times and of the order of voices: kind B."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from tests.engine.reading.fuzz import shapes
from tests.engine.reading.fuzz.case import CannotApply, Case, Fault

_WHOLE = (100, 1_000, 16_000, 1_000_000, 10_000_000, 1_000_000_000)
_EPOCH_S = 1_700_000_000.0


def scaled(value: Any, change: Callable[[float], float], *, words: bool = True) -> Any:
    """Return a document with every start and end changed."""
    if isinstance(value, list):
        return [scaled(inner, change, words=words) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        key: inner
        if key == "words" and not words
        else change(inner)
        if key in ("start", "end") and isinstance(inner, int | float)
        else scaled(inner, change, words=words)
        for key, inner in value.items()
    }


_CLOCKS = ("unit", "epoch", "in ms", "from segment", "whole seconds")  # one of them is enough


def _one_unit(case: Case) -> None:
    if sum(any(w in fault for w in _CLOCKS) for fault in case.faults) > 1:
        raise CannotApply


def _small_unit(case: Case) -> None:
    _one_unit(case)
    factor = case.rng.choice(_WHOLE)
    case.document = scaled(case.document, lambda time: round(time * factor))
    case.faults[-1] += f" {factor}"
    case.must_read = False
    case.times_kept = False


def _large_unit(case: Case) -> None:
    _one_unit(case)
    factor, places = case.rng.choice(((60, 4), (60, 2), (3600, 6)))
    case.document = scaled(case.document, lambda time: round(time / factor, places))
    case.faults[-1] += f" 1/{factor}"
    case.slack_s += factor * 10**-places
    case.must_read = False
    case.times_kept = False


def _whole_seconds(case: Case) -> None:
    _one_unit(case)
    if any(cue.end_s - cue.start_s < 1.0 for cue in case.cues):
        raise CannotApply
    case.document = scaled(case.document, round)
    case.slack_s += 1.0


def _words_in_ms(case: Case) -> None:
    _one_unit(case)
    holder = case.document["segments"]
    for item in holder:
        item["words"] = scaled(item["words"], lambda time: round(time * 1000))
    case.times_kept = False


def _counted_from(start: float) -> Callable[[float], float]:
    return lambda time: round(time - start, 3)


def _words_from_segment(case: Case) -> None:
    _one_unit(case)
    for item in case.document["segments"]:
        item["words"] = scaled(item["words"], _counted_from(item["start"]))
    case.times_kept = False


def _restarts(case: Case) -> None:
    if case.shown != case.said and "names in front" not in case.faults:
        raise CannotApply  # a line of captions that goes on over the cut is no line
    window = case.rng.choice((10.0, 30.0, 60.0))
    first = case.cues[0].start_s
    moved = []
    for cue in case.cues:
        number = int((cue.start_s - first) // window)
        zero = first + number * window
        moved.append(replace(cue, start_s=round(cue.start_s - zero, 3)))
        moved[-1] = replace(moved[-1], end_s=round(cue.end_s - zero, 3))
    if all(a.start_s <= b.start_s for a, b in pairwise(moved)):
        raise CannotApply
    case.cues = moved
    case.origin_s = first
    case.must_read = False
    case.times_kept = False


def _epoch(case: Case) -> None:
    _one_unit(case)
    case.origin_s = case.cues[0].start_s
    case.document = scaled(case.document, lambda time: round(time + _EPOCH_S, 3))
    case.must_read = False
    case.times_kept = False


def _duration(case: Case) -> None:
    if not isinstance(case.document, dict):
        raise CannotApply
    end = case.talk.lines[-1].end_s
    factor = case.rng.choice((1, 100, 1000, 0.01, 16_000))
    case.document["duration"] = round(end * factor * case.rng.uniform(1.0, 1.1), 2)
    case.faults[-1] += f" {factor}"


def _tracks(case: Case) -> None:
    """List what one voice says after what the other does, as channels of a call are."""
    case.alone()
    if len({cue.speaker for cue in case.cues}) < 2 or None in {cue.speaker for cue in case.cues}:
        raise CannotApply
    case.cues = sorted(case.cues, key=lambda cue: str(cue.speaker))
    case.overlapping = True
    case.must_read = False
    case.times_kept = False


def _overlaps(case: Case) -> None:
    if len(case.cues) < 2:
        raise CannotApply
    by = case.rng.choice((0.2, 0.5, 1.5))
    case.cues = [replace(cue, end_s=round(cue.end_s + by, 3)) for cue in case.cues]
    case.slack_s += 2 * by


def _no_ends(case: Case) -> None:
    def without(value: Any) -> Any:
        if isinstance(value, list):
            return [without(inner) for inner in value]
        if isinstance(value, dict):
            return {key: without(inner) for key, inner in value.items() if key != "end"}
        return value

    case.document = without(case.document)
    case.must_read = case.must_read and case.shape != "list"
    case.slack_s += 1e6  # a word may last until the next line begins
    case.times_kept = False


_LISTS = shapes.UNITLESS
FAULTS = (
    Fault("B", "small unit", 1, _small_unit, _LISTS),
    Fault("B", "small unit", 1, _small_unit, _LISTS),
    Fault("B", "large unit", 1, _large_unit, _LISTS),
    Fault("B", "whole seconds", 1, _whole_seconds, _LISTS),
    Fault("B", "words in ms", 1, _words_in_ms, frozenset(("words", "whisperx"))),
    Fault("B", "words from segment", 1, _words_from_segment, frozenset(("words", "whisperx"))),
    Fault("B", "restarts", 0, _restarts),
    Fault("B", "epoch", 1, _epoch, _LISTS),
    Fault("B", "duration", 1, _duration, _LISTS - {"list"}),
    Fault("B", "tracks", 0, _tracks, shapes.VOICED),
    Fault("B", "overlaps", 0, _overlaps),
    Fault("B", "no ends", 1, _no_ends, frozenset(("openai", "segments", "list"))),
)
