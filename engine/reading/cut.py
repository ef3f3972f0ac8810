"""Characters that a tool cut in two, put together again.

whisper.cpp ends a segment or a token after any byte; others cut between the halves of an escaped
surrogate pair. The first half stands at the end of one text and the second at the start of the
next one of the same kind. The whole character belongs to the first, with the rest of its word. A
half without the other is U+FFFD: no letter is guessed. The rest of a word is its letters, vowel
signs and the marks that follow them without a space.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import regex  # type: ignore[import-untyped]

from engine.reading.encoding import STRAY
from engine.reading.notes import NoteName
from engine.records import Note
from engine.text.letters import LETTER
from engine.text.words import is_spaceless

_S = "[\U0010ff80-\U0010ffff]"
_HEAD = re.compile(rf"(?:{_S}{{1,3}}|[\ud800-\udbff])\Z")
_TAIL = re.compile(rf"(?:{_S}{{1,3}}|[\udc00-\udfff])")
_REST = regex.compile(
    rf"(?:{LETTER}|['’\u200c\u200d-](?={LETTER}))*"
    # Marks, not those of JSON, tags and tables, before a space, a token or the end of a style
    r"(?:[\p{P}--[<>\[\]{}\"_\\]]+(?=\s|\Z|\[_[A-Z]|<\||</))?",
    regex.V1,
)
_LOST = re.compile(rf"{_S}{{1,4}}")
_BORDER = regex.compile(  # between two texts of a file: marks, numbers and line ends
    rf"({_S}{{1,3}})([^\p{{L}}\p{{M}}_{_S[1:-1]}]{{1,160}})({_S}{{1,3}})({_REST.pattern})",
    regex.V1,
)
_PIECE = re.compile(rf"{_S}|[\ud800-\udfff]")
_PIECES = frozenset(("tokens", "words", "word_segments", "chars"))
_MARK = re.compile(r"\s*(?:\[_.*\]|<\|.*\|>)?\s*")


def may_be_cut(content: str) -> bool:
    """Return whether JSON can have a character that is cut in two."""
    if "\\ud" in content or "\\uD" in content:
        return True
    return not content.isascii() and _PIECE.search(content) is not None


def rejoin(document: Any) -> tuple[Any, int]:
    """Return a JSON document with whole characters, and how many were cut."""
    groups: dict[tuple[str, ...], list[tuple[Any, Any]]] = {}
    _collect(document, (), groups)
    count = 0
    for path, places in groups.items():
        whole_words = not _PIECES & set(path)
        count += _rejoin_group(places, whole_words=whole_words)
    return _replaced(document), count


def cut_notes(count: int) -> list[Note]:
    """Return what is told of characters that were put together again."""
    return [Note(NoteName.CHARACTERS_REJOINED, count=count)] if count else []


def rejoin_text(content: str) -> tuple[str, int]:
    """Return the content of a text file with whole characters, and how many were cut."""
    count = 0

    def join(match: regex.Match[str]) -> str:
        nonlocal count
        found = _whole(match[1], match[3])
        if found is None:
            return str(match[0])
        count += 1
        char, head, tail = found
        rest = "" if is_spaceless(char) or tail < len(match[3]) else match[4]
        kept = match[3][tail:] + match[4][len(rest) :]
        return str(match[1][: len(match[1]) - head] + char + rest + match[2] + kept)

    if content.isascii() or _PIECE.search(content) is None:
        return content, 0
    before = -1
    while before != count:
        before = count
        content = _BORDER.sub(join, content)
    return _LOST.sub("\ufffd", content), count


def _collect(
    value: Any, path: tuple[str, ...], groups: dict[tuple[str, ...], list[tuple[Any, Any]]]
) -> None:
    """Group the places of all texts by their path without the numbers, in the order of the file."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, str):
                groups.setdefault((*path, key), []).append((value, key))
            else:
                _collect(inner, (*path, key), groups)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            if isinstance(inner, str):
                groups.setdefault(path, []).append((value, number))
            else:
                _collect(inner, path, groups)


def _rejoin_group(places: list[tuple[Any, Any]], *, whole_words: bool) -> int:
    count = 0
    opened: tuple[Any, Any] | None = None  # the text that ends in the first half
    for holder, key in places:
        text = holder[key]
        if opened is not None and not _MARK.fullmatch(text):
            first, second = _HEAD.search(opened[0][opened[1]]), _TAIL.match(text)
            if first is not None and second is not None:
                joined = _whole(first[0], second[0])
                before = opened[0][opened[1]]
                if joined is not None:
                    char, head, tail = joined
                    rest = ""
                    if whole_words and not is_spaceless(char):
                        found = _REST.match(text, tail)
                        rest = found[0] if found is not None else ""
                    opened[0][opened[1]] = before[: len(before) - head] + char + rest
                    holder[key] = text = text[tail + len(rest) :]
                    count += 1
                elif _is_middle(first[0] + text):
                    opened[0][opened[1]] = before + text  # three tokens for one character
                    holder[key] = ""
                    continue
            opened = None
        if _HEAD.search(text):
            opened = (holder, key)
    return count


def _is_middle(pieces: str) -> bool:
    try:
        _bytes(pieces).decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    except ValueError:
        return False
    return False


def _whole(first: str, second: str) -> tuple[str, int, int] | None:
    """Return the character that two halves make and their lengths, None where they make none."""
    if ord(first[0]) < STRAY:
        pair = (first + second[:1]).encode("utf-16-le", "surrogatepass")
        try:
            return pair.decode("utf-16-le"), 1, 1
        except UnicodeDecodeError:
            return None
    for head in range(1, len(first) + 1):
        for tail in range(1, len(second) + 1):
            try:
                char = _bytes(first[-head:] + second[:tail]).decode("utf-8")
            except (UnicodeDecodeError, ValueError):
                continue
            return char, head, tail
    return None


def _bytes(strays: str) -> bytes:
    return bytes(ord(char) - STRAY for char in strays)


def _replaced(document: Any) -> Any:
    """Put U+FFFD in the place of bytes that fit nowhere."""
    return mapped(document, lambda text: _LOST.sub("\ufffd", text))


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Change every text of a JSON document in place; return the document."""
    if isinstance(value, str):
        return change(value)
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        if isinstance(inner, str):
            value[key] = change(inner)
        elif isinstance(inner, dict | list):
            mapped(inner, change)
    return value
