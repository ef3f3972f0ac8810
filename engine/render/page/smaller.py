"""Style and script of a page -> the same, without what only a reader of the source needs.

Comments, indentation and spaces go; no name, value or string changes. The script must end its
statements with semicolons, as ours does; a line break that might stand for one is kept.
"""

from __future__ import annotations

import re
from typing import Final

_STYLE: Final = re.compile(
    r"""
    (?P<kept> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' )  # a string
  | (?P<gone> /\*.*?\*/ )  # a comment
  | \s* (?P<tight> [{};,>] ) \s*
  | (?P<colon> : ) \s+  # of a declaration: in a selector no space follows
  | (?P<space> \s+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_SCRIPT: Final = re.compile(
    r"""
    (?P<space> (?: \s | //[^\n]* | /\*.*?\*/ )+ )
  | (?P<word> [\w$]+ (?: \.\d+ )? )
  | (?P<text> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
  | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_PATTERN: Final = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
#: After these a line may go on, so that a line break there ends no statement, ...
_OPEN: Final = frozenset("{([;,=?:&|+-*/<>!~")
#: ... nor does one before these.
_CLOSE: Final = frozenset("})].,;?:=&|")


def style(text: str) -> str:
    """Return CSS without comments and spaces that mean nothing."""

    def written(found: re.Match[str]) -> str:
        if found["kept"] is not None:
            return found["kept"]
        return found["tight"] or found["colon"] or (" " if found["space"] else "")

    return _STYLE.sub(written, text).replace(";}", "}").strip()


def script(text: str) -> str:
    """Return JavaScript without comments and spaces that mean nothing.

    Raises ValueError for a template that does not end.
    """
    written: list[str] = []
    gap = ""  # white space since the last piece: "", " ", or "\n"
    place = 0
    while place < len(text):
        found = _SCRIPT.match(text, place)
        assert found is not None  # the last alternative takes any character
        kind, piece = found.lastgroup, found[0]
        if kind == "space":
            gap = "\n" if "\n" in piece else gap or " "
            place = found.end()
            continue
        if piece == "`":
            piece = text[place : _template_end(text, place)]
        elif piece == "/" and (not written or not _ends_value(written[-1])):
            pattern = _PATTERN.match(text, place)
            piece = piece if pattern is None else pattern[0]
        if written:
            written.append(_between(written[-1], gap, piece))
        written.append(piece)
        gap = ""
        place += len(piece)
    return "".join(written)


def _between(before: str, gap: str, after: str) -> str:
    """Return what must stand between two pieces."""
    if not gap:
        return ""
    if gap == "\n" and before[-1] not in _OPEN and after[0] not in _CLOSE:
        return "\n"
    if _is_word(before[-1]) and _is_word(after[0]):
        return " "
    return " " if before[-1] + after[0] in ("++", "--", "//") else ""


def _is_word(char: str) -> bool:
    return char.isalnum() or char in "_$"


def _ends_value(piece: str) -> bool:
    """Return whether a slash after this piece divides."""
    return _is_word(piece[-1]) or piece[-1] in ")]}\"'`"


def _template_end(text: str, begin: int) -> int:
    """Return where a template ends, with the templates in it."""
    place = begin + 1
    while place < len(text):
        if text[place] == "\\":
            place += 2
        elif text[place] == "`":
            return place + 1
        elif text.startswith("${", place):
            place = _braces_end(text, place + 2)
        else:
            place += 1
    raise ValueError("a template does not end")


def _braces_end(text: str, place: int) -> int:
    """Return where the braces end that were opened before a place."""
    while place < len(text):
        if text[place] == "}":
            return place + 1
        if text[place] == "`":
            place = _template_end(text, place)
        elif (found := _SCRIPT.match(text, place)) is not None and found["text"]:
            place = found.end()
        else:
            place = _braces_end(text, place + 1) if text[place] == "{" else place + 1
    raise ValueError("a template does not end")
