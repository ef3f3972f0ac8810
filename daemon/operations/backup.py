"""Put what only this home knows into one zip file: queue, conversations, settings, corrections.

Names and turns of speakers and corrections are in it. Transcripts and outputs are not: they are the
user's files, and texts are made again from these. The library is made from them, and models can
be had again. The zip file is laid out as a home, so that unpacking restores it.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from daemon.files.spelling import resolved
from daemon.operations.errors import NotPossible
from daemon.operations.session import Session
from engine import sidecars, speakers
from engine.diarize import beside
from state.backup import copy_for_restoring

ELSEWHERE: Final = "elsewhere"  # files beside transcripts of watched folders outside the home
#: Endings of files that a person, or a search for speakers, put beside a transcript.
_KEPT: Final = (f".{speakers.FOLDER_FILE}", f".{sidecars.CORRECTIONS}", f".{beside.SUFFIX}")
#: What a file of a backup is, by its name.
_KINDS: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("queue and conversations", lambda name: name.endswith(".db")),
    ("settings", lambda name: name == "llasa.toml"),
    ("measured by calibrate", lambda name: name.endswith(".llasa.json")),
    ("names of speakers", lambda name: name.endswith(speakers.FOLDER_FILE)),
    ("turns of speakers", lambda name: name.endswith(f".{beside.SUFFIX}")),
    ("corrections", lambda name: name.endswith(f".{sidecars.CORRECTIONS}")),
)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made."""

    path: Path
    names: tuple[str, ...]  # what is in it
    bytes: int

    @property
    def kinds(self) -> dict[str, list[str]]:
        """Return the names by what they are, in the order of `_KINDS`."""
        found: dict[str, list[str]] = {}
        for what, is_one in _KINDS:
            if names := [name for name in self.names if is_one(name)]:
                found[what] = names
        return found


def back_up(session: Session, target: Path) -> Backup:
    """Write the backup to a new zip file and return what is in it; works while a daemon runs.

    What does not end with .zip is a folder, made if it is not there; the file is named by the date.
    Raises NotPossible where the file exists or cannot be written, StateError for a database that
    cannot be read.
    """
    if target.is_dir() or target.suffix.lower() != ".zip":
        try:
            target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotPossible(f"{target} cannot be made: {error.strerror}") from error
        target = target / f"llasa-backup-{datetime.now():%Y-%m-%d-%H%M%S}.zip"
    if os.path.lexists(target):
        raise NotPossible(f"{target} exists already.", hint="Name another file, or move it away.")
    tail = f"{os.getpid()}-{os.urandom(8).hex()}"
    draft = target.with_name(f".llasa-{tail}.tmp")
    copy = session.home.state / f"backup-{tail}.db"
    try:
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                if session.has_database:
                    copy_for_restoring(session.home.database, copy)
                    archive.write(copy, str(session.home.database.relative_to(session.home.path)))
                for file, name in _files(session):
                    archive.write(file, name)
                names = tuple(archive.namelist())
                if not names:
                    raise NotPossible(
                        "There is nothing to copy: no queue, settings, names or corrections.",
                        hint="Is this the home that you mean? Name it with --home.",
                    )
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, target)  # fails where somebody has made it meanwhile
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise NotPossible(f"{target} cannot be written: {what}.") from error
    finally:
        for path in (draft, copy):
            with contextlib.suppress(OSError):
                path.unlink()
    return Backup(target, names, target.stat().st_size)


def _files(session: Session) -> Iterator[tuple[Path, str]]:
    """Yield the files that are backed up and their names in it."""
    home = session.home
    for path in (home.settings, home.path / speakers.FOLDER_FILE):
        if path.is_file():
            yield path, path.name
    for path in sorted((home.path / "var" / "models").glob("*.llasa.json")):
        yield path, str(path.relative_to(home.path))
    for number, root in enumerate(session.config.watch):
        inside = resolved(root).is_relative_to(resolved(home.path))
        for path in _beside_transcripts(root):
            below = path.relative_to(root)
            base = (
                resolved(root).relative_to(resolved(home.path))
                if inside
                else Path(ELSEWHERE, f"{number}-{root.name}")
            )
            name = str(base / below)
            with contextlib.suppress(UnicodeEncodeError):
                name.encode()
                yield path, name


def _beside_transcripts(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name == speakers.FOLDER_FILE or name.endswith(_KEPT):
                yield Path(folder, name)
