"""Typed access to what a producer wrote: wrong types raise, missing values are None."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from engine.errors import InvalidTranscript
from engine.reading import roles
from engine.reading.build import RawSegment, joined
from engine.reading.notes import NoteName
from engine.reading.reasons import Reason
from engine.reading.roles import Roles, speaker_of
from engine.reading.times import Timed, moment
from engine.records import Note
from engine.text.words import clean

LONGEST_LABEL = 80  # characters of a speaker's label that are kept

_OWN_TEXT = "text=punctuated_word"  # Deepgram's, and no other's

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


def timed(
    items: Any,
    where: str,
    *,
    keys: tuple[str, ...],
    scale: float = 1.0,
    known: Roles | None = None,
    notes: list[Note] | None = None,
) -> list[Timed]:
    """Read a producer's `words` list; `keys` are the keys that a word's text may have.

    `known` are the roles of their other keys, where they were found for several lists together;
    else what was found out about the keys is added to `notes`.
    """
    if not isinstance(items, list):
        return []  # null, false: no word times
    if known is None:
        known = roles.of([item for item in items if isinstance(item, dict)])
        if notes is not None:
            notes += [n for n in known.notes() if n not in notes and n.detail != _OWN_TEXT]
    named = (*keys, known.text) if known.text and known.text not in keys else keys
    result: list[Timed] = []
    for index, item in enumerate(items):
        if isinstance(item, list):  # a dumped tuple: start, end, word, probability
            item = dict(zip(("start", "end", "word", "probability"), item, strict=False))
            start, end = span(item, scale=scale)
        elif isinstance(item, dict):
            start, end = known.span(item, scale=scale)
        else:
            raise wrong_type(f"{where}[{index}]", "an object", item)
        said = next((item[key] for key in named if item.get(key) is not None), None)
        certainty = (
            share(item.get(k)) for k in ("probability", "score", "confidence", "conf", "p")
        )
        result.append(
            Timed(
                text(said, f"{where}[{index}]"),
                start,
                end,
                label(speaker_of(item.get(known.speaker or "speaker"))),
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


def segments(value: Any, where: str, notes: list[Note]) -> list[RawSegment]:
    """Read a list of segments, and add to the notes what was found out about their keys."""
    items = objects(value, where)
    found = roles.of(items)
    inner = found.words or "words"
    lists = [item[inner] for item in items if isinstance(item.get(inner), list)]
    words = roles.of([word for one in lists for word in one if isinstance(word, dict)])
    told = found.notes()
    if words.speaker is not None:  # the words say what the segments do not
        told = [note for note in told if note.name != NoteName.SPEAKERS_UNREAD]
    if words.start is not None or words.pair is not None:
        told = [note for note in told if note.name != NoteName.TIMES_UNREAD]
    notes += told
    return [
        segment(item, f"{where}[{index}]", found=found, words=words)
        for index, item in enumerate(items)
    ]


def segment(item: Object, where: str, *, found: Roles, words: Roles) -> RawSegment:
    """Read a segment, whose keys and whose words' keys have these roles."""
    inner = found.words or "words"
    timed_words = timed(item.get(inner), f"{where}.{inner}", keys=("word", "text"), known=words)
    content = text(item.get(found.text or "text"), f"{where}.{found.text or 'text'}")
    start, end = found.span(item)
    if not content.strip() and timed_words:
        content = said(timed_words)
    return RawSegment(
        text=content,
        start_s=start,
        end_s=end,
        speaker=label(speaker_of(item.get(found.speaker or "speaker"))),
        words=tuple(timed_words),
        avg_logprob=_figure(item, "avg_logprob", "avg_log_prob", "avgLogprob"),
        compression_ratio=_figure(item, "compression_ratio", "compressionRatio"),
        no_speech_prob=share(_figure(item, "no_speech_prob", "noSpeechProb")),
    )


def _figure(item: Object, *keys: str) -> float | None:
    return next((found for key in keys if (found := number(item.get(key))) is not None), None)


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
