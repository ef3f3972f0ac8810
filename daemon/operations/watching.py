"""Add a folder to `watch` in llasa.toml, or take one out, and leave the rest of the file alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.files.spelling import resolved
from daemon.operations import settings_file
from daemon.operations.errors import InvalidRequest, NotPossible
from daemon.operations.session import Session
from daemon.operations.settings_file import quoted

_KEY: Final = re.compile(r"[ \t]*(?:watch|\"watch\"|'watch')[ \t]*=[ \t]*\[")
_HEADER: Final = re.compile(r"[ \t]*\[")
_BY_HAND: Final = "Edit `watch` in the file by hand."
_STRINGS: Final = {'"': re.compile(r'"(?:[^"\\\n]|\\.)*"'), "'": re.compile(r"'[^'\n]*'")}


@dataclass(frozen=True, slots=True)
class _Array:
    """Where the list of folders stands in the text."""

    end: int  # of its `]`
    entries: tuple[tuple[int, int], ...]  # the spans of its strings


def add(session: Session, name: str) -> Path:
    """Add a folder to the watched ones and return it.

    Raises InvalidRequest for one that cannot or need not be watched, NotPossible for settings that
    cannot be edited safely.
    """
    folder = Path(os.path.abspath(os.path.expanduser(name)))
    _refuse_nonsense(session, folder)
    watched = [*session.config.watch, folder]
    text = settings_file.text_of(session)
    array = _find(text)
    entry = quoted(_short(session, folder))
    if array is None:
        shown = [quoted(_short(session, known)) for known in session.config.watch]
        begin = _place_for_key(text)
        changed = f"{text[:begin]}watch = [{', '.join([*shown, entry])}]\n{text[begin:]}"
    elif array.entries:
        last = array.entries[-1][1]
        changed = f"{text[:last]}, {entry}{text[last:]}"
    else:
        changed = f"{text[: array.end]}{entry}{text[array.end :]}"
    _save(session, changed, watched)
    return folder


def remove(session: Session, name: str) -> Path:
    """Take a folder out of the watched ones and return it; its files and jobs stay.

    Raises InvalidRequest for one that is not watched, NotPossible for the last one and for settings
    that cannot be edited safely.
    """
    config = session.config
    wanted = {Path(os.path.abspath(os.path.expanduser(name))), session.home.path / name}
    meant = {resolved(path) for path in wanted}
    found = next((path for path in config.watch if path in wanted or resolved(path) in meant), None)
    if found is None:
        raise InvalidRequest(
            f"{name} is not watched. Watched: {', '.join(map(str, config.watch))}."
        )
    watched = [path for path in config.watch if path != found]
    if not watched:
        raise NotPossible(
            f"{found} is the only watched folder.",
            hint="Add another one first; `llasactl pause` stops the work instead.",
        )
    text = settings_file.text_of(session)
    array = _find(text)
    if array is None or len(array.entries) != len(config.watch):
        raise NotPossible(f"The list in {session.home.settings} is not understood.", hint=_BY_HAND)
    place = config.watch.index(found)
    begin, end = array.entries[place]
    if place + 1 < len(array.entries):  # with its comma, and the white space up to the next one
        comma = _skip(text, end)
        end = comma + 1 + len(text[comma + 1 :]) - len(text[comma + 1 :].lstrip(" \t"))
    else:
        begin = array.entries[place - 1][1]
    _save(session, text[:begin] + text[end:], watched)
    return found


def _refuse_nonsense(session: Session, folder: Path) -> None:
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise InvalidRequest(f"{folder} {what}.")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InvalidRequest(f"{folder} cannot be read.")
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        raise InvalidRequest("A name that is not UTF-8 cannot stand in llasa.toml.") from None
    real, home = resolved(folder), session.home
    if real in {Path("/"), resolved(Path.home())}:
        raise InvalidRequest(
            f"{folder} holds everything: every scan would go through all of it. Name the folder "
            "that your transcripts arrive in."
        )
    for own in (home.state, home.logs, home.path / "var" / "models"):
        if real == resolved(own) or real.is_relative_to(resolved(own)):
            raise InvalidRequest(f"{folder} is llasa's own.")
    for known in session.config.watch:
        there = resolved(known)
        if real == there or real.is_relative_to(there):
            raise InvalidRequest(f"{folder} is watched already, as {known} or a part of it.")
        if there.is_relative_to(real):
            raise InvalidRequest(
                f"{known} is watched already and lies in {folder}. Take it out first: its files "
                "would be found twice."
            )


def _save(session: Session, text: str, watched: list[Path]) -> None:
    settings_file.save(
        session, text, lambda config: list(config.watch) == watched,
        what="The list", by_hand=_BY_HAND,
    )  # fmt: skip


def _find(text: str) -> _Array | None:
    """Return where the list stands among the keys at the top; None where there is none."""
    place = 0
    for line in text.splitlines(keepends=True):
        if _KEY.match(line):
            return _array(text, place + line.index("[") + 1)
        if _HEADER.match(line):
            return None
        place += len(line)
    return None


def _array(text: str, begin: int) -> _Array | None:
    entries: list[tuple[int, int]] = []
    for place, piece in _pieces(text, begin):
        if piece == "]":
            return _Array(place, tuple(entries))
        if piece != ",":
            entries.append((place, place + len(piece)))
    return None


def _pieces(text: str, begin: int) -> Iterator[tuple[int, str]]:
    """Yield the strings, commas and brackets of a list, without comments and white space."""
    place = _skip(text, begin)
    while place < len(text):
        form = _STRINGS.get(text[place])
        found = form.match(text, place) if form is not None else None
        piece = found[0] if found is not None else text[place]
        yield place, piece
        place = _skip(text, place + len(piece))


def _skip(text: str, place: int) -> int:
    """Return where the next piece stands."""
    found = re.compile(r"(?:\s|#[^\n]*)*").match(text, place)
    assert found is not None
    return found.end()


def _place_for_key(text: str) -> int:
    """Return where a key may stand: behind the comment with which the file begins."""
    place = 0
    for line in text.splitlines(keepends=True):
        if not line.startswith("#"):
            break
        place += len(line)
    return place if place == 0 or text[:place].endswith("\n") else 0


def _short(session: Session, folder: Path) -> str:
    home = session.home.path
    return str(folder.relative_to(home)) if folder.is_relative_to(home) else str(folder)
