"""Captions in tables and JSON: what was on the screen already, beside the unit of the times.

Words that are shown again make speech look too fast. So the unit is judged by what is new in each
caption, where the order of the words alone shows that they scroll. With times in seconds, captions
are then settled as those of subtitles are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.reading import captions
from engine.reading.clocks import Clocked, settled
from engine.reading.raw import RawSegment
from engine.reading.times import Timed
from engine.reading.units import Span, weight

SUBTITLES = frozenset(("srt", "vtt", "txt"))  # their readers have settled captions


def clocked(
    producer: str,
    segments: Sequence[RawSegment],
    words: Sequence[Timed],
    duration_s: float | None,
) -> Clocked:
    """Return the segments of a file, said once, with times that can be believed."""
    if producer in SUBTITLES or words or any(raw.words for raw in segments):
        return settled(producer, segments, words, duration_s)
    known: captions.Texts = {}
    if not captions.overlap(segments, known):
        return settled(producer, segments, words, duration_s)
    placed = [replace(raw, start_s=float(n), end_s=None) for n, raw in enumerate(segments)]
    # The order alone: a wrong unit makes no copy look impossible
    once = captions.settle(placed, known)
    spans = _new(once, lambda place: segments[int(place)].start_s)
    if spans is None and producer == "tsv":  # its format says the unit
        spans = _new(captions.settle(segments, known), lambda start: start)
    if spans is None:
        spans = _overlapping(placed, segments, known)
    if spans is not None:
        spans.append(Span("", 0, None, segments[-1].end_s))
    found = settled(producer, segments, words, duration_s, spans=spans)
    found.segments = captions.settle(found.segments, known)
    return found


def _new(once: Sequence[RawSegment], start_s: Callable[[float], float | None]) -> list[Span] | None:
    """Return what is new in each caption, with its start; None where nothing was shown again."""
    if not any(raw.again for raw in once):
        return None
    starts = [start_s(raw.start_s) for raw in once if raw.start_s is not None]
    texts = [raw.text for raw in once if raw.start_s is not None]
    return [
        Span(text, weight(text), start, end)  # a line stays until the next one comes
        for text, start, end in zip(texts, starts, [*starts[1:], None], strict=True)
    ]


def _overlapping(
    placed: Sequence[RawSegment], segments: Sequence[RawSegment], known: captions.Texts
) -> list[Span] | None:
    """Return what is new in captions that nothing proves yet; a wrong unit may be the reason."""
    counts = captions.new_words(placed, known)
    if counts is None:
        return None
    return [
        Span(f"{place} {raw.text}", count, raw.start_s, raw.end_s)
        for place, (raw, count) in enumerate(zip(segments, counts, strict=True))
    ]
