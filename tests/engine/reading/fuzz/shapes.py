"""A talk in the shapes that tools write: JSON of several kinds, subtitles, tables, plain text."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

from engine.reading.times import spread
from engine.text.words import split_words
from tests.engine.reading.fuzz.talks import Line, Talk

Object = dict[str, Any]
JSON_SHAPES = (
    "openai", "words", "segments", "list", "chunks", "cpp", "whisperx", "podcast", "assemblyai",
)  # fmt: skip
TEXT_SHAPES = ("srt", "vtt", "txt", "tsv", "csv")
#: Shapes in which a speaker has a place of its own.
VOICED = frozenset(("segments", "list", "whisperx", "podcast", "assemblyai", "vtt", "csv"))
#: Shapes whose numbers have no unit that the format fixes.
UNITLESS = frozenset(("openai", "words", "segments", "list", "whisperx"))


def document(shape: str, talk: Talk, lines: Sequence[Line]) -> Any:
    """Return the talk as the JSON document of a tool."""
    return _DOCUMENTS[shape](talk, lines)


def content(shape: str, lines: Sequence[Line]) -> str:
    """Return the talk as the text of a file."""
    return _CONTENTS[shape](lines)


def dumped(rng: random.Random, value: Any) -> str:
    """Return a document as JSON, in one of the ways that tools write it."""
    indent = rng.choice((None, None, 2))
    return json.dumps(value, ensure_ascii=rng.random() < 0.3, indent=indent)


def clock(at_s: float, mark: str = ",") -> str:
    """Return a time as subtitles write it."""
    ms = round(at_s * 1000)
    hours, rest = divmod(ms, 3_600_000)
    return f"{hours:02}:{rest // 60_000:02}:{rest // 1000 % 60:02}{mark}{rest % 1000:03}"


def timed(line: Line) -> list[Object]:
    """Return the words of a line with times inside of it."""
    words = split_words(line.text)
    spans = spread([len(word.text) for word in words], line.start_s, line.end_s)
    return [
        {
            "word": ("" if word.glued else " ") + word.text,
            "start": round(start, 3),
            "end": round(end, 3),
            "probability": 0.9,
        }
        for word, (start, end) in zip(words, spans, strict=True)
    ]


def _items(lines: Sequence[Line], *, speakers: bool = True) -> list[Object]:
    return [
        {"start": line.start_s, "end": line.end_s, "text": " " + line.text}
        | ({"speaker": line.speaker} if speakers and line.speaker else {})
        for line in lines
    ]


def _openai(talk: Talk, lines: Sequence[Line]) -> Object:
    figures = {
        "seek": 0,
        "tokens": [50364, 2425],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.3,
        "no_speech_prob": 0.02,
    }
    items = [{"id": n, **item, **figures} for n, item in enumerate(_items(lines, speakers=False))]
    whole = "".join(item["text"] for item in items)
    return {"text": whole, "segments": items, "language": talk.language or "en"}


def _words(talk: Talk, lines: Sequence[Line]) -> Object:
    whole = _openai(talk, lines)
    for item, line in zip(whole["segments"], lines, strict=True):
        item["words"] = timed(line)
    return whole


def _segments(talk: Talk, lines: Sequence[Line]) -> Object:
    return {"language": talk.language or "en", "segments": _items(lines)}


def _list(talk: Talk, lines: Sequence[Line]) -> list[Object]:
    return _items(lines)


def _chunks(talk: Talk, lines: Sequence[Line]) -> Object:
    chunks = [{"timestamp": [line.start_s, line.end_s], "text": " " + line.text} for line in lines]
    return {"text": "".join(f" {line.text}" for line in lines), "chunks": chunks}


def _cpp(talk: Talk, lines: Sequence[Line]) -> Object:
    items = [
        {
            "timestamps": {"from": clock(line.start_s), "to": clock(line.end_s)},
            "offsets": {"from": round(line.start_s * 1000), "to": round(line.end_s * 1000)},
            "text": " " + line.text,
        }
        for line in lines
    ]
    result = {"language": talk.language or "en"}
    return {"systeminfo": "x", "result": result, "transcription": items}


def _whisperx(talk: Talk, lines: Sequence[Line]) -> Object:
    items = _items(lines)
    for item, line in zip(items, lines, strict=True):
        voice = {"speaker": line.speaker} if line.speaker else {}
        item["words"] = [
            {"word": w["word"].strip(), "start": w["start"], "end": w["end"], "score": 0.9, **voice}
            for w in timed(line)
        ]
    return {"segments": items, "language": talk.language or "en"}


def _podcast(talk: Talk, lines: Sequence[Line]) -> Object:
    items = [
        {"startTime": line.start_s, "endTime": line.end_s, "body": line.text}
        | ({"speaker": line.speaker} if line.speaker else {})
        for line in lines
    ]
    return {"version": "1.0.0", "segments": items}


def _assemblyai(talk: Talk, lines: Sequence[Line]) -> Object:
    def ms(line: Line) -> Object:
        return {"start": round(line.start_s * 1000), "end": round(line.end_s * 1000)}

    said = [
        {"text": line.text, **ms(line), "confidence": 0.9}
        | ({"speaker": line.speaker} if line.speaker else {})
        | {"words": [
            {
                "text": w["word"].strip(),
                "start": round(w["start"] * 1000),
                "end": round(w["end"] * 1000),
                "confidence": 0.9,
                "speaker": line.speaker,
            }
            for w in timed(line)
        ]}
        for line in lines
    ]  # fmt: skip
    return {
        "id": "a1",
        "language_code": talk.language or "en",
        "audio_url": "x",
        "acoustic_model": "default",
        "status": "completed",
        "text": " ".join(line.text for line in lines),
        "words": [word for one in said for word in one["words"]],
        "utterances": said,
    }


def _srt(lines: Sequence[Line]) -> str:
    return "\n".join(
        f"{n}\n{clock(line.start_s)} --> {clock(line.end_s)}\n{line.text}\n"
        for n, line in enumerate(lines, start=1)
    )


def _vtt(lines: Sequence[Line]) -> str:
    cues = [
        f"{clock(line.start_s, '.')} --> {clock(line.end_s, '.')}\n"
        + (f"<v {line.speaker}>" if line.speaker else "")
        + line.text
        for line in lines
    ]
    return "\n\n".join(("WEBVTT", *cues)) + "\n"


def _txt(lines: Sequence[Line]) -> str:
    return "".join(
        f"[{clock(line.start_s, '.')} --> {clock(line.end_s, '.')}]   {line.text}\n"
        for line in lines
    )


def _tsv(lines: Sequence[Line]) -> str:
    rows = [
        f"{round(line.start_s * 1000)}\t{round(line.end_s * 1000)}\t{line.text}" for line in lines
    ]
    return "\n".join(("start\tend\ttext", *rows)) + "\n"


def _csv(lines: Sequence[Line]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("start", "end", "text", "speaker"))
    for line in lines:
        writer.writerow((line.start_s, line.end_s, line.text, line.speaker or ""))
    return out.getvalue()


_DOCUMENTS: dict[str, Callable[[Talk, Sequence[Line]], Any]] = {
    "openai": _openai,
    "words": _words,
    "segments": _segments,
    "list": _list,
    "chunks": _chunks,
    "cpp": _cpp,
    "whisperx": _whisperx,
    "podcast": _podcast,
    "assemblyai": _assemblyai,
}
_CONTENTS: dict[str, Callable[[Sequence[Line]], str]] = {
    "srt": _srt,
    "vtt": _vtt,
    "txt": _txt,
    "tsv": _tsv,
    "csv": _csv,
}
