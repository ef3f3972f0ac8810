"""The folder of the database: its owner and mode, its lock, and files that are set aside."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from state.errors import DatabaseUnusable, FolderUnsafe

COMPANIONS = ("-wal", "-shm", "-journal")  # what SQLite keeps beside a database


def beside(path: Path, suffix: str) -> Path:
    """Return the file that SQLite keeps beside `path` under `suffix`."""
    return path.with_name(path.name + suffix)


def secure(folder: Path) -> None:
    """Create `folder` if it is missing, with mode 0700 whatever the umask.

    Raises FolderUnsafe if other users may write to it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
        mode = stat.S_IMODE(found.st_mode)
        if os.geteuid() not in {0, found.st_uid}:
            raise FolderUnsafe(
                f"{folder} belongs to another user",
                hint="Point `--home` at a folder of your own.",
            )
        if mode & 0o022:
            raise FolderUnsafe(
                f"{folder} can be written to by other users (mode {mode:04o})",
                hint=f"Close it to other users: chmod 700 {folder}",
            )
        if mode != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise DatabaseUnusable(f"{folder}: {error.strerror or error}") from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other process from creating, migrating or setting aside in `folder`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sync(path: Path) -> None:
    """Flush a file, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def set_aside(path: Path, label: str) -> Path:
    """Rename a database and its companions, under the folder's lock; return the new name.

    A write-ahead log left behind would be replayed into the next database of that name.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    number = 0
    while True:
        tail = f".{label}-{moment}" + (f"-{number}" if number else "")
        target = beside(path, tail)
        if not any(os.path.lexists(beside(target, end)) for end in ("", *COMPANIONS)):
            break
        number += 1
    for end in ("", *COMPANIONS):
        if os.path.lexists(beside(path, end)):
            beside(path, end).rename(beside(target, end))
    sync(path.parent)
    return target


def discard(path: Path) -> None:
    """Delete an unfinished database and its companions."""
    for end in ("", *COMPANIONS):
        beside(path, end).unlink(missing_ok=True)
