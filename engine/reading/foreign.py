"""JSON that llasa recognises and does not read: its own outputs, and other services' formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.errors import NotATranscript
from engine.reading.fields import Object, is_objects
from engine.reading.reasons import Reason

OWN_SCHEMA = "llasa."  # what our sidecars' `schema` starts with


def own_output(document: Any) -> NotATranscript | None:
    """Return the error for a file that llasa wrote itself, else None."""
    schema = document.get("schema") if isinstance(document, dict) else None
    if isinstance(schema, str) and schema.startswith(OWN_SCHEMA):
        return NotATranscript("This file was written by llasa itself.", reason=Reason.OWN_OUTPUT)
    return None


def too_slow_for_seconds(times: Sequence[int], texts: Sequence[str]) -> bool:
    """Return whether whole numbers, read as seconds, give every word more than a minute."""
    words = sum(len(text.split()) for text in texts)
    return max(times) - min(times) > 60 * max(words, len(texts))


def foreign_service(document: Any) -> NotATranscript | None:
    """Return the error that names the service that a document seems to come from, else None."""
    name = None
    if isinstance(document, dict):
        name = _service_of(document)
    elif isinstance(document, list) and _is_app_word_list(document):
        name = "an app's own word list, such as hyprnote's (whole numbers without a unit as times)"
    if name is None:
        return None
    return NotATranscript(
        f"This seems to be {name}, which llasa does not read.",
        reason=Reason.FOREIGN_SERVICE,
        hint="Export it as SRT or WebVTT there and give llasa that file, or transcribe the audio "
        "with a Whisper tool.",
    )


def _service_of(document: Object) -> str | None:
    rules = (
        (_is_ibm(document), "an IBM Watson transcript"),
        (_is_speechmatics(document), "a Speechmatics transcript"),
        (_is_google(document), "a Google Speech-to-Text transcript"),
        (_is_kaldi(document), "a Kaldi transcript"),
        (_is_list_of(document, "result", "conf"), "a Vosk (Kaldi) transcript"),
        (_is_list_of(document, "monologues", "elements"), "a Rev.ai transcript"),
        (
            "recognizedPhrases" in document or "combinedPhrases" in document or "NBest" in document,
            "an Azure Speech transcript",
        ),
        (_is_gladia(document), "a Gladia transcript"),
        (_is_elevenlabs(document), "an ElevenLabs transcript"),
        (_is_list_of(document, "events", "tStartMs"), "YouTube's own captions"),
    )
    return next((name for holds, name in rules if holds), None)


def _alternatives(document: Object) -> list[Object]:
    results = document.get("results")
    if not is_objects(results, "alternatives") or not results:
        return []
    lists = [r["alternatives"] for r in results if isinstance(r.get("alternatives"), list)]
    return [a for found in lists for a in found if isinstance(a, dict)]


def _is_google(document: Object) -> bool:
    response = document.get("response")
    if isinstance(response, dict):
        document = response
    return any("transcript" in a or "words" in a for a in _alternatives(document))


def _is_ibm(document: Object) -> bool:
    results = document.get("results")
    inner = results[0] if is_objects(results) and results else {}
    if "result_index" in inner or "result_index" in document:
        return True
    return any("timestamps" in a and "transcript" in a for a in _alternatives(document))


def _is_speechmatics(document: Object) -> bool:
    results = document.get("results")
    return is_objects(results, "start_time") and bool(results) and "format" in document


def _is_kaldi(document: Object) -> bool:
    inner = document.get("retval")
    return isinstance(inner, dict) and "words" in inner


def _is_elevenlabs(document: Object) -> bool:
    # faster-whisper has language_probability too, but always beside its segments
    marked = "language_probability" in document and "words" in document
    return marked and "segments" not in document


def _is_list_of(document: Object, key: str, inner: str) -> bool:
    return bool(document.get(key)) and is_objects(document[key], inner)


def _is_gladia(document: Object) -> bool:
    inner = document.get("result", document)
    transcription = inner.get("transcription") if isinstance(inner, dict) else None
    return isinstance(transcription, dict) and "utterances" in transcription


def _is_app_word_list(document: list[Any]) -> bool:
    """Return whether this is a bare list of words whose whole-number times cannot be seconds."""
    if len(document) < 2 or not all(
        isinstance(item, dict) and {"start", "end", "text"} == item.keys() for item in document
    ):
        return False
    if sum(len(str(item["text"]).split()) for item in document) > 1.5 * len(document):
        return False  # sentences show how fast people speak, and so the unit
    times = [item[key] for item in document for key in ("start", "end")]
    if not all(isinstance(t, int) and not isinstance(t, bool) for t in times):
        return False
    return too_slow_for_seconds(times, [str(item["text"]) for item in document])
