"""Other tools' JSON as a document of segments, for `fidelity`: nothing of llasa is used."""

from __future__ import annotations

import re
from typing import Any

_TEXTS = ("text", "word", "body", "content", "transcript", "utterance", "sentence", "w", "value")
_SPEAKERS = re.compile(r"speaker|spk|voice|who|participant|persona", re.IGNORECASE)
_LISTS = (
    "transcription", "segments", "chunks", "utterances", "sentences", "lines", "captions", "items",
    "phrases",
)  # fmt: skip


def as_segments(document: Any) -> Any:
    """Return a document whose lists and keys are called as Whisper's tools call them."""
    if isinstance(document, dict):
        special = _special(document)
        if special is not None:
            return {"segments": special}
        if isinstance(document.get("results"), dict) or document.get("speakers"):
            return _named(document)
        for key in _LISTS:
            items = document.get(key)
            if isinstance(items, list) and items and all(isinstance(i, dict) for i in items):
                told = [_renamed(item) for item in items]
                own = key in ("transcription", "segments", "chunks")
                return {**document, key: told} if own else {"segments": told}
    if isinstance(document, list) and all(isinstance(item, dict) for item in document):
        return [_renamed(item) for item in document]
    return document


def _named(document: dict[str, Any]) -> dict[str, Any]:
    """Put the names of a map beside the segments in place of their labels."""
    names = document.get("speakers")
    if not isinstance(names, dict) or not isinstance(document.get("segments"), list):
        return document
    items = [_renamed(item) for item in document["segments"]]
    for item in items:
        item["speaker"] = names.get(str(item.get("speaker")), item.get("speaker"))
    return {**document, "segments": items, "speakers": None}


def _renamed(item: dict[str, Any]) -> dict[str, Any]:
    found = dict(item)
    if "text" not in item and "word" not in item:
        key = next((k for k in _TEXTS if isinstance(item.get(k), str)), None)
        if key is None:  # the longest text that there is
            texts = [k for k, value in item.items() if isinstance(value, str)]
            key = max(texts, key=lambda k: len(item[k]), default=None)
        if key is not None:
            found["text"] = item[key]
    if item.get("speaker") is None:
        keys = [k for k in item if _SPEAKERS.search(k) and isinstance(item[k], str | int)]
        found["speaker"] = next((item[k] for k in keys), None)
    if isinstance(found.get("speaker"), dict):
        value = found["speaker"]
        found["speaker"] = value.get("name", value.get("label", value.get("id")))
    words = item.get("words") or item.get("tokens")
    if isinstance(words, list) and all(isinstance(word, dict) for word in words):
        found["words"] = [_renamed(word) for word in words]
    return found


def _special(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return the segments of services that nest their words, else None."""
    if isinstance(document.get("events"), list):
        pieces = [event.get("segs") or [] for event in document["events"]]
        return [{"text": "".join(str(p.get("utf8", "")) for p in own)} for own in pieces]
    words = document.get("words")
    if "segments" not in document and isinstance(words, list) and "language_code" in document:
        said = [w for w in words if w.get("type") != "spacing"]
        told = [{"word": w["text"], "speaker": w.get("speaker_id")} for w in said if "text" in w]
        return [{"text": document.get("text"), "words": told}]
    results = document.get("results")
    if isinstance(results, list) and "format" in document:
        return [_joined(results)]
    inner = document.get("result", document)
    inner = inner.get("transcription") if isinstance(inner, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("utterances"), list):
        return [_renamed(item) for item in inner["utterances"]]
    phrases = document.get("recognizedPhrases")
    if isinstance(phrases, list):
        return [{"text": p["nBest"][0]["display"], "speaker": p.get("speaker")} for p in phrases]
    return None


def _joined(results: list[dict[str, Any]]) -> dict[str, Any]:
    words: list[dict[str, Any]] = []
    for item in results:
        best = item["alternatives"][0]
        if item.get("attaches_to") == "previous":
            words[-1]["word"] += best["content"]
        else:
            words.append({"word": best["content"], "speaker": best.get("speaker")})
    return {"text": " ".join(word["word"] for word in words), "words": words}
