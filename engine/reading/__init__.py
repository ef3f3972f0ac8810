"""Bytes of a file -> transcript in the one normal form, whatever tool wrote them."""

from __future__ import annotations

from pathlib import PurePath

from engine.reading.detect import detect
from engine.reading.reasons import Reason
from engine.reading.safe_json import parse
from engine.reading.subtitles import FORMATS, read_text
from engine.records import Transcript

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
    """Read a transcript; the ending of the name separates text formats from JSON.

    The words come from the text of the segments, or from the whole text where the segments have
    none; no word is lost or invented. A transcript of silence has no words.

    Raises `InvalidTranscript` for a file that cannot be read, such as truncated JSON, and
    `NotATranscript` for one that is something else; `reason` is one of `Reason`.
    """
    kind = FORMATS.get(PurePath(name).suffix.lower())
    if kind is not None:
        return read_text(data, kind)
    document = parse(data)
    producer, reader = detect(document)
    return reader(document, producer)


__all__ = ["PRODUCERS", "Reason", "detect", "read"]
