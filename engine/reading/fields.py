"""Typed access to what a producer wrote: wrong types raise, missing values are None."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from engine.errors import InvalidTranscript
from engine.reading.build import RawSegment, joined
from engine.reading.reasons import Reason
from engine.reading.times import Timed, moment
from engine.text.words import clean

LONGEST_LABEL = 80  # characters of a speaker's label that are kept

Object = dict[str, Any]


def objects(value: Any, where: str) -> list[Object]:
    """Return a list of objects; None counts as an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong_type(where, "a list", value)
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            raise wrong_type(f"{where}[{index}]", "an object", item)
    return value


def is_objects(value: Any, *keys: str) -> bool:
    """Return whether a value is a list of objects whose first ones have one of the keys.

    An empty list counts; without keys any object does.
    """
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return False
    return not keys or not value or any(key in item for item in value[:5] for key in keys)


def text(value: Any, where: str) -> str:
    """Return a text; a number becomes its digits, None the empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise wrong_type(where, "a text", value)


def number(value: Any) -> float | None:
    """Return a finite number from a number or its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def share(value: Any) -> float | None:
    """Return a number between 0 and 1; None for anything else."""
    result = number(value)
    return result if result is not None and 0.0 <= result <= 1.0 else None


def label(value: Any) -> str | None:
    """Return a speaker's label on one line; None where there is none."""
    if value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    result = " ".join(clean(str(value)).split())
    return result[:LONGEST_LABEL] if result and result != "?" else None


def timed(items: Any, where: str, *, keys: tuple[str, ...], scale: float = 1.0) -> list[Timed]:
    """Read a producer's `words` list; `keys` are the keys that a word's text may have."""
    if not isinstance(items, list):
        return []  # null, false: no word times
    result: list[Timed] = []
    for index, item in enumerate(items):
        if isinstance(item, list):  # a dumped tuple: start, end, word, probability
            item = dict(zip(("start", "end", "word", "probability"), item, strict=False))
        if not isinstance(item, dict):
            raise wrong_type(f"{where}[{index}]", "an object", item)
        start, end = span(item, scale=scale)
        said = next((item[key] for key in keys if item.get(key) is not None), None)
        certainty = (share(item.get(k)) for k in ("probability", "score", "confidence", "p"))
        result.append(
            Timed(
                text(said, f"{where}[{index}]"),
                start,
                end,
                label(item.get("speaker", item.get("speaker_id"))),
                next((c for c in certainty if c is not None), None),
            )
        )
    return result


def span(item: Object, *, scale: float = 1.0) -> tuple[float | None, float | None]:
    """Return start and end of an object in seconds, from `start`/`end` or `timestamp: [a, b]`."""
    pair = item.get("timestamp")
    if isinstance(pair, list) and "start" not in item:
        pair = [*pair, None, None]
        return moment(pair[0], scale=scale), moment(pair[1], scale=scale)
    return moment(item.get("start"), scale=scale), moment(item.get("end"), scale=scale)


def said(words: Iterable[Timed]) -> str:
    """Join a producer's words, for a segment without a text."""
    return joined([word.text for word in words])


def segment(item: Object, where: str, *, scale: float = 1.0) -> RawSegment:
    """Read a segment with the keys that most producers share."""
    words = timed(item.get("words"), f"{where}.words", keys=("word", "text"), scale=scale)
    content = text(item.get("text"), f"{where}.text")
    start, end = span(item, scale=scale)
    if not content.strip() and words:
        content = said(words)
    logprob = number(item.get("avg_logprob"))
    return RawSegment(
        text=content,
        start_s=start,
        end_s=end,
        speaker=label(item.get("speaker")),
        words=tuple(words),
        avg_logprob=number(item.get("avg_log_prob")) if logprob is None else logprob,
        compression_ratio=number(item.get("compression_ratio")),
        no_speech_prob=share(item.get("no_speech_prob")),
    )


def wrong_type(where: str, expected: str, value: Any) -> InvalidTranscript:
    """Return the error for a value of another type than its place has."""
    names = {
        "NoneType": "null", "dict": "an object", "list": "a list", "str": "a text",
        "bool": "true or false", "int": "a number", "float": "a number",
    }  # fmt: skip
    found = names.get(type(value).__name__, type(value).__name__)
    return InvalidTranscript(
        f"`{where}` should be {expected}, but is {found}.", reason=Reason.WRONG_TYPES
    )
