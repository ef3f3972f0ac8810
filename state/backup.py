"""Copy a database while others use it: whole, as of one moment, in one file."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from state import folder, migrations
from state.connection import Database, connect
from state.errors import DatabaseError, translated

KEPT = 2  # copies made before a migration; older ones are removed
_BEFORE = ".before-"


def copy_database(database: Database, target: Path) -> None:
    """Copy an open database to a new file that is the owner's alone, flushed to the disk.

    SQLite's own backup: what other processes write meanwhile is in it or not, never half. Raises
    DatabaseError; then no file is left.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            database.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=delete")  # one file, nothing beside it
        finally:
            copy.close()
        folder.sync(target)
    except (sqlite3.Error, OSError) as error:
        target.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            raise translated(error, target) from error
        raise DatabaseError(f"{target} cannot be written: {error.strerror or error}") from error


def copy_for_restoring(source: Path, target: Path) -> None:
    """Copy a database so that a daemon that opens the copy looks for work finished since.

    Raises DatabaseError.
    """
    with connect(source, "ro") as database:
        names = migrations.applied(database)
        copy_database(database, target)
    if migrations.m004_rebuilding.__name__ in names:
        with connect(target, "rw") as copy:
            copy.execute("UPDATE service SET rebuilding = 1, pid = NULL, phase = 'stopped'")


def keep_before(database: Database, name: str) -> Path:
    """Copy a database beside itself before a migration to `name`; return the copy.

    Copies of earlier migrations are removed, except for the newest. Called under the folder's lock.
    """
    target = folder.beside(database.path, f"{_BEFORE}{name}")
    target.unlink(missing_ok=True)  # of a migration that did not end
    copy_database(database, target)
    older = [path for path in kept_before(database.path) if path != target]
    for path in older[: max(0, len(older) - KEPT + 1)]:
        path.unlink(missing_ok=True)
    return target


def kept_before(path: Path) -> list[Path]:
    """Return the copies that were made before migrations, the oldest first."""
    found = path.parent.glob(f"{path.name}{_BEFORE}*")
    return sorted(found, key=lambda copy: (copy.stat().st_mtime_ns, copy.name))
