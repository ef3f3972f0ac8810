"""Readers for everything that writes openai-whisper's keys: `segments` of start, end and text.

These are openai-whisper and mlx-whisper (the same keys: one name), whisper-ctranslate2,
faster-whisper dumps, whisper-timestamped, stable-ts, WhisperX and the OpenAI API. They differ in a
few keys, which only decide the producer's name: all segments are read in one way.
"""

from __future__ import annotations

from typing import Any

from engine.reading import fields, roles, speakers
from engine.reading.build import RawSegment, build, is_word_list, joined, merged
from engine.reading.fields import Object, is_objects, text, timed
from engine.reading.names import WORDS
from engine.reading.times import Timed, moment, seconds
from engine.records import Note, Transcript
from engine.text.languages import normalize

_TEXT_KEYS = frozenset({"text", "word", "words"})
_API_KEYS = frozenset({"task", "duration", "usage", "logprobs", "x_groq"})
_TEXT_ONLY_KEYS = _API_KEYS | {"text", "language", "segments", "words"}
_TUPLE_TEXTS = 12  # fields of a dumped tuple that are searched for its text


def producer_of(document: Any) -> str | None:
    """Return the producer of a document with openai-whisper's keys, else None."""
    if isinstance(document, list):
        return _producer_of_list(document)
    if not isinstance(document, dict):
        return None
    segments = document.get("segments")
    if segments is None or segments == []:
        return _producer_without_segments(document)
    if isinstance(segments, list) and all(isinstance(s, list) for s in segments):
        return "faster-whisper" if all(_tuple(s) for s in segments) else None
    if not _looks_like_segments(segments, document):
        return None
    items = [s for s in segments if isinstance(s, dict)] if isinstance(segments, list) else []
    return _producer_of_segments(items, document)


def _looks_like_segments(segments: Any, document: Object) -> bool:
    """Return whether these are the segments of a transcript, even of a damaged one."""
    items = [s for s in segments if isinstance(s, dict)] if isinstance(segments, list) else []
    if items:
        said = any(_TEXT_KEYS & item.keys() for item in items)
        return said and (_has_times(items) or "language" in document or "text" in document)
    return isinstance(document.get("text"), str) and "language" in document


def _has_times(items: list[Object]) -> bool:
    """Return whether the segments have times of a recording, not dates."""
    values = [item[key] for item in items for key in ("start", "end") if key in item]
    pairs = sum("timestamp" in item for item in items)
    if not values:
        return pairs > 0 or any(item.get("words") for item in items)
    dates = sum(isinstance(value, str) and seconds(value) is None for value in values)
    return 2 * dates <= len(values)


def _producer_of_list(document: list[Any]) -> str | None:
    if not document:
        return None
    if all(isinstance(item, list) for item in document):
        return "faster-whisper" if all(_tuple(item) for item in document) else None
    if not is_objects(document):
        return None
    texts = sum(bool(_TEXT_KEYS & item.keys()) for item in document)
    times = any("start" in item or "end" in item for item in document)
    if 2 * texts <= len(document) or not times or not _has_times(document):
        return None
    if any("score" in item and "word" in item for item in document):
        return "whisperx"
    return _producer_of_segments(document, {})


def _producer_without_segments(document: Object) -> str | None:
    has_text = isinstance(document.get("text"), str)
    if document.get("word_segments") and is_objects(document["word_segments"], "word"):
        return "whisperx"
    if document.get("segments") == []:
        if has_text:
            named = _producer_of_segments([], document)
            return "openai-whisper" if named == "faster-whisper" else named
        known = "language" in document or document.keys() <= {"segments", "word_segments"}
        return "whisperx" if known else None
    if has_text and (document.keys() <= _TEXT_ONLY_KEYS or _is_word_objects(document)):
        return "openai-api"
    return None


def _is_word_objects(document: Object) -> bool:
    return bool(document.get("words")) and is_objects(document["words"], "word")


def _producer_of_segments(items: list[Object], document: Object) -> str:
    lists = [s["words"] for s in items if isinstance(s.get("words"), list)]
    words = [word for found in lists for word in found[:3] if isinstance(word, dict)]
    rules = (
        ("stable-ts", {"ori_dict", "regroup_history", "nonspeech_sections"} & document.keys()),
        ("whisper-timestamped", any("text" in w and "confidence" in w for w in words)),
        ("whisper-timestamped", any("confidence" in s and "tokens" in s for s in items)),
        ("whisperx", "word_segments" in document or any("score" in w for w in words)),
        ("whisperx", any("chars" in s for s in items)),
        ("openai-api", _API_KEYS & document.keys() and "text" in document),
        ("openai-api", any(str(s.get("type")).startswith("transcript.") for s in items)),
    )
    for name, holds in rules:
        if holds:
            return name
    if any("tokens" in s or "seek" in s for s in items):
        if any("speaker" in s or _dataclass_order(s) for s in items):
            return "whisper-ctranslate2" if "text" in document else "faster-whisper"
        return "openai-whisper"
    if any("avg_log_prob" in s for s in items) and "text" in document:
        return "whisper-ctranslate2"
    if document and "text" not in document:
        return "whisperx"
    return "faster-whisper"


def _dataclass_order(item: Object) -> bool:
    """Return whether a segment has faster-whisper's field order, or its `words: null`."""
    if "words" in item and item["words"] is None:
        return True
    keys = list(item)
    if "temperature" in keys and "no_speech_prob" in keys:
        return keys.index("temperature") > keys.index("no_speech_prob")
    return False


def _tuple(item: Any) -> bool:
    """Return whether a list is a dumped `Segment` tuple: two numbers, later or before a text."""
    if not isinstance(item, list) or len(item) < 3:
        return False
    head = item[:_TUPLE_TEXTS]
    numbers = sum(isinstance(x, int | float) and not isinstance(x, bool) for x in head)
    return sum(isinstance(x, str) for x in head) == 1 and numbers >= 2


def read(document: Any, producer: str) -> Transcript:
    """Read a document for which `producer_of` gave this name."""
    if isinstance(document, list):
        document = {"segments": document}
    notes: list[Note] = []
    raws = speakers.named(document, _segments(document.get("segments"), notes), notes)
    words = _words(document, notes)
    language = normalize(document.get("language") or document.get("detected_language"))
    duration = moment(document.get("duration"))
    if not any(s.text.strip() for s in raws):
        content = text(document.get("text"), "text")
        if not content.strip():
            content = joined([word.text for word in words])
        start = 0.0 if duration is not None else None
        raws = [RawSegment(content, start, duration, words=tuple(words))]
        return build(
            producer,
            raws,
            language=language,
            duration_s=duration,
            regroup=bool(words),
            notes=notes,
        )
    if is_word_list(raws):
        raws, words = [merged(raws)], []
    return build(
        producer,
        raws,
        language=language,
        duration_s=duration,
        words=words,
        regroup=len(raws) == 1,
        notes=notes,
    )


def _segments(value: Any, notes: list[Note]) -> list[RawSegment]:
    if isinstance(value, list) and value and all(isinstance(item, list) for item in value):
        return [_from_tuple(item, f"segments[{i}]") for i, item in enumerate(value)]
    return fields.segments(value, "segments", notes)


def _from_tuple(item: list[Any], where: str) -> RawSegment:
    place = next(i for i, x in enumerate(item) if isinstance(x, str))
    # (id, seek, start, end, text, tokens, ...) in newer versions, (start, end, text, ...) in older
    start, end = item[place - 2 : place] if place >= 2 else [*item[place + 1 :], None, None][:2]
    lists = [x for x in item[place + 1 :] if isinstance(x, list) and x]
    words = next((x for x in lists if isinstance(x[0], list | dict)), None)
    return RawSegment(
        item[place],
        seconds(start),
        seconds(end),
        words=tuple(timed(words, f"{where}.words", keys=("word", "text"))),
    )


def _words(document: Object, notes: list[Note]) -> list[Timed]:
    for key in ("words", *WORDS):
        items = document.get(key)
        if isinstance(items, list) and any(isinstance(item, dict | list) for item in items):
            found = roles.of([item for item in items if isinstance(item, dict)])
            notes += found.notes()
            return timed(items, key, keys=("word", "text"), known=found)
    return []
