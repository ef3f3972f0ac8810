"""Document -> a time for every word, even where the producer gave none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.records import Document, EnhancedWord

_LETTERS_PER_S = 15.0  # of speech, for a text without any time


@dataclass(frozen=True, slots=True)
class Span:
    """When a word is said, in milliseconds."""

    start_ms: int
    end_ms: int


def times_of(document: Document) -> list[Span]:
    """Return a span for every word; starts never decrease.

    Words without times share the time between their neighbours by length. A text without any time
    is spread over its duration, or over the time that speaking it would take.
    """
    words = [word for paragraph in document.paragraphs for word in paragraph]
    if not words:
        return []
    starts = [word.word.start_s for word in words]
    ends = [word.word.end_s for word in words]
    weights = [len(word.text) + 1 for word in words]
    at = 0
    while at < len(words):
        if starts[at] is not None:
            at += 1
            continue
        stop = next((i for i in range(at, len(words)) if starts[i] is not None), len(words))
        _spread(starts, ends, weights, at, stop, document.duration_s)
        at = stop
    return _forward(words, starts, ends)


def _spread(
    starts: list[float | None],
    ends: list[float | None],
    weights: Sequence[int],
    first: int,
    stop: int,
    duration_s: float | None,
) -> None:
    total = sum(weights[first:stop])
    before = 0.0
    if first:
        before = ends[first - 1] or starts[first - 1] or 0.0
    natural = before + total / _LETTERS_PER_S
    after = starts[stop] if stop < len(starts) else None
    if after is None:
        after = duration_s if first == 0 and duration_s else natural
        if duration_s:
            after = min(after, max(duration_s, before))
    elif first == 0:
        before = max(0.0, after - total / _LETTERS_PER_S)
    after = max(after, before)
    said = 0
    for i in range(first, stop):
        starts[i] = before + (after - before) * said / total
        said += weights[i]
        ends[i] = before + (after - before) * said / total


def _forward(
    words: Sequence[EnhancedWord], starts: Sequence[float | None], ends: Sequence[float | None]
) -> list[Span]:
    spans = []
    least = 0
    for i in range(len(words)):
        start = max(least, round((starts[i] or 0.0) * 1000))
        end = ends[i]
        spans.append(Span(start, start if end is None else max(start, round(end * 1000))))
        least = start
    return spans
