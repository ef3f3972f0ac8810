"""The transcript among what a JSON file holds: alone, in a wrapper, or in several pieces.

- inside of another object (`output`, `result`, a list of one, a text that is JSON itself): found
  where exactly one transcript is in it;
- one segment a line: the segments of one talk;
- several transcripts: one talk if they are the same, or if each goes on where the one before ends;
  otherwise refused, because nothing says which talk is meant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from engine.errors import NotATranscript
from engine.reading.notes import NoteName
from engine.reading.reasons import Reason
from engine.records import Note, Transcript

Reader = Callable[[Any, str], Transcript]
Detect = Callable[[Any], tuple[str, Reader]]

_UNKNOWN = "json"  # the producer of lists that were read by what their keys hold
_DEPTH = 6
_CHILDREN = 200
_HOLDERS = (
    "output outputs result results data response transcript transcription body payload content"
)
_LISTS = frozenset(_HOLDERS.split())
_SEGMENTS = ("segments", "chunks", "transcription", "results", "utterances", "words", "sentences")
_TIMES = ("start", "end", "timestamp", "timestamps", "offsets", "start_time", "t0")
_SLACK_S = 1.0


def read_values(values: list[Any], detect: Detect) -> Transcript:
    """Read the transcript in the JSON values of a file; raises `NotATranscript` for none."""
    if len(values) == 1:
        return _read_one(values[0], detect)
    if all(isinstance(value, dict) for value in values):
        pieces = [v for v in values if _is_piece(v)]
        if pieces and len(pieces) >= 0.5 * len(values):
            noted = Note(NoteName.DOCUMENTS_JOINED, count=len(values))
            return _noted(_read_one(pieces, detect), noted)
    return _several(values, detect)


def _read_one(document: Any, detect: Detect) -> Transcript:
    refusal: NotATranscript | None = None
    try:
        producer, reader = detect(document)
        if producer != _UNKNOWN:
            return reader(document, producer)
    except NotATranscript as error:
        if error.reason != Reason.NOT_A_TRANSCRIPT:
            raise
        refusal = error
    if isinstance(document, list) and len(document) > 1:
        known = [_is_whole(item, detect) for item in document[:_CHILDREN]]
        if all(known) and len(document) <= _CHILDREN:
            return _several(document, detect)
    found = list(_inside(document, "", _DEPTH, detect))
    if refusal is None:  # a tool that is not known: what is inside may be of one that is
        found = [(place, inner) for place, inner in found if detect(inner)[0] != _UNKNOWN]
    if not found:
        if refusal is not None:
            raise refusal
        return reader(document, producer)
    if len(found) > 1:
        return _several([inner for _, inner in found], detect)
    [(place, inner)] = found
    producer, reader = detect(inner)
    return _noted(reader(inner, producer), Note(NoteName.UNWRAPPED, detail=place or None))


def _several(values: list[Any], detect: Detect) -> Transcript:
    """Read several transcripts that are one talk."""
    if not all(_is_whole(value, detect) for value in values):
        raise NotATranscript(
            f"The file holds {len(values)} JSON values, one after the other, and they are no "
            "segments of one transcript.",
            reason=Reason.NOT_A_TRANSCRIPT,
        )
    noted = Note(NoteName.DOCUMENTS_JOINED, count=len(values))
    if all(value == values[0] for value in values):
        return _noted(_read_one(values[0], detect), noted)
    read = [_read_one(value, detect) for value in values]
    for before, after in pairwise(read):
        ends = [s.end_s for s in before.segments if s.end_s is not None]
        starts = [s.start_s for s in after.segments if s.start_s is not None]
        if not ends or not starts or starts[0] <= 0 or starts[0] < max(ends) - _SLACK_S:
            raise NotATranscript(
                f"The file holds {len(values)} transcripts, and nothing says that they are one "
                "talk.",
                reason=Reason.SEVERAL_TRANSCRIPTS,
                hint="Put each transcript into a file of its own.",
            )
    joined = replace(
        read[0],
        segments=tuple(segment for one in read for segment in one.segments),
        duration_s=max(
            (one.duration_s for one in read if one.duration_s is not None), default=None
        ),
        timing=read[0].timing if len({one.timing for one in read}) == 1 else "segment",
        relabelled=sum(one.relabelled for one in read),
        notes=tuple(note for one in read for note in one.notes),
    )
    return _noted(joined, noted)


def _inside(value: Any, place: str, depth: int, detect: Detect) -> Iterator[tuple[str, Any]]:
    """Yield the transcripts in an object that is none itself, with their places."""
    if isinstance(value, str):
        inner = _unquoted(value)
        if inner is not None:
            if _is_whole(inner, detect):
                yield _known_in(inner, place, depth - 1, detect)
            else:
                yield from _inside(inner, place, depth - 1, detect)
        return
    if depth == 0:
        return
    children: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        children = [(str(key), inner) for key, inner in list(value.items())[:_CHILDREN]]
    elif isinstance(value, list):
        children = [(f"[{i}]", inner) for i, inner in enumerate(value[:_CHILDREN])]
    for key, inner in children:
        name = ascii(key)[1:-1][:40]
        there = f"{place}{name}" if name.startswith("[") or not place else f"{place}.{name}"
        if _is_whole(inner, detect) and (not isinstance(inner, list) or key.lower() in _LISTS):
            yield _known_in(inner, there, depth - 1, detect)
        elif isinstance(inner, dict | list | str):
            yield from _inside(inner, there, depth - 1, detect)


def _known_in(value: Any, place: str, depth: int, detect: Detect) -> tuple[str, Any]:
    """Return a transcript, or that of a known tool in it: a wrapper looks like one of no tool."""
    if detect(value)[0] == _UNKNOWN:
        found = _inside(value, place, depth, detect)
        known = [one for one in found if detect(one[1])[0] != _UNKNOWN]
        if len(known) == 1:
            return known[0]
    return place, value


def _unquoted(value: str) -> Any:
    """Return the JSON in a text, None where it is none."""
    if len(value) < 20 or value.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return json.loads(value, strict=False)
    except (ValueError, RecursionError):
        return None


def _is_whole(value: Any, detect: Detect) -> bool:
    """Return whether a value is a transcript with segments or words, not just a text."""
    if isinstance(value, dict):
        if not any(isinstance(value.get(k), list | dict) and value[k] for k in _SEGMENTS):
            return False
    elif not isinstance(value, list) or not value or _is_whole(value[0], detect):
        return False
    try:
        detect(value)
    except NotATranscript:
        return False
    return True


def _is_piece(value: dict[str, Any]) -> bool:
    said = any(isinstance(value.get(key), str) for key in ("text", "word"))
    return said and any(key in value for key in _TIMES) and "segments" not in value


def _noted(transcript: Transcript, note: Note) -> Transcript:
    return replace(transcript, notes=(note, *transcript.notes))
