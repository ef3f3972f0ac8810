"""What subtitles, tables and plain texts say, for `fidelity`: nothing of llasa is used."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

_TIMED = re.compile(r"\[[\d:.,]+ --> [\d:.,]+\] {0,2}(.*)")
_LABELLED = re.compile(r"\s*\[([A-Z]+[_ ]\d+)\]: ?(.*)", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")


def read_text(text: str, suffix: str) -> dict[str, Any]:
    """Return the text as a document of segments, as a Whisper tool's JSON would have them."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if suffix in (".srt", ".vtt"):
        texts = list(_cues(text))
    elif suffix in (".csv", ".tsv"):
        rows = csv.DictReader(io.StringIO(text), delimiter="," if suffix == ".csv" else "\t")
        texts = [row["text"] or "" for row in rows]
    elif any(_TIMED.match(line) for line in text.split("\n")[:5]):
        found = (_TIMED.match(line) for line in text.split("\n"))
        texts = [match[1] for match in found if match]
    else:
        texts = text.split("\n")
    return {"segments": [_segment(said) for said in texts], "text": ""}


def _cues(text: str) -> list[str]:
    cues = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        times = [n for n, line in enumerate(lines) if "-->" in line]
        if times:
            cues.append(_TAG.sub("", " ".join(lines[times[0] + 1 :])))
    return cues


def _segment(said: str) -> dict[str, Any]:
    match = _LABELLED.match(said)
    return {"text": match[2], "speaker": match[1]} if match else {"text": said}
