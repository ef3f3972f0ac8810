"""Names for speakers, from files beside the transcripts: a label, and who that is.

`talk.speakers.toml` is for `talk.json` alone, `speakers.toml` for every file in its folder:

    SPEAKER_00 = "Ada"
    "SPEAKER 4" = "Grace"
"""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path

from engine.errors import SpeakersError
from engine.sidecars import base_of
from engine.text.prose import printable

FOLDER_FILE = "speakers.toml"
LONGEST_NAME = 80
_LARGEST_BYTES = 64 << 10
_ALLOWED = 'a label and a name, such as SPEAKER_00 = "Ada" or "SPEAKER 4" = "Grace"'
_NAME = f'a name of at most {LONGEST_NAME} characters on one line, such as "Ada"'
_PAIR = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s=#\["']+)\s*=""")
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def file_for(source: Path) -> Path:
    """Return the path of the names file of one source, whether it exists or not."""
    return source.with_name(f"{base_of(source.name)}.{FOLDER_FILE}")


def names_beside(source: Path) -> dict[str, str]:
    """Return the names for a source's speakers; its own file overrides its folder's."""
    return {**read(source.with_name(FOLDER_FILE)), **read(file_for(source))}


def read(path: Path) -> dict[str, str]:
    """Return the names in a file, none if it does not exist; raises `SpeakersError`."""
    text = read_text(path)
    return {} if text is None else parse(text, path=str(path))


def read_text(path: Path) -> str | None:
    """Return the text of a names file, None if it does not exist; raises `SpeakersError`."""
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SpeakersError("cannot be read", path=str(path)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SpeakersError("this is not a regular file", path=str(path))
    with open(descriptor, "rb") as stream:
        data = stream.read(_LARGEST_BYTES + 1)
    if len(data) > _LARGEST_BYTES:
        raise SpeakersError(f"larger than {_LARGEST_BYTES >> 10} KiB", path=str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise SpeakersError("this is not UTF-8", line=line, path=str(path)) from error


def parse(text: str, *, path: str = "") -> dict[str, str]:
    """Return the names that a file's text gives; raises `SpeakersError` at the first mistake."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        line = int(found[1]) if found else len(text.splitlines())
        raise SpeakersError("this is not TOML", line=line, allowed=_ALLOWED, path=path) from error
    for label, name in table.items():
        if not isinstance(name, str):
            what = f"`{printable(label)}`: not a name"
            raise SpeakersError(
                what, key=label, line=_line(text, label), allowed=_ALLOWED, path=path
            )
        if not is_name(name):
            what = f"the name of `{printable(label)}` cannot be used"
            raise SpeakersError(what, key=label, line=_line(text, label), allowed=_NAME, path=path)
    return dict(table)


def is_name(name: str) -> bool:
    """Return whether a text can be a speaker's name in every output."""
    return (
        bool(name.strip()) and len(name) <= LONGEST_NAME and printable(name) == name == name.strip()
    )


def edited(text: str, changes: Mapping[str, str | None]) -> str:
    """Return a names file's text with some names changed, the rest as it is; None removes a name.

    Raises `SpeakersError` where the text has a mistake.
    """
    wanted = {**parse(text), **changes}
    left = dict(changes)
    lines = []
    for line in text.splitlines():
        pair = _PAIR.match(line)
        label = _unquoted(pair[1]) if pair else None
        if label is None or label not in changes:
            lines.append(line)
        elif (name := left.pop(label, None)) is not None:
            lines.append(_assignment(label, name))
    lines += [_assignment(label, name) for label, name in left.items() if name is not None]
    names = {label: name for label, name in wanted.items() if name is not None}
    made = "\n".join(lines) + "\n"
    try:
        if parse(made) == names:
            return made
    except SpeakersError:
        pass  # a name over several lines: the file is rewritten, without its comments
    return "".join(_assignment(label, name) + "\n" for label, name in names.items())


def _assignment(label: str, name: str) -> str:
    key = label if re.fullmatch(r"[A-Za-z0-9_-]+", label) else _quoted(label)
    return f"{key} = {_quoted(name)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _unquoted(key: str) -> str | None:
    try:
        (label,) = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return None
    return label


def _line(text: str, label: str) -> int | None:
    """Return the line of a label, or of a section of that name, counted from 1."""
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+\s*([^\].]+?)\s*[\].]", line)
        pair = _PAIR.match(line)
        found = header[1] if header else pair[1] if pair else None
        if found is not None and label in (_unquoted(found), found.split(".")[0]):
            return number
    return None
