"""What subtitles, tables and plain texts say, for `fidelity`: nothing of llasa is used."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.acceptance.raw_words import words_of

_LONE = re.compile("[\ud800-\udfff]+")
_TIMED = re.compile(r"\[[\d:.,]+ --> [\d:.,]+\] {0,2}(.*)")
_LABELLED = re.compile(r"\s*\[([A-Z]+[_ ]\d+)\]: ?(.*)", re.DOTALL)
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_ANY_VOICE = re.compile(r"</?v\b[^>]*>")
_TAG = re.compile(r"</?(?:[bcius]|font|ruby|rt|lang)\b[^>]*>|<[\d:.,]{5,}>")
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
    if suffix == ".vtt" and any(_VOICE.search(said) for said in texts):
        return {"segments": [segment for said in texts for segment in _voices(said)], "text": ""}
    if names:
        return {"segments": [*_turns(texts, names)], "text": ""}
    texts = [_ANY_VOICE.sub("", said) for said in texts]
    return {"segments": [_segment(unmarked(said)) for said in texts], "text": ""}


def ending(source: Path, about: dict[str, Any]) -> str:
    """Return the ending that a file's content has, which its metadata tells if it is another."""
    told = [n["detail"] for n in about.get("notes") or [] if n["note"] == "read_as"]
    return f".{told[0]}" if told else source.suffix.lower()


def decoded(raw: bytes, about: dict[str, Any]) -> str:
    """Return the text of a file in the encoding that its metadata tells, with whole characters."""
    told = [n["detail"] for n in about.get("notes") or [] if n["note"] == "encoding_inferred"]
    if told:
        return raw.decode(told[0])
    encoding = json.detect_encoding(raw)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return raw.decode(encoding, "surrogateescape")


def parsed(text: str, about: dict[str, Any], **kinds: Any) -> Any:
    """Return a JSON document, with cut characters whole and without the marks of tools."""
    told = {n["note"]: n for n in about.get("notes") or []}
    if "json_repaired" in told:
        text = re.sub(r'(?<!\\)\\(?![\\"/bfnrtu])', r"\\\\", text)
    documents = []
    decoder = json.JSONDecoder(strict=False, **kinds)
    text = text.strip(" \t\r\n\0\ufeff")
    at = 0
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        documents.append(document)
        at += len(text[at:]) - len(text[at:].lstrip())
    document = documents[0] if len(documents) == 1 else documents
    for key in re.findall(r"[^.\[\]]+", (told.get("unwrapped") or {}).get("detail") or ""):
        document = document[int(key) if isinstance(document, list) else key]
    _clean(document)
    return document


def _clean(value: Any) -> None:
    """Put cut characters together in the texts of neighbours, and take marks off all texts."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    if isinstance(value, list):
        for one, other in pairwise(value):
            if isinstance(one, dict) and isinstance(other, dict):
                _halves(one, other)
    for key, inner in items:
        if isinstance(inner, str):
            value[key] = unmarked(_LONE.sub("\ufffd", inner))
        elif isinstance(inner, dict | list):
            _clean(inner)


def _halves(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = one.get("text"), other.get("text")
    if not isinstance(first, str) or not isinstance(second, str):
        return
    match = re.search("([\ud800-\udfff]+)\\Z", first)
    follow = re.match("([\ud800-\udfff]+)([^\\W_]*)", second)
    if match and follow:
        try:
            whole = (match[1] + follow[1]).encode("utf-8", "surrogateescape").decode()
        except UnicodeError:
            whole = (match[1] + follow[1]).encode("utf-16", "surrogatepass").decode("utf-16")
        rest = follow[2] if not words_of(whole)[1:] and whole.isalpha() and whole < "\u3000" else ""
        one["text"] = first[: match.start()] + whole + rest
        other["text"] = second[len(follow[1]) + len(rest) :]


def unmarked(said: str) -> str:
    """Return a text without special tokens and colours, and with its entities decoded."""
    said = re.sub(r"\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)", "", said)
    said = re.sub(r"(?:\x1b\[|\x9b)[\d;?]*[A-Za-z]", "", said)
    said = re.sub(r"<\|[\w.:]*\|>|\[_[A-Za-z]+_?\w*\]", lambda m: _kept(m[0]), said)
    said = re.sub(r"\{\\[^{}]*\}|</?font[^>]*>", "", said).replace("\\N", " ")
    if re.fullmatch(r"\s*[\[(](?:\d+:)?\d+:\d\d(?:[.,]\d+)?[\])]\s*", said):
        return ""
    return html.unescape(html.unescape(said)) if re.search(r"&#?\w+;", said) else said


def _kept(mark: str) -> str:
    """Keep the tokens of chat models: a transcriber has no reason to write them but speech."""
    return (
        mark if re.match(r"<\|(?:im_|user|assistant|system|pad|end\||eot_id|\w+_id)", mark) else ""
    )


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


def _voices(cue: str) -> Iterator[dict[str, Any]]:
    """Yield what each voice of a cue says; a dash, a clock or a label alone is nothing said."""
    first, *rest = _VOICE.split(cue)
    turns = [(None, first), *zip(rest[::2], rest[1::2], strict=True)]
    for speaker, said in turns:
        said = unmarked(_ANY_VOICE.sub("", said)).strip()
        if speaker is None and not words_of(said):
            continue
        if said and said.casefold() not in ("speaker:", f"{speaker}:".casefold()):
            yield {"text": said, "speaker": speaker}


def _segment(said: str) -> dict[str, Any]:
    match = _LABELLED.match(said)
    return {"text": match[2], "speaker": match[1]} if match else {"text": said}
