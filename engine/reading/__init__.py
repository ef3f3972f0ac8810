"""Bytes of a file -> transcript in the one normal form, whatever tool wrote them."""

from __future__ import annotations

from dataclasses import replace

from engine.reading.cut import cut_notes, may_be_cut, rejoin
from engine.reading.detect import detect
from engine.reading.encoding import decode
from engine.reading.formats import is_read, kind_of, refuse_binary
from engine.reading.media import media_of
from engine.reading.notes import NoteName
from engine.reading.reasons import Reason
from engine.reading.safe_json import parse_text
from engine.reading.subtitles import read_text
from engine.reading.tool_marks import strip_document
from engine.reading.wrapped import read_values
from engine.records import Note, Transcript

PRODUCERS: tuple[str, ...] = (
    "openai-whisper",  # and mlx-whisper, which writes the same keys
    "whisper.cpp",
    "whisperx",
    "whisper-ctranslate2",
    "faster-whisper",  # dumps of its segments, and any plain list of start, end and text
    "insanely-fast-whisper",
    "transformers",
    "openai-api",
    "whisper-timestamped",
    "stable-ts",
    "deepgram",
    "assemblyai",
    "aws-transcribe",
    "podcasting-2.0",
    "parakeet-mlx",
    "youtube-transcript",  # the npm package
    "youtube",  # json3
    "elevenlabs",
    "speechmatics",
    "gladia",
    "azure-speech",
    "json",  # a list of texts with times, of no tool that llasa knows
    "srt",
    "vtt",
    "txt",
    "tsv",
    "csv",
)


def read(data: bytes, *, name: str) -> Transcript:
    """Read a transcript; its content and the ending of its name decide the format.

    The words come from the text of the segments, or from the whole text where the segments have
    none; no word is lost or invented. A transcript of silence has no words.

    Raises `InvalidTranscript` for a file that cannot be read, such as truncated JSON, and
    `NotATranscript` for one that is something else; `reason` is one of `Reason`.
    """
    refuse_binary(data)
    decoded = decode(data)
    kind, misnamed = kind_of(decoded.text, name)
    notes: list[Note] = []
    if decoded.code_page is not None:
        notes.append(Note(NoteName.ENCODING_INFERRED, detail=decoded.code_page))
    if misnamed:
        notes.append(Note(NoteName.READ_AS, detail=kind))
    if kind == "json":
        found, transcript = _json(decoded.text)
    else:
        found, transcript = read_text(decoded.text, kind)
    notes += found
    lost = sum(word.text.count("\ufffd") for word in transcript.words)
    if lost:
        notes.append(Note(NoteName.CHARACTERS_LOST, count=lost))
    return replace(transcript, notes=(*notes, *transcript.notes))


def _json(text: str) -> tuple[list[Note], Transcript]:
    parsed = parse_text(text)
    notes = [Note(NoteName.JSON_REPAIRED, detail=", ".join(parsed.repaired))]
    values, cut = rejoin(parsed.values) if may_be_cut(text) else (parsed.values, 0)
    values, marks = strip_document(values)
    found = [*(notes if parsed.repaired else ()), *cut_notes(cut), *marks]
    return found, replace(read_values(values, detect), media=media_of(values))


__all__ = ["PRODUCERS", "Reason", "detect", "is_read", "read"]
