"""Reader for JSON of no known tool: a list of texts with times, wherever it stands in the document.

What is no transcript must not be read as one: nearly all objects need a text and a time, the times
must grow, and a key that only sometimes is a start (`time`, `offset`) needs an end beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from engine.errors import NotATranscript
from engine.reading import names, roles, speakers
from engine.reading.build import build, is_word_list, merged
from engine.reading.fields import Object, is_objects, segments
from engine.reading.reasons import Reason
from engine.reading.times import moment
from engine.records import Note, Transcript
from engine.text.languages import normalize

PRODUCER = "json"
DEEPEST = 3  # lists are looked for in objects in objects in the document
MOST = 0.8  # of the objects have a text and a time
SURE = frozenset(names.START[: names.START.index("offset")])  # starts by their name alone
_LANGUAGE = ("language", "lang", "language_code", "languageCode", "locale", "detected_language")
_DURATION = ("duration", "audio_duration", "total_duration", "duration_time")


def producer_of(document: Any) -> str | None:
    """Return "json" where a document holds a list of texts with times, else None."""
    return PRODUCER if _found(document) is not None else None


def read(document: Any, producer: str) -> Transcript:
    """Read a document for which `producer_of` gave "json"."""
    found = _found(document)
    if found is None:
        raise _not_one()
    holder, items = found
    notes: list[Note] = []
    raws = speakers.named(holder, segments(items, "segments", notes), notes)
    language = next((told for told in map(holder.get, _LANGUAGE) if isinstance(told, str)), None)
    if language is None:
        told = {str(item[key]) for item in items for key in _LANGUAGE if item.get(key)}
        language = told.pop() if len(told) == 1 else None
    duration = _duration(holder)
    listed = is_word_list(raws)
    transcript = build(
        producer,
        [merged(raws)] if listed else raws,
        language=normalize(language),
        duration_s=duration,
        regroup=listed or len(raws) == 1,
        notes=notes,
    )
    if transcript.timing == "none":
        raise _not_one()
    return transcript


def _not_one() -> NotATranscript:
    return NotATranscript(
        "This is JSON of a tool that llasa does not know, with times that nobody speaks at.",
        reason=Reason.NOT_A_TRANSCRIPT,
        hint="Export it as SRT or WebVTT there and give llasa that file.",
    )


def _duration(holder: Object) -> float | None:
    for key, value in holder.items():
        name, unit = names.unit_of(key)
        if name in _DURATION:
            return moment(value, scale=unit or 1.0)
    return None


def _found(document: Any) -> tuple[Object, list[Object]] | None:
    """Return the list that holds most text, and the object that it stands in."""
    best: tuple[int, tuple[Object, list[Object]] | None] = (0, None)
    for holder, items in _lists(document, DEEPEST):
        size = _text_in(items)
        if size > best[0]:
            best = (size, (holder, items))
    return best[1]


def _lists(value: Any, depth: int) -> Iterator[tuple[Object, list[Object]]]:
    if is_objects(value) and value:
        yield {}, value
    elif isinstance(value, dict) and depth:
        for inner in value.values():
            if is_objects(inner) and inner:
                yield value, inner
            elif isinstance(inner, dict):
                yield from _lists(inner, depth - 1)


def _text_in(items: list[Object]) -> int:
    """Return how many letters of a transcript the list holds; 0 if it is none."""
    found = roles.of(items)
    if found.text is None or (found.start is None and found.pair is None):
        return 0
    ended = found.end or found.length or found.pair
    if not ended and (found.start is None or names.unit_of(found.start)[0] not in SURE):
        return 0
    texts = [item.get(found.text) for item in items]
    said = [one for one in texts if isinstance(one, str) and one.strip()]
    starts = [found.span(item)[0] for item in items]
    known = [start for start in starts if start is not None]
    rising = sum(a <= b for a, b in pairwise(known))
    if min(len(said), len(known)) < MOST * len(items) or rising < MOST * (len(known) - 1):
        return 0
    return sum(map(len, said))
