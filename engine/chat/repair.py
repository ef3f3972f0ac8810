"""JSON as models write it -> values: the common faults are repaired, all others are named.

Repaired are code fences, raw line ends in strings, single quotes, quotes inside strings, trailing
commas, Python's constants, keys without quotes, and closing brackets that are missing or too many.
A string without an end is not repaired: nobody knows what is missing.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

_FENCE: Final = re.compile(r"\s*```[\w-]*[ \t]*\n?(.*?)(?:```\s*)?\Z", re.DOTALL)
_SOLID: Final = re.compile(r"\S")
_WORD: Final = re.compile(r"[\w.+-]+")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?\Z", re.ASCII)
_CONSTANTS: Final = {"true": "true", "false": "false", "null": "null", "none": "null"}
_CLOSERS: Final = {"{": "}", "[": "]"}
_SEPARATORS: Final = frozenset(" \t\r\n;,")


class Broken(ValueError):
    """The text is not JSON and cannot be repaired; its message says what is wrong."""


def load_all(text: str) -> list[Any]:
    """Return the JSON values that a text holds, one after the other; raises `Broken`."""
    text = without_fence(text).strip()
    try:
        return [_load(text)]
    except Broken:
        pass
    values = [_load(value) for value in _Repair(text).values()]
    if not values:
        raise Broken("it is empty")
    return values


def without_fence(text: str) -> str:
    """Return the text inside a code fence; a text without one as it is."""
    found = _FENCE.match(text)
    return found[1] if found else text


def _load(text: str) -> Any:
    try:
        return json.loads(text, strict=False, parse_constant=_refuse)
    except RecursionError as error:
        raise Broken("it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise Broken(f"{error.msg[:1].lower()}{error.msg[1:]} at character {error.pos}") from error
    except ValueError as error:  # a number of thousands of digits
        raise Broken("a number has too many digits") from error


def _refuse(constant: str) -> NoReturn:
    raise Broken(f"{constant} is no JSON")


class _Repair:
    """Reads a text once and writes it as strict JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[str] = []  # brackets
        self._out: list[str] = []
        self._values: list[str] = []

    def values(self) -> list[str]:
        """Return the values of the text, repaired; raises `Broken`."""
        while self._at < len(self._text):
            self._step(self._text[self._at])
        while self._open:
            self._close()
        return self._values

    def _step(self, character: str) -> None:
        if not self._open and character in _SEPARATORS:
            self._at += 1
        elif character in "\"'":
            self._emit(self._string(character))
        elif character in _CLOSERS:
            self._open.append(character)
            self._out.append(character)
            self._at += 1
        elif character in "}]":
            self._close_until(character)
            self._at += 1
        elif found := _WORD.match(self._text, self._at):
            self._at = found.end()
            self._emit(self._word(found[0]))
        elif character in ",:" or character.isspace():
            self._out.append(character)
            self._at += 1
        else:
            raise Broken(f"{character!r} at character {self._at} is out of place")

    def _emit(self, value: str) -> None:
        self._out.append(value)
        if not self._open:
            self._finish()

    def _finish(self) -> None:
        self._values.append("".join(self._out))
        self._out.clear()

    def _close_until(self, bracket: str) -> None:
        """Close what a bracket closes, and what was left open inside; others are too many."""
        if not any(_CLOSERS[opened] == bracket for opened in self._open):
            return
        while _CLOSERS[self._open[-1]] != bracket:
            self._close()
        self._close()

    def _close(self) -> None:
        while self._out and (self._out[-1].isspace() or self._out[-1] == ","):
            self._out.pop()
        self._out.append(_CLOSERS[self._open.pop()])
        if not self._open:
            self._finish()

    def _word(self, word: str) -> str:
        if self._open and self._next() == ":":
            return json.dumps(word, ensure_ascii=False)
        if _NUMBER.match(word):
            return word
        if word.lower() in _CONSTANTS:
            return _CONSTANTS[word.lower()]
        raise Broken(f"{word[:30]!r} stands there without quotes")

    def _string(self, quote: str) -> str:
        """Return the string that begins here, as JSON."""
        begin = self._at + 1
        at = begin
        while at < len(self._text):
            if self._text[at] == "\\":
                at += 2
            elif self._text[at] == quote and self._ends_string(at):
                self._at = at + 1
                return _quoted(self._text[begin:at])
            else:
                at += 1
        raise Broken("a string is not closed")

    def _ends_string(self, at: int) -> bool:
        """Return whether a quote ends its string: what follows can follow a string."""
        after = self._next(at + 1)
        return not after or after in (",:}];" if self._open else ",;")

    def _next(self, at: int | None = None) -> str:
        """Return the next character that is no white space; "" at the end."""
        found = _SOLID.search(self._text, self._at if at is None else at)
        return found[0] if found else ""


def _quoted(inside: str) -> str:
    """Return the inside of a string in double quotes, its own escapes kept."""
    pieces = re.split(r"(\\.)", inside, flags=re.DOTALL)
    kept = (_escape(piece) if piece.startswith("\\") else _raw(piece) for piece in pieces)
    return '"' + "".join(kept) + '"'


def _escape(piece: str) -> str:
    return piece if piece[1:] in tuple('"\\/bfnrtu') else _raw(piece.removeprefix("\\"))


def _raw(piece: str) -> str:
    return json.dumps(piece, ensure_ascii=False)[1:-1]
