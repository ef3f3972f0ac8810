"""Readers for the text formats that Whisper tools write: SRT, WebVTT, TXT, TSV and CSV."""

from __future__ import annotations

import csv
import html
import io
import re
import warnings
from collections.abc import Sequence

import pysubs2

from engine.errors import InvalidTranscript, NotATranscript
from engine.reading.build import RawSegment, build, is_word_list, merged
from engine.reading.fields import label
from engine.reading.reasons import Reason
from engine.reading.safe_json import decode
from engine.reading.times import seconds
from engine.records import Transcript

FORMATS = {".srt": "srt", ".vtt": "vtt", ".txt": "txt", ".tsv": "tsv", ".csv": "csv"}

# whisper-ctranslate2 and WhisperX write the speaker so in front of a line.
_LABEL = re.compile(r"\s*\[((?:SPEAKER|Speaker)[_ ]?\w{1,20})\]:?\s+")
_VOICE = re.compile(r"\s*<v(?:\.[\w.]+)?\s+([^>]{1,80})>")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,80}>|<\d{2}:[\d:.]+>|\{\\[^{}]{0,80}\}")
_STAMPED = re.compile(r"\[(\d\d:[\d:.,]+) --> (\d\d:[\d:.,]+)\](.*)")


def read_text(data: bytes, kind: str) -> Transcript:
    """Read one of `FORMATS`.

    Raises `InvalidTranscript` where nothing in the file has the form that its name promises.
    """
    content = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    readers = {"srt": _srt, "vtt": _vtt, "txt": _txt, "tsv": _tsv, "csv": _csv}
    return readers[kind](content)


def _srt(content: str) -> Transcript:
    return build("srt", _cues(content, "srt"))


def _vtt(content: str) -> Transcript:
    if not content.lstrip().startswith("WEBVTT"):
        raise _unreadable("WebVTT", "the first line is not WEBVTT")
    return build("vtt", _cues(content, "vtt"))


def _cues(content: str, kind: str) -> list[RawSegment]:
    """Read cues with pysubs2, keeping their text as it stands until the marks are read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            subtitles = pysubs2.SSAFile.from_string(
                content, format_=kind, keep_unknown_html_tags=True
            )
    except Exception as error:  # pysubs2 lets IndexError and others through
        raise _unreadable(kind.upper(), type(error).__name__) from None
    if not subtitles.events and content.strip() not in ("", "WEBVTT"):
        raise _unreadable(kind.upper(), "there is no line with times in it")
    return [
        _labelled(event.text.replace("\\N", "\n"), event.start / 1000, event.end / 1000)
        for event in subtitles.events
        if event.type == "Dialogue"
    ]


def _labelled(content: str, start: float | None, end: float | None) -> RawSegment:
    speaker = None
    for pattern in (_LABEL, _VOICE):
        match = pattern.match(content)
        if match:
            speaker = label(match.group(1))
            content = content[match.end() :]
            break
    return RawSegment(html.unescape(_TAG.sub("", content)), start, end, speaker)


def _txt(content: str) -> Transcript:
    """Read plain text, or whisper.cpp's standard output with `[start --> end]` before each line."""
    lines = content.split("\n")
    stamped = [match for match in (_STAMPED.match(line) for line in lines) if match]
    if stamped and len(stamped) >= 0.5 * sum(bool(line.strip()) for line in lines):
        return _stamped(stamped)
    raws = []
    for line in lines:
        match = _LABEL.match(line)
        speaker = label(match.group(1)) if match else None
        raws.append(RawSegment(line[match.end() :] if match else line, speaker=speaker))
    return build("txt", raws)


def _stamped(lines: Sequence[re.Match[str]]) -> Transcript:
    raws = [
        RawSegment(
            m.group(3)[1:] if m.group(3)[:1] == " " else m.group(3), seconds(m[1]), seconds(m[2])
        )
        for m in lines
    ]
    # The tool puts two spaces after the bracket; a third belongs to the text.
    raws = [
        RawSegment(r.text[1:] if r.text[:1] == " " else r.text, r.start_s, r.end_s) for r in raws
    ]
    if is_word_list(raws):
        return build("txt", [merged(raws)], regroup=True)
    return build("txt", raws)


def _tsv(content: str) -> Transcript:
    """Read openai-whisper's TSV: start and end in whole milliseconds, tab, text."""
    raws = []
    for number, line in enumerate(content.split("\n"), start=1):
        fields = line.split("\t", 2)
        if len(fields) == 3 and fields[0].strip() != "start":
            start = seconds(fields[0], scale=0.001)
            raws.append(_labelled(fields[2], start, seconds(fields[1], scale=0.001)))
        elif line.strip() and number > 1:
            raise _unreadable("TSV", f"line {number} has no start, end and text")
    return build("tsv", _with_times(raws, "TSV", content))


def _csv(content: str) -> Transcript:
    """Read a table with columns start, end (in seconds) and text, with or without a speaker."""
    try:
        rows = list(csv.DictReader(io.StringIO(content)))
    except csv.Error as error:
        raise _unreadable("CSV", str(error)) from None
    if not rows or not {"start", "end", "text"} <= {str(key).strip().lower() for key in rows[0]}:
        raise NotATranscript(
            "This table has no columns start, end and text.", reason=Reason.NOT_A_TRANSCRIPT
        )
    raws = []
    for row in rows:
        cells = {str(key).strip().lower(): value for key, value in row.items()}
        said = cells["text"] if isinstance(cells["text"], str) else ""
        raws.append(
            RawSegment(
                said, seconds(cells["start"]), seconds(cells["end"]), label(cells.get("speaker"))
            )
        )
    return build("csv", _with_times(raws, "CSV", content))


def _with_times(raws: list[RawSegment], kind: str, content: str) -> list[RawSegment]:
    if content.strip() and raws and all(raw.start_s is None for raw in raws):
        raise _unreadable(kind, "no line has a time")
    return raws


def _unreadable(kind: str, why: str) -> InvalidTranscript:
    return InvalidTranscript(
        f"This is not a readable {kind} file: {why}.", reason=Reason.BAD_SUBTITLES
    )
