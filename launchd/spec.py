"""The description of our service for a manager, and the checks that it must pass."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from launchd.errors import InvalidSpec, TemporaryProgram

LABEL = "llasa.llasad"
MUSIC_LABEL = "llasa.llasa-music"  # of the service that hears music
STOP_TIMEOUT_S = 45  # between SIGTERM and SIGKILL: to finish a part and close the database
THROTTLE_S = 30  # launchd starts us at most this often

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UV_BUCKET = re.compile(r"(archive|builds|environments)-v\d+")
_TEMPORARY_ROOTS = (
    "/tmp",  # noqa: S108 - named in order to refuse it
    "/var/tmp",  # noqa: S108
    "/var/folders",
    "/private/tmp",
    "/private/var/tmp",
    "/private/var/folders",
    "/dev/shm",  # noqa: S108
    "/run/user",
)
_PROTECTED = (
    "Desktop",
    "Documents",
    "Downloads",
    "Library/CloudStorage",  # Dropbox, OneDrive, Google Drive
    "Library/Mobile Documents",  # iCloud Drive
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """The description of the service that both managers need."""

    label: str = LABEL  # unique in the user's domain; the last component names the systemd unit
    program_arguments: tuple[str, ...]  # the first is an absolute path, and `--home` is among them
    home: Path  # llasa's home folder, absolute
    log_dir: Path  # for errors before our own log is open, absolute
    environment: Mapping[str, str] = field(default_factory=dict)  # added to the manager's own
    error_log: str = "launchd.err.log"  # the file in `log_dir`; launchd's alone
    description: str = "llasa: turns Whisper transcripts into readable text"  # on one line


def check(spec: AgentSpec) -> None:
    """Raise InvalidSpec for anything that a manager would refuse, ignore or change."""
    if not _LABEL.fullmatch(spec.label):
        raise InvalidSpec(f"{spec.label!r} cannot be a label: letters, digits, dots and dashes")
    if not spec.program_arguments:
        raise InvalidSpec("the service has no program to start")
    for name, path in (
        ("the program", spec.program_arguments[0]),
        ("the home", str(spec.home)),
        ("the log folder", str(spec.log_dir)),
    ):
        if not os.path.isabs(path):
            raise InvalidSpec(f"{name} must be an absolute path, not {path!r}")
    if "/" in spec.error_log or spec.error_log in ("", ".", ".."):
        raise InvalidSpec(f"{spec.error_log!r} cannot name a file in the log folder")
    if not spec.description.isprintable():
        raise InvalidSpec("the description is not on one line")
    for name, value in spec.environment.items():
        if not _VARIABLE.fullmatch(name):
            raise InvalidSpec(f"{name!r} cannot name an environment variable")
        # launchd silently ignores every other type.
        if not isinstance(value, str):
            raise InvalidSpec(f"the environment variable {name} must be a string")
    for text in _texts(spec):
        if "\0" in text:
            raise InvalidSpec(f"a path or argument has a NUL character: {text!r}")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidSpec(f"a path or argument is not valid UTF-8: {text!r}") from None


def check_program(spec: AgentSpec, *, code: Path, environment: Mapping[str, str]) -> None:
    """Raise unless the program will still exist, and can be run, at the next login.

    `code` is a file of this package: `uv run --with` starts the base interpreter and adds our
    modules from uv's cache, so the program's own path is not enough.
    """
    program = Path(spec.program_arguments[0])
    for path in (program, code):
        why = temporary(path, environment)
        if why:
            raise TemporaryProgram(f"{path} lies in {why} and would be gone at the next login")
    if not os.access(program, os.X_OK) or program.is_dir():
        raise InvalidSpec(
            f"{program} is not a program that can be run",
            hint="Install llasa again: run `uv tool install --reinstall .` in llasa's folder.",
        )


def temporary(path: Path, environment: Mapping[str, str]) -> str | None:
    """Return the kind of temporary place that a path lies in, None if it is in no such place."""
    roots = [*_TEMPORARY_ROOTS]
    roots += [environment[name] for name in ("TMPDIR", "UV_CACHE_DIR") if environment.get(name)]
    # Only the parent is resolved: an environment's python is a link to a permanent interpreter.
    for place in {path, path.parent.resolve() / path.name}:
        for root in roots:
            if root != "/" and place.is_relative_to(root):
                return f"the temporary folder {root}"
        parts = place.parts
        if any(_UV_BUCKET.fullmatch(part) for part in parts):
            return "a temporary environment of uv"
        if ".cache" in parts or "Library/Caches" in place.as_posix():
            return "a cache folder"
        for folder in place.parents:
            # uv tags permanent environments too; those have a pyvenv.cfg.
            tagged = (folder / "CACHEDIR.TAG").exists()
            if tagged and not (folder / "pyvenv.cfg").exists():
                return f"the cache folder {folder}"
    return None


def protected(path: Path, user_home: Path) -> bool:
    """Return whether macOS's privacy protection guards a path, or the target of a link there."""
    guarded = [_plain(user_home / folder) for folder in _PROTECTED]
    return any(
        place.is_relative_to(folder)
        for place in {_plain(path), _plain(path.resolve())}
        for folder in (*guarded, PurePath("/volumes"))
    )


def _plain(path: Path) -> PurePath:
    """Return a path for comparison: a Mac finds files in upper or lower case."""
    return PurePath(str(path).casefold())


def privacy_program(executable: str) -> str:
    """Return the file that the user must allow, so that an interpreter may read guarded folders.

    macOS allows the file that runs, not a script or a link; the launcher of a framework build
    starts the application beside it.
    """
    program = Path(executable).resolve()
    application = program.parent.parent / "Resources/Python.app"
    return str(application if application.is_dir() else program)


def _texts(spec: AgentSpec) -> Iterator[str]:
    yield from spec.program_arguments
    yield str(spec.home)
    yield str(spec.log_dir)
    yield spec.error_log
    yield from spec.environment.values()
