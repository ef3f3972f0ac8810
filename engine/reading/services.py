"""Readers for three speech services: Deepgram, AssemblyAI, Amazon Transcribe.

They give one text and its words. The text is read, the words give its times, and segments are cut
at pauses, speaker changes and sentence ends.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.reading.build import RawSegment, build
from engine.reading.fields import Object, is_objects, label, objects, said, share, text, timed
from engine.reading.times import Timed, moment
from engine.records import Note, Transcript
from engine.text.languages import normalize

_MS = 0.001
_LONGEST_WORD_S = 10  # a larger mean is in milliseconds


def producer_of(document: Any) -> str | None:
    """Return the service where the document is from one of these three, else None."""
    if isinstance(document, list):
        return "assemblyai" if _is_assemblyai_list(document) else None
    if not isinstance(document, dict):
        return None
    results = document.get("results")
    if isinstance(results, dict):
        if results.get("channels") and is_objects(results["channels"], "alternatives"):
            return "deepgram"
        if results.get("transcripts") and is_objects(results["transcripts"], "transcript"):
            return "aws-transcribe"
    marks = {"audio_url", "acoustic_model", "utterances", "audio_duration", "speech_model"}
    if len(marks & document.keys()) >= 2 and "text" in document and "words" in document:
        return "assemblyai"
    return None


def _is_assemblyai_list(document: list[Any]) -> bool:
    """Return whether these are AssemblyAI's sentences or paragraphs.

    They have whole milliseconds, and words with confidence. Seconds can be whole numbers too, but
    nobody takes ten of them for each word.
    """
    if not document or not is_objects(document, "words"):
        return False
    lists = [item.get("words") for item in document]
    if not all(is_objects(words, "confidence") for words in lists):
        return False
    words = [word for found in lists for word in found or ()]
    times = [item.get(key) for item in (*document, *words) for key in ("start", "end")]
    if not words or not all(isinstance(t, int) and not isinstance(t, bool) for t in times):
        return False
    return bool(sum(w["end"] - w["start"] for w in words) > _LONGEST_WORD_S * len(words))


def read(document: Any, producer: str) -> Transcript:
    """Read a document for which `producer_of` gave this name."""
    readers = {"deepgram": _deepgram, "assemblyai": _assemblyai, "aws-transcribe": _aws}
    return readers[producer](document)


def _deepgram(document: Object) -> Transcript:
    results = document["results"]
    channels = objects(results.get("channels"), "results.channels")
    raws: list[RawSegment] = []
    language = None
    notes: list[Note] = []
    for number, channel in enumerate(channels):
        where = f"results.channels[{number}]"
        alternatives = objects(channel.get("alternatives"), f"{where}.alternatives")
        best = alternatives[0] if alternatives else {}
        keys = ("punctuated_word", "word")
        words = timed(best.get("words"), f"{where}.words", keys=keys, notes=notes)
        if len(channels) > 1:
            words = [replace(word, speaker=word.speaker or f"CHANNEL {number}") for word in words]
        raws.append(whole(text(best.get("transcript"), f"{where}.transcript"), words))
        language = language or normalize(channel.get("detected_language"))
    metadata = document.get("metadata")
    duration = moment(metadata.get("duration")) if isinstance(metadata, dict) else None
    result = build(
        "deepgram", raws, language=language, duration_s=duration, regroup=True, notes=notes
    )
    if len(channels) == 1:
        return result
    # Each channel is one voice from start to end; in the transcript the voices take turns.
    order = sorted(
        enumerate(_channels_apart(raws)), key=lambda pair: (pair[1].start_s or 0.0, pair[0])
    )
    raws = [raw for _, raw in order]
    return build("deepgram", raws, language=language, duration_s=duration, notes=notes)


def _channels_apart(raws: list[RawSegment]) -> list[RawSegment]:
    pieces: list[RawSegment] = []
    for raw in raws:
        for part in build("deepgram", [raw], regroup=True).segments:
            words = tuple(
                Timed(w.text, w.start_s, w.end_s, w.speaker, w.confidence) for w in part.words
            )
            content = "".join(("" if w.glued else " ") + w.text for w in part.words)
            pieces.append(
                RawSegment(content, part.start_s, part.end_s, part.words[0].speaker, words)
            )
    return pieces


def _assemblyai(document: Any) -> Transcript:
    notes: list[Note] = []
    if isinstance(document, list):
        raws = _utterances(document, "sentences", notes)
        return build("assemblyai", raws, regroup=True, notes=notes)
    duration = moment(document.get("audio_duration"))
    language = normalize(document.get("language_code"))
    turns = document.get("utterances")
    if turns:
        raws = _utterances(turns, "utterances", notes)
    else:
        words = timed(document.get("words"), "words", keys=("text", "word"), scale=_MS, notes=notes)
        raws = [whole(text(document.get("text"), "text"), words)]
    return build(
        "assemblyai", raws, language=language, duration_s=duration, regroup=True, notes=notes
    )


def _utterances(items: Any, key: str, notes: list[Note]) -> list[RawSegment]:
    raws: list[RawSegment] = []
    for index, item in enumerate(objects(items, key)):
        where = f"{key}[{index}]"
        words = timed(
            item.get("words"), f"{where}.words", keys=("text", "word"), scale=_MS, notes=notes
        )
        raw = whole(text(item.get("text"), f"{where}.text"), words)
        start, end = moment(item.get("start"), scale=_MS), moment(item.get("end"), scale=_MS)
        raws.append(replace(raw, start_s=start, end_s=end, speaker=label(item.get("speaker"))))
    return raws


def _aws(document: Object) -> Transcript:
    results = document["results"]
    transcripts = objects(results.get("transcripts"), "results.transcripts")
    content = " ".join(text(t.get("transcript"), "transcript") for t in transcripts)
    turns = _aws_turns(results.get("speaker_labels"))
    words: list[Timed] = []
    for index, item in enumerate(objects(results.get("items"), "results.items")):
        where = f"results.items[{index}]"
        alternatives = objects(item.get("alternatives"), f"{where}.alternatives")
        best = alternatives[0] if alternatives else {}
        said_here = text(best.get("content"), f"{where}.content")
        start, end = moment(item.get("start_time")), moment(item.get("end_time"))
        if item.get("type") == "punctuation" and words:
            words[-1] = replace(words[-1], text=words[-1].text + said_here)
            continue
        speaker = label(item.get("speaker_label")) or turns.get(str(item.get("start_time")))
        words.append(Timed(said_here, start, end, speaker, share(best.get("confidence"))))
    language = normalize(results.get("language_code") or document.get("language_code"))
    return build("aws-transcribe", [whole(content, words)], language=language, regroup=True)


def _aws_turns(labels: Any) -> dict[str, str]:
    """Map the start of a word, as it is written, to its speaker."""
    found: dict[str, str] = {}
    if not isinstance(labels, dict):
        return found
    for turn in objects(labels.get("segments"), "results.speaker_labels.segments"):
        for item in objects(turn.get("items"), "results.speaker_labels.segments.items"):
            speaker = label(item.get("speaker_label") or turn.get("speaker_label"))
            if speaker is not None:
                found[str(item.get("start_time"))] = speaker
    return found


def whole(content: str, words: list[Timed]) -> RawSegment:
    """Return one segment of a text and its words."""
    starts = [word.start_s for word in words if word.start_s is not None]
    ends = [word.end_s for word in words if word.end_s is not None]
    return RawSegment(
        content if content.strip() else said(words),
        min(starts, default=None),
        max(ends, default=None),
        words=tuple(words),
    )
