"""Readers for documented formats beside Whisper's: one list of segments with keys of its own.

Podcasting 2.0 transcripts, parakeet-mlx, the npm package youtube-transcript, YouTube's json3,
ElevenLabs Scribe, Speechmatics, Gladia, and Azure Speech (batch and fast transcription).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.reading import speakers
from engine.reading.build import RawSegment, build, is_word_list, merged
from engine.reading.fields import Object, is_objects, label, objects, segments, share, text
from engine.reading.notes import NoteName
from engine.reading.services import whole
from engine.reading.times import Timed, moment
from engine.records import Note, Transcript
from engine.text.languages import normalize
from engine.text.words import is_spaceless

_TICK = 1e-7
_MS = 0.001


def producer_of(document: Any) -> str | None:
    """Return the producer where a document has a documented format with words in it, else None."""
    rules: tuple[tuple[str, Callable[[Any], bool]], ...] = (
        ("podcasting-2.0", _is_podcasting),
        ("parakeet-mlx", _is_parakeet),
        ("youtube-transcript", _is_youtube_transcript),
        ("youtube", _is_json3),
        ("elevenlabs", _is_elevenlabs),
        ("speechmatics", _is_speechmatics),
        ("gladia", lambda d: bool(_utterances(d))),
        ("azure-speech", lambda d: bool(_phrases(d))),
    )
    return next((name for name, holds in rules if holds(document)), None)


def read(document: Any, producer: str) -> Transcript:
    """Read a document for which `producer_of` gave this name."""
    readers: dict[str, Callable[[Any], Transcript]] = {
        "podcasting-2.0": _podcasting,
        "parakeet-mlx": _parakeet,
        "youtube-transcript": _youtube_transcript,
        "youtube": _json3,
        "elevenlabs": _elevenlabs,
        "speechmatics": _speechmatics,
        "gladia": _gladia,
        "azure-speech": _azure,
    }
    return readers[producer](document)


def _has(items: Any, *keys: str) -> bool:
    """Return whether this is a list of objects, not empty, all with these keys."""
    return bool(items) and is_objects(items) and all(item.keys() >= {*keys} for item in items)


def _is_podcasting(document: Any) -> bool:
    return isinstance(document, dict) and _has(document.get("segments"), "startTime", "body")


def _podcasting(document: Object) -> Transcript:
    notes: list[Note] = []
    raws = _segments(document, document["segments"], notes)
    language = normalize(document.get("language"))
    if is_word_list(raws):
        words = merged(raws, pieces=False)
        return build("podcasting-2.0", [words], language=language, regroup=True, notes=notes)
    return build("podcasting-2.0", raws, language=language, notes=notes)


def _segments(document: Object, items: Any, notes: list[Note]) -> list[RawSegment]:
    """Read segments whose format names their keys; only what is not read of them is told."""
    told: list[Note] = []
    raws = speakers.named(document, segments(items, "segments", told), told)
    notes += [note for note in told if note.name != NoteName.KEYS_INFERRED]
    return raws


def _is_parakeet(document: Any) -> bool:
    return isinstance(document, dict) and _has(document.get("sentences"), "text", "start", "tokens")


def _parakeet(document: Object) -> Transcript:
    notes: list[Note] = []
    raws = _segments(document, document["sentences"], notes)
    return build("parakeet-mlx", raws, notes=notes)


def _is_youtube_transcript(document: Any) -> bool:
    return isinstance(document, list) and _has(document, "text", "duration", "offset")


def _youtube_transcript(document: list[Any]) -> Transcript:
    notes: list[Note] = []
    raws = _until_the_next(_segments({}, document, notes))
    language = normalize(document[0].get("lang"))
    return build("youtube-transcript", raws, language=language, notes=notes)


def _until_the_next(raws: list[RawSegment]) -> list[RawSegment]:
    """End each caption where the next begins: it stays on the screen, but was said before."""
    for n in range(len(raws) - 1):
        end, following = raws[n].end_s, raws[n + 1].start_s
        if end is not None and following is not None and (raws[n].start_s or 0.0) < following < end:
            raws[n] = replace(raws[n], end_s=following)
    return raws


def _is_json3(document: Any) -> bool:
    events = document.get("events") if isinstance(document, dict) else None
    return is_objects(events, "tStartMs") and any(
        text(piece.get("utf8"), "utf8").strip()
        for event in events or ()
        for piece in _pieces(event)
    )


def _pieces(event: Object) -> list[Object]:
    pieces = event.get("segs")
    return pieces if is_objects(pieces) and pieces else []


def _json3(document: Object) -> Transcript:
    raws: list[RawSegment] = []
    for event in objects(document.get("events"), "events"):
        said = "".join(text(piece.get("utf8"), "utf8") for piece in _pieces(event))
        start = moment(event.get("tStartMs"), scale=_MS)
        if not said.strip() or start is None:
            continue  # a window, or the line end between two captions
        length = moment(event.get("dDurationMs"), scale=_MS)
        words: list[Timed] = []
        if len(_pieces(event)) > 1:
            for piece in _pieces(event):
                later = moment(piece.get("tOffsetMs", 0), scale=_MS)
                begins = None if later is None else start + later
                words.append(Timed(text(piece.get("utf8"), "utf8"), begins))
        end = None if length is None else start + length
        raws.append(RawSegment(said, start, end, words=tuple(words)))
    return build("youtube", _until_the_next(raws))


def _is_elevenlabs(document: Any) -> bool:
    if not isinstance(document, dict) or "segments" in document:
        return False
    words = document.get("words")
    typed = _has(words, "text", "type") and any(w["type"] == "word" for w in words or ())
    return typed and "language_code" in document


def _elevenlabs(document: Object) -> Transcript:
    words = [
        Timed(
            text(item.get("text"), "words"),
            moment(item.get("start")),
            moment(item.get("end")),
            label(item.get("speaker_id")),
        )
        for item in objects(document["words"], "words")
        if item.get("type") != "spacing"
    ]
    language = normalize(document.get("language_code"))
    raw = whole(text(document.get("text"), "text"), words)
    return build("elevenlabs", [raw], language=language, regroup=True)


def _is_speechmatics(document: Any) -> bool:
    if not isinstance(document, dict) or "format" not in document:
        return False
    return _has(document.get("results"), "alternatives", "type", "start_time")


def _speechmatics(document: Object) -> Transcript:
    words: list[Timed] = []
    content = ""
    for number, item in enumerate(objects(document["results"], "results")):
        found = objects(item.get("alternatives"), f"results[{number}].alternatives")
        best = found[0] if found else {}
        said = text(best.get("content"), f"results[{number}]")
        if item.get("attaches_to") == "previous" or item.get("type") == "punctuation":
            content += said
            continue
        glued = is_spaceless(content[-1:]) and is_spaceless(said[:1])
        content += said if glued or not content else f" {said}"
        speaker = label(best.get("speaker"))
        words.append(
            Timed(
                said,
                moment(item.get("start_time")),
                moment(item.get("end_time")),
                None if speaker == "UU" else speaker,  # what the service writes for nobody known
                share(best.get("confidence")),
            )
        )
    metadata = document.get("metadata")
    settings = metadata.get("transcription_config") if isinstance(metadata, dict) else None
    language = normalize(settings.get("language")) if isinstance(settings, dict) else None
    return build("speechmatics", [whole(content, words)], language=language, regroup=True)


def _utterances(document: Any) -> Any:
    """Return Gladia's utterances, or None."""
    inner = document.get("result", document) if isinstance(document, dict) else None
    found = inner.get("transcription") if isinstance(inner, dict) else None
    items = found.get("utterances") if isinstance(found, dict) else None
    return items if _has(items, "text", "start", "end") else None


def _gladia(document: Object) -> Transcript:
    inner = document.get("result", document)
    about = inner.get("metadata")
    duration = moment(about.get("audio_duration")) if isinstance(about, dict) else None
    told = inner["transcription"].get("languages")
    language = normalize(told[0]) if isinstance(told, list) and len(told) == 1 else None
    notes: list[Note] = []
    raws = _segments(inner["transcription"], _utterances(document), notes)
    return build("gladia", raws, language=language, duration_s=duration, notes=notes)


def _phrases(document: Any) -> Any:
    """Return the phrases of Azure's batch or fast transcription, or None."""
    if not isinstance(document, dict):
        return None
    items = document.get("recognizedPhrases")
    if is_objects(items, "nBest") and items:
        return items
    items = document.get("phrases")
    return items if _has(items, "text", "offsetMilliseconds") else None


def _azure(document: Object) -> Transcript:
    items = _phrases(document)
    raws = [_azure_phrase(item, f"phrases[{n}]") for n, item in enumerate(items)]
    channels = {item.get("channel") for item in items}
    if len(channels) > 1:  # each channel is one voice; in the transcript they take turns
        raws = [
            replace(raw, speaker=raw.speaker or f"CHANNEL {item.get('channel')}")
            for raw, item in zip(raws, items, strict=True)
        ]
        raws.sort(key=lambda raw: raw.start_s or 0.0)
    duration = moment(document.get("durationMilliseconds"), scale=_MS)
    if duration is None:
        duration = _ticks(document, "durationInTicks", "duration")
    locales = {str(item.get("locale")) for item in items}
    language = normalize(locales.pop()) if len(locales) == 1 else None
    return build("azure-speech", raws, language=language, duration_s=duration)


def _azure_phrase(item: Object, where: str) -> RawSegment:
    best = item
    if "nBest" in item:
        found = objects(item["nBest"], f"{where}.nBest")
        best = found[0] if found else {}
    words = []
    for word in objects(best.get("displayWords") or best.get("words"), f"{where}.words"):
        said = next((word[k] for k in ("displayText", "text", "word") if k in word), None)
        words.append(Timed(text(said, f"{where}.words"), *_azure_span(word)))
    content = next((best[k] for k in ("display", "text", "lexical") if best.get(k)), None)
    start, end = _azure_span(item)
    return RawSegment(
        text(content, where), start, end, label(item.get("speaker")), words=tuple(words)
    )


def _azure_span(item: Object) -> tuple[float | None, float | None]:
    start = moment(item.get("offsetMilliseconds"), scale=_MS)
    length = moment(item.get("durationMilliseconds"), scale=_MS)
    if start is None:
        start = _ticks(item, "offsetInTicks", "offset")
        length = _ticks(item, "durationInTicks", "duration")
    return start, None if start is None or length is None else start + length


def _ticks(item: Object, ticks: str, clock: str) -> float | None:
    found = moment(item.get(ticks), scale=_TICK)
    return moment(item.get(clock), scale=_TICK) if found is None else found
