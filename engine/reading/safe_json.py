"""Bytes of an unknown file -> Python object, in bounded time, depth and memory.

What real and hostile files contain, and what happens to it:

- a byte order mark, UTF-16 or UTF-32: recognised and decoded;
- bytes that are not UTF-8: a file that is mostly UTF-8 gets U+FFFD in their place (whisper.cpp cuts
  characters in its token lists), one without any UTF-8 sequence is read as Windows-1252;
- NaN and Infinity, numbers of thousands of digits: become None or an infinite float;
- nesting: refused beyond `MAX_DEPTH`, so that no recursion limit is reached;
- millions of empty containers: refused beyond `MAX_CONTAINERS`;
- a key twice in one object: the last one counts, as in every other reader of JSON;
- lone surrogates: kept here, `words.clean` replaces them.
"""

from __future__ import annotations

import json
import re
from typing import Any

from engine.errors import InvalidTranscript
from engine.reading.reasons import Reason

MAX_DEPTH = 100  # the deepest real transcript has 7 levels
MAX_CONTAINERS = 4_000_000  # a transcript of four hours with word times has about 60,000

_STRUCTURE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_SEQUENCES = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH = re.compile(rb"[\x80-\xff]")


def decode(data: bytes) -> str:
    """Decode the bytes of a text file, without its byte order mark.

    Raises `InvalidTranscript` for an empty file and for bytes in no known encoding.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise InvalidTranscript("The file is empty.", reason=Reason.EMPTY_FILE)
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = _decode_damaged(data, encoding)
    return text.removeprefix("\ufeff")


def _decode_damaged(data: bytes, encoding: str) -> str:
    if encoding not in ("utf-8", "utf-8-sig"):
        raise InvalidTranscript(
            f"The file looks like {encoding}, but is damaged.", reason=Reason.BAD_ENCODING
        )
    sequences = _SEQUENCES.findall(data)
    stray = len(_HIGH.findall(data)) - sum(map(len, sequences))
    if sequences and stray <= 4 * len(sequences):
        return data.decode("utf-8", errors="replace")
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise InvalidTranscript(
            f"Byte {error.start + 1} fits no text encoding that llasa knows.",
            reason=Reason.BAD_ENCODING,
            hint="Write the transcript again as UTF-8.",
        ) from None


def parse(data: bytes) -> Any:
    """Parse the bytes of a JSON file; NaN and Infinity become None.

    Raises `InvalidTranscript` that names line and column: `truncated` where the text ends too
    early (a tool may still be writing the file), `not_json` elsewhere.
    """
    text = decode(data).rstrip("\0")
    _check_structure(text)
    try:
        return json.loads(text, parse_int=_whole_number, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        raise _invalid(error, text) from None


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float(digits)


def _check_structure(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = containers = 0
    for match in _STRUCTURE.finditer(text):
        mark = text[match.start()]
        if mark in "[{":
            depth += 1
            containers += 1
            if depth > MAX_DEPTH or containers > MAX_CONTAINERS:
                line, column = _place(text, match.start())
                raise InvalidTranscript(
                    f"Line {line}, column {column}: nested too deeply, or too many objects.",
                    reason=Reason.TOO_DEEP if depth > MAX_DEPTH else Reason.TOO_COMPLEX,
                    hint="No Whisper tool writes such a file: nothing was read from it.",
                )
        elif mark in "]}":
            depth -= 1


def _place(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _invalid(error: json.JSONDecodeError, text: str) -> InvalidTranscript:
    # An unterminated string is reported where it opens, so the place alone is not enough.
    cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    if cut:
        return InvalidTranscript(
            f"The JSON ends too early, at line {error.lineno}, column {error.colno}: {error.msg}.",
            reason=Reason.TRUNCATED,
        )
    return InvalidTranscript(
        f"Line {error.lineno}, column {error.colno} is not JSON: {error.msg}.",
        reason=Reason.NOT_JSON,
    )
