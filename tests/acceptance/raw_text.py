"""What subtitles, tables and plain texts say, for `fidelity`: nothing of llasa is used."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

from tests.acceptance.raw_words import words_of

_TIMED = re.compile(r"\[[\d:.,]+ --> [\d:.,]+\] {0,2}(.*)")
_LABELLED = re.compile(r"\s*\[([A-Z]+[_ ]\d+)\]: ?(.*)", re.DOTALL)
_TAG = re.compile(r"</?(?:[bciusv]|font|ruby|rt|lang)\b[^>]*>|<[\d:.,]{5,}>")
_CUE = re.compile(r"^[ \t]*[\d:.,]+ --> .*$", re.MULTILINE)


def read_text(text: str, suffix: str, names: Sequence[str] = ()) -> dict[str, Any]:
    """Return the text as a document of segments, as a Whisper tool's JSON would have them.

    `names` are the speakers that the metadata found in front of what they say.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if suffix in (".srt", ".vtt"):
        texts = _cues(text, numbered=suffix == ".srt")
    elif suffix in (".csv", ".tsv"):
        rows = csv.DictReader(io.StringIO(text), delimiter="," if suffix == ".csv" else "\t")
        texts = [row["text"] or "" for row in rows]
    elif any(_TIMED.match(line) for line in text.split("\n")[:5]):
        texts = []
        for line in text.split("\n"):
            match = _TIMED.match(line)
            if match:
                texts.append(match[1])
            elif texts:
                texts[-1] += " " + line
    else:
        texts = text.split("\n")
    if names:
        return {"segments": [*_turns(texts, names)], "text": ""}
    return {"segments": [_segment(said) for said in texts], "text": ""}


def _turns(texts: list[str], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Take the names off the front of what was said; what has none is said by the last one."""
    own = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    clock = r"[\[(]?(?:\d+:)?\d+:\d\d(?:[.,]\d+)?[\])]?"
    front = re.compile(
        rf"(?:(?:>>|[-–—])\s*)?\[?({own})\]?\s*(?:[:：](?=\s|$)\s*|:?[\s,–—-]+{clock}:?\s*$)"
        rf"|{clock}[\s,–—-]+({own})(?::|\s*$)\s*"
    )
    speaker = None
    for text in texts:
        match = front.match(text.strip())
        if match:
            speaker = match[1] or match[2]
            text = text.strip()[match.end() :]
        yield {"text": text, "speaker": speaker}


def shown(document: dict[str, Any]) -> list[bool]:
    """Return for each word whether its cue begins like the end of the cue before, up to it."""
    flags: list[bool] = []
    before: list[str] = []
    for segment in document["segments"]:
        words = words_of(segment["text"])
        if not words:
            continue
        most = min(len(words), len(before))
        size = next((n for n in range(most, 0, -1) if before[-n:] == words[:n]), 0)
        flags += [n < size for n in range(len(words))]
        before = words
    return flags


def _cues(text: str, *, numbered: bool) -> list[str]:
    _, *cues = _CUE.split(text)
    if numbered:  # the number of the next cue stands at the end of each but the last
        cues = [re.sub(r"\n[ \t]*\d+[ \t]*\n\Z", "", cue) for cue in cues[:-1]] + cues[-1:]
    else:
        cues = [re.split(r"\n[ \t]*\n", cue.lstrip("\n"))[0] for cue in cues]
    return [_TAG.sub("", " ".join(cue.split())) for cue in cues]


def _segment(said: str) -> dict[str, Any]:
    match = _LABELLED.match(said)
    return {"text": match[2], "speaker": match[1]} if match else {"text": said}
