"""Find the home of an installation and make its folders, for settings, database and log."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from daemon.errors import HomeError, UnsafeFolder
from daemon.files.filesystem import is_share

HomeOrigin = Literal["--home", "LLASA_HOME", "install", "llasa.toml upward", "default"]
SETTINGS = "llasa.toml"


@dataclass(frozen=True, slots=True)
class Home:
    """A home, and which of the five ways it was found by."""

    path: Path  # absolute
    origin: HomeOrigin

    @property
    def settings(self) -> Path:
        """Return the settings file, which may be absent."""
        return self.path / SETTINGS

    @property
    def transcripts(self) -> Path:
        """Return the folder that is watched by default."""
        return self.path / "var" / "transcripts"

    @property
    def state(self) -> Path:
        """Return the folder of database and locks."""
        return self.path / "var" / "state"

    @property
    def database(self) -> Path:
        """Return the database's file."""
        return self.state / "queue.db"

    @property
    def library(self) -> Path:
        """Return the file of the library, which is made from finished work."""
        return self.state / "library.db"

    @property
    def lock(self) -> Path:
        """Return the file that a daemon locks while it runs."""
        return self.state / "daemon.lock"

    @property
    def model_lock(self) -> Path:
        """Return the file that a model child locks, so that only one loads a model."""
        return self.state / "model.lock"

    @property
    def logs(self) -> Path:
        """Return the folder of the log."""
        return self.path / "var" / "log"

    @property
    def log(self) -> Path:
        """Return the log's file."""
        return self.logs / "llasad.log"


def find_home(
    option: str | None,
    *,
    environment: Mapping[str, str] = os.environ,
    folder: Path | None = None,
    record: Path | None = None,
) -> Home:
    """Find the home: `--home`, LLASA_HOME, what `install` recorded, a llasa.toml upward, ~/llasa.

    Args:
        option: The value of `--home`.
        environment: The process's environment.
        folder: Where the search upward begins; the working directory by default.
        record: The file in which `install` wrote the home; `recorded_home_file()` by default.
    """
    if option:
        return Home(_absolute(option), "--home")
    if environment.get("LLASA_HOME"):
        return Home(_absolute(environment["LLASA_HOME"]), "LLASA_HOME")
    recorded = _recorded(record or recorded_home_file(environment))
    if recorded is not None:
        return Home(recorded, "install")
    start = folder or _working_directory()
    for candidate in (start, *start.parents) if start is not None else ():
        if (candidate / SETTINGS).is_file():
            return Home(candidate, "llasa.toml upward")
    return Home(_absolute("~/llasa"), "default")


def recorded_home_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file in which `install` records the home of this user."""
    if sys.platform == "darwin":
        return Path("~/Library/Application Support/llasa/home").expanduser()
    base = environment.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "llasa" / "home"


def recorded_home(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the home that `install` recorded for this user, None where there is none."""
    return _recorded(recorded_home_file(environment))


def make_folders(home: Home) -> None:
    """Make the missing folders of a home; those of state and log are private.

    Raises UnsafeFolder when others may write to the state or log folder, HomeError when a folder
    cannot be made or the home is on a share of another machine.
    """
    if is_share(home.state):
        raise HomeError(
            f"The home {home.path} is on a share of another machine, where a database is not safe.",
            hint="Choose a home on a disk of this machine; watched folders may be on shares.",
        )
    try:
        home.transcripts.mkdir(parents=True, exist_ok=True)
        for folder in (home.state, home.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise HomeError(f"The home {home.path} cannot be created: {error.strerror}.") from error
    for folder in (home.state, home.logs):
        refuse_foreign(folder)


def refuse_foreign(path: Path) -> None:
    """Raise UnsafeFolder when another user owns a file or folder, or may write to it."""
    status = os.stat(path)
    if status.st_uid not in (0, os.geteuid()):
        raise UnsafeFolder(
            f"{path} belongs to another user (uid {status.st_uid}).",
            hint=f"Make it yours (`chown {os.geteuid()} ...`) or choose another home.",
        )
    writable = stat.S_IWOTH | (stat.S_IWGRP if stat.S_ISDIR(status.st_mode) else 0)
    if status.st_mode & writable:
        raise UnsafeFolder(
            f"Others may write to {path} (mode {stat.S_IMODE(status.st_mode):04o}).",
            hint=f"Forbid that: chmod go-w '{path}'",
        )


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(path)))


def _recorded(record: Path) -> Path | None:
    try:
        text = record.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return Path(text) if text and os.path.isabs(text) else None


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None
