"""Which format a file has: its content decides where that is certain, else the ending of its name.

A user names an SRT file `.txt`, a tool writes SRT under `.vtt`. What would make clocks and numbers
into words of the talk is never read as plain text.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from engine.errors import NotATranscript
from engine.reading.reasons import Reason

TEXTS = {".srt": "srt", ".vtt": "vtt", ".txt": "txt", ".tsv": "tsv", ".csv": "csv"}
JSON = frozenset((".json", ".jsonl", ".ndjson"))
_NAMES = {
    ".lrc": "LRC lyrics", ".ass": "ASS subtitles", ".ssa": "SSA subtitles", ".sbv": "SBV captions",
    ".sub": "MicroDVD subtitles", ".ttml": "TTML subtitles", ".dfxp": "TTML subtitles",
    ".smi": "SAMI subtitles", ".xml": "XML", ".html": "HTML", ".htm": "HTML", ".md": "Markdown",
    ".rtf": "RTF", ".docx": "Word documents", ".doc": "Word documents", ".odt": "text documents",
    ".pdf": "PDF", ".textgrid": "Praat's TextGrid", ".eaf": "ELAN files", ".wts": "karaoke scripts",
}  # fmt: skip
_MAGIC = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an Office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"RIFF", "audio or video"),
    (b"ID3", "audio"),
    (b"OggS", "audio"),
    (b"fLaC", "audio"),
    (b"SQLite format 3", "a database"),
    (b"bplist00", "a binary property list"),
)
_HEAD = 20_000  # characters that are looked at
_ARROW = re.compile(
    r"^[ \t]*(?:\d+:)?\d+:\d+[.,:]\d+[ \t]*-{1,2}>[ \t]*(?:\d+:)?\d+:\d+[.,:]\d+", re.MULTILINE
)
_OBJECT = re.compile(r"""\s*(?:\{\s*(?:["']|\})|\[\s*(?:\{\s*["'}]|\[\s*[-\d"'{]|\]\s*\Z))""")
_NOT_READ = (
    (re.compile(r"\A\s*\[Script Info\]|^Dialogue: ?\d", re.MULTILINE | re.IGNORECASE), ".ass"),
    (re.compile(r"^\d+:\d\d:\d\d\.\d{3},\d+:\d\d:\d\d\.\d{3}\s*$", re.MULTILINE), ".sbv"),
    (re.compile(r"\A\s*\{\d+\}\{\d+\}"), ".sub"),
    (re.compile(r"\A\s*\{\\rtf"), ".rtf"),
    (re.compile(r"\A\s*(?:<\?xml|<tt[\s>]|<transcript[\s>]|<timedtext)", re.IGNORECASE), ".xml"),
    (re.compile(r"\A\s*(?:<!doctype html|<html)", re.IGNORECASE), ".html"),
    (re.compile(r"\A\s*<sami", re.IGNORECASE), ".smi"),
)
_HINT = "Write SRT, WebVTT or JSON with your tool and give llasa that file."


def is_read(name: str) -> bool:
    """Return whether files whose names end like this one are read."""
    ending = PurePath(name).suffix.lower()
    return ending in TEXTS or ending in JSON


def refuse_binary(data: bytes) -> None:
    """Raise `NotATranscript` for a file that is no text at all and says what it is."""
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise NotATranscript(
                f"This is {what}, not a transcript.", reason=Reason.FORMAT_NOT_READ, hint=_HINT
            )


def kind_of(text: str, name: str) -> tuple[str, bool]:
    """Return "json" or the kind of text that a file is, and whether its name says something else.

    Raises `NotATranscript` for a format that is not read.
    """
    ending = PurePath(name).suffix.lower()
    named = TEXTS.get(ending, "json" if ending in JSON or not ending else None)
    head = text[:_HEAD].replace("\r\n", "\n").replace("\r", "\n")
    found = _content(head)
    if found in ("tsv", "csv") and named not in ("txt", "tsv", "csv"):
        found = None
    if found is not None and named is not None:
        return found, found != named
    if found in ("srt", "vtt", "json"):
        return found, ending != ""
    unread = next((e for pattern, e in _NOT_READ if pattern.search(head)), None)
    if named is None or (unread is not None and named != "json"):
        raise _not_read(ending if named is None else "", _NAMES.get(unread or ending))
    return named, False


def _content(head: str) -> str | None:
    """Return the format that the beginning of a file shows without doubt."""
    start = head.lstrip("\ufeff \t\r\n\0")
    if re.match(r"WEBVTT(?:\s|\Z)", start):
        return "vtt"
    if _OBJECT.match(start):
        return "json"
    if _ARROW.search(head):
        return "srt"
    first = start.split("\n", 1)[0].strip().lower()
    if re.match(r'"?start"?\t"?end"?\t', first):
        return "tsv"
    columns = {cell.strip().strip('"') for cell in first.split(",")}
    return "csv" if {"start", "end", "text"} <= columns else None


def _not_read(ending: str, what: str | None) -> NotATranscript:
    if ending:
        said = f"Files that end in {ascii(ending)[1:-1][:20]} are not read"
        message = f"{said}: {what}." if what else f"{said}."
    else:
        message = f"This is a file of another kind than its name says: {what}."
    return NotATranscript(message, reason=Reason.FORMAT_NOT_READ, hint=_HINT)
