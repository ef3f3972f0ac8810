"""Calls written with tags -> names and arguments; the values are text.

Two families are read: `<function=NAME><parameter=KEY>value</parameter></function>`, and a tag with
a name, whose inside is JSON, tags of its own, or lines of `key: value`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from engine.chat.repair import Broken, load_all

Found = list[tuple[str, Mapping[str, Any]]]

_FUNCTION: Final = re.compile(
    r"<function=\s*([^>\s]+)\s*>(.*?)(?:</function>|(?=<function=)|\Z)", re.DOTALL
)
_PARAMETER: Final = re.compile(
    r"<parameter=\s*([^>\s]+)\s*>(.*?)(?:</parameter>|(?=<parameter=)|\Z)", re.DOTALL
)
_TAG: Final = re.compile(
    r"(?:<(tool|invoke|function|call)\s+)?name=[\"']([^\"']+)[\"']\s*(?:/>|>(.*?)(?:</\1>|\Z))",
    re.DOTALL,
)
_CHILD: Final = re.compile(
    r"<(?:parameter|param|argument|arg)\s+name=[\"']([^\"']+)[\"']\s*>(.*?)"
    r"</(?:parameter|param|argument|arg)>|<([A-Za-z_]\w*)>(.*?)</\3>",
    re.DOTALL,
)
_LINE: Final = re.compile(r"(\s*)([A-Za-z_][\w-]*)\s*:(?:\s+(.*)|\s*)\Z")


def read_function(text: str) -> Found:
    """Return the calls of `<function=NAME>` tags; raises `Broken`."""
    return [(found[1], _inside(found[2], _PARAMETER)) for found in _FUNCTION.finditer(text)]


def read_tag(text: str) -> Found:
    """Return the calls of tags with a name; raises `Broken`."""
    calls = [(found[2].strip(), _inside(found[3] or "", _CHILD)) for found in _TAG.finditer(text)]
    if not calls:
        raise Broken("its tag names no tool")
    return calls


def _inside(body: str, child: re.Pattern[str]) -> Mapping[str, Any]:
    """Return the arguments inside a call's tag."""
    if body.lstrip().startswith("{"):
        (value,) = load_all(body)[:1]
        if not isinstance(value, dict):
            raise Broken("its arguments are not an object")
        return value
    arguments = {}
    for found in child.finditer(body):
        key, value = (group for group in found.groups() if group is not None)
        arguments[key] = _trimmed(value)
    if arguments or not body.strip():
        return arguments
    if "<" in body.strip()[:1]:
        raise Broken("the tags inside it are not closed")
    return _lines(body)


def _trimmed(value: str) -> str:
    """Return a value without the line ends that set it apart from its tags."""
    return value.removeprefix("\n").removesuffix("\n")


def _lines(body: str) -> dict[str, str]:
    """Return the arguments of lines of `key: value`; `|` begins a block of indented lines."""
    arguments: dict[str, str] = {}
    lines = body.strip("\n").split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip():
            continue
        found = _LINE.match(line)
        if found is None:
            raise Broken(f"{line.strip()[:40]!r} is no line of `key: value`")
        value = (found[3] or "").strip()
        if value in {"|", "|-", ""}:
            value, at = _block(lines, at, indent=len(found[1]))
        arguments[found[2]] = _unquoted(value)
    return arguments


def _block(lines: list[str], at: int, *, indent: int) -> tuple[str, int]:
    """Return the indented lines from here on as one text, and the line after them."""
    block = []
    while at < len(lines) and (not lines[at].strip() or _indent(lines[at]) > indent):
        block.append(lines[at])
        at += 1
    least = min((_indent(line) for line in block if line.strip()), default=0)
    return "\n".join(line[least:] for line in block).rstrip("\n"), at


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
