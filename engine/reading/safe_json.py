"""Bytes of an unknown file -> Python object, in bounded time, depth and memory.

What real and hostile files contain, and what happens to it:

- bytes in whatever encoding: see `engine.reading.encoding`;
- NaN and Infinity, numbers of thousands of digits: become None or an infinite float;
- nesting: refused beyond `MAX_DEPTH`, so that no recursion limit is reached;
- millions of empty containers: refused beyond `MAX_CONTAINERS`;
- a key twice in one object: the last one counts, as in every other reader of JSON;
- lone surrogates: kept here, `words.clean` replaces them;
- what tools write although JSON does not have it: a line end or a tab in a text, a backslash that
  begins no escape, a comma after the last value, Python's own notation. Read where the repair
  leaves no doubt, and noted;
- several values one after the other (JSON Lines): a list of them, see `engine.reading.wrapped`.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from typing import Any

from engine.errors import InvalidTranscript
from engine.reading.reasons import Reason

MAX_DEPTH = 100  # the deepest real transcript has 7 levels
MAX_CONTAINERS = 4_000_000  # a transcript of four hours with word times has about 60,000
MAX_PYTHON = 20_000_000  # characters of a dump in Python's notation

_STRUCTURE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_ESCAPE = re.compile(r'\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])|\\')
_LAST_COMMA = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z))|,(?=\s*[\]}])', re.DOTALL)
_PYTHON = re.compile(r"\s*(?:[\[({]\s*){1,5}'")
_ASK = (
    "Writing it again with the same tool gives the same file. Let the tool write SRT or WebVTT, "
    "or tell its authors what stands here."
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a JSON file holds."""

    values: list[Any]  # one, or several that stand one after the other
    repaired: tuple[str, ...] = ()  # what was not JSON


def parse_text(text: str) -> Parsed:
    """Parse the text of a JSON file; NaN and Infinity become None.

    Raises `InvalidTranscript` that names line and column: `truncated` where the text ends too
    early (a tool may still be writing the file), `not_json` elsewhere.
    """
    text = text.rstrip("\0")
    _check_structure(text)
    try:
        return Parsed(_values(text, strict=True))
    except json.JSONDecodeError as error:
        first = error
    repaired: list[str] = []
    written = text
    try:
        return Parsed(_values(text, strict=False), ("control characters in a text",))
    except json.JSONDecodeError as error:
        first = error
    for what, change in (("backslashes", _doubled), ("commas", _without_last_commas)):
        changed = change(text)
        if changed == text:
            continue
        text = changed
        repaired.append(what)
        try:
            return Parsed(_values(text, strict=False), tuple(repaired))
        except json.JSONDecodeError:
            continue
    if _PYTHON.match(written):
        value = _python(written)
        if value is not None:
            return Parsed([value], ("Python's notation",))
    raise _invalid(first, text)


def parse(data: bytes) -> Any:
    """Parse the bytes of a file that holds one JSON value."""
    from engine.reading.encoding import decode

    return parse_text(decode(data).text).values[0]


def _values(text: str, *, strict: bool) -> list[Any]:
    decoder = json.JSONDecoder(
        parse_int=_whole_number, parse_constant=lambda _: None, strict=strict
    )
    values: list[Any] = []
    at = 0
    size = len(text)
    while True:
        while at < size and text[at] in " \t\n\r\x1e":  # U+001E begins a record in JSON sequences
            at += 1
        if at == size and values:
            return values
        value, end = decoder.raw_decode(text, at)
        if values and not isinstance(value, dict | list):
            raise json.JSONDecodeError("Extra data", text, at)
        values.append(value)
        if len(values) == 1 and not isinstance(value, dict | list) and text[end:].strip():
            raise json.JSONDecodeError("Extra data", text, end)
        at = end
        if text[at : at + 1] == "," and text[at + 1 :].lstrip()[:1] in ("{", "["):
            at += 1  # objects of a list without its brackets


def _doubled(text: str) -> str:
    """Double each backslash that begins no escape, as in a Windows path."""

    def fixed(match: re.Match[str]) -> str:
        return _ESCAPE.sub(lambda found: "\\\\" if found[0] == "\\" else found[0], match[0])

    return _STRING.sub(fixed, text) if "\\" in text else text


def _without_last_commas(text: str) -> str:
    return _LAST_COMMA.sub(lambda match: match[1] or "", text)


def _python(text: str) -> Any:
    if len(text) > MAX_PYTHON or text.count("[") + text.count("{") + text.count("(") > 1_000_000:
        return None
    try:
        value = ast.literal_eval(re.sub(r"\b(?:nan|inf)\b(?=\s*[,}\])])", "None", text.strip()))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return json.loads(json.dumps(value)) if isinstance(value, dict | list) else None


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
        hint=_ASK,
    )
