"""What the model child and its parent say to each other: framed JSON over two pipes.

A frame is its length in four bytes, big-endian, and a JSON object. A request names its operation:
`load`, `enhance`, `facts`, `count`, `write`, `load_embedder`, `embed` or `nearest`. It is answered
by any number of `progress` and `text` events and then by one `ready`, `done` or `failed`. While an
answer is written, `cancel` with its number ends it: the child stops at the next token and sends
`done`.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errors import EngineError
from engine.records import (
    EnhancedPart,
    EnhancedWord,
    Layout,
    ModelInfo,
    Opinion,
    Part,
    Server,
    Word,
)
from engine.text import checkpoint

HEADER = struct.Struct(">I")
# A part is a few hundred words; anything larger is not a frame but noise.
MAX_FRAME_BYTES = 16 << 20


def pack(message: Mapping[str, Any]) -> bytes:
    """Return the frame of a message."""
    data = json.dumps(message, ensure_ascii=True, separators=(",", ":")).encode()
    return HEADER.pack(len(data)) + data


def unpack(data: bytes) -> dict[str, Any]:
    """Return the message of a frame's body; raises `ValueError`."""
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("a frame must hold an object")
    return message


def word_to_wire(word: Word) -> list[Any]:
    """Return what the child needs of a word: text, speaker, whether it is glued, terms offered."""
    plain = [word.text, word.speaker, word.glued]
    return [*plain, list(word.offered)] if word.offered else plain


def word_from_wire(data: Sequence[Any]) -> Word:
    """Read a word back."""
    offered = tuple(str(term) for term in data[3]) if len(data) > 3 else ()
    return Word(str(data[0]), speaker=data[1], glued=bool(data[2]), offered=offered)


def part_to_wire(part: Part) -> dict[str, Any]:
    """Return a part as the child gets it."""
    return {
        "index": part.index,
        "words": [word_to_wire(word) for word in part.words],
        "after": [word_to_wire(word) for word in part.after],
        "language": part.language,
    }


def part_from_wire(data: Mapping[str, Any]) -> Part:
    """Read a part back."""
    return Part(
        index=int(data["index"]),
        words=tuple(word_from_wire(word) for word in data["words"]),
        after=tuple(word_from_wire(word) for word in data["after"]),
        language=data.get("language"),
    )


def tail_to_wire(tail: Sequence[EnhancedWord]) -> list[list[Any]]:
    """Return the end of what is already enhanced."""
    return [
        [word.word.text, word.word.speaker, word.word.glued, word.text, word.paragraph]
        for word in tail
    ]


def tail_from_wire(data: Sequence[Sequence[Any]]) -> tuple[EnhancedWord, ...]:
    """Read the tail back."""
    return tuple(
        EnhancedWord(word_from_wire(item[:3]), str(item[3]), paragraph=bool(item[4]))
        for item in data
    )


def result_to_wire(part: EnhancedPart) -> dict[str, Any]:
    """Return a decoded part: per word what was written and whether a paragraph ends."""
    return {
        "status": part.status,
        "words": [[word.text, word.paragraph] for word in part.words],
        "tokens": part.tokens,
        "passes": part.passes,
        "decode_s": part.decode_s,
        "ties": part.ties,
        **checkpoint.served_to_json(part.served),
    }


def info_to_wire(info: ModelInfo) -> dict[str, Any]:
    """Return a model's description."""
    return dataclasses.asdict(info)


def info_from_wire(data: Mapping[str, Any]) -> ModelInfo:
    """Read a model's description back."""
    tuples = {key: tuple(data[key]) for key in ("tasks", "languages", "separators", "marks")}
    opinion, decider = data.get("opinion"), data.get("decider")
    server = data.get("server")
    return ModelInfo(
        **{
            **data,
            **tuples,
            "layout": Layout(**data["layout"]),
            "opinion": None if opinion is None else Opinion(**opinion),
            "decider": None if decider is None else info_from_wire(decider),
            "server": None if server is None else Server(**server),
        }
    )


def failure_to_wire(error: EngineError) -> dict[str, Any]:
    """Return the event that reports an error."""
    return {
        "event": "failed",
        "kind": type(error).__name__,
        "reason": error.reason,
        "message": str(error),
        "hint": error.hint,
    }
