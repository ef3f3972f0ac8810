"""Open the database: create it, migrate it, refuse it or set it aside."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from state import backup, folder, migrations
from state.connection import Checkpoint, Database, connect
from state.errors import (
    DatabaseBusy,
    DatabaseCorrupt,
    DatabaseMissing,
    DatabaseUnusable,
    SchemaTooNew,
    SchemaTooOld,
)

__all__ = ["Checkpoint", "Database", "open_database", "open_readonly", "recover"]


def open_database(path: Path, *, create: bool = True, migrate: bool = True) -> Database:
    """Open the database for reading and writing; create or migrate it if necessary.

    Raises DatabaseMissing (with `create=False`), SchemaTooOld (with `migrate=False`), SchemaTooNew,
    DatabaseCorrupt (call `recover` then), FolderUnsafe, DatabaseUnusable, DatabaseBusy.
    """
    path = Path(os.path.abspath(path))
    if not create and not path.exists():
        raise DatabaseMissing(f"there is no {path}")
    folder.secure(path.parent)
    try:
        if not path.exists():
            with folder.locked(path.parent):
                if not path.exists():
                    _create(path)
        path.chmod(0o600)
        database = connect(path, "rw")
    except OSError as error:
        raise DatabaseUnusable(f"{path}: {error.strerror or error}") from error
    try:
        _prepare(database, migrate=migrate)
    except BaseException:
        database.close()
        raise
    return database


def open_readonly(path: Path, *, patience_s: float = 5.0) -> Database:
    """Open the database for reading; every read is short and holds nothing open afterwards.

    Waits up to `patience_s` while the database is being created or recovered. Raises
    DatabaseMissing at once if there is none, SchemaTooNew, SchemaTooOld, DatabaseUnusable.
    """
    path = Path(os.path.abspath(path))
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return _open_readonly(path)
        except (DatabaseBusy, DatabaseUnusable, SchemaTooOld):
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)


def recover(path: Path) -> Path | None:
    """Set a corrupt database aside and return its new name; None if it turns out to be sound.

    The caller holds no connection to it. A scan of the folders finds again what it knew.
    """
    path = Path(os.path.abspath(path))
    with folder.locked(path.parent):
        if not path.exists() or _is_sound(path):
            return None
        return folder.set_aside(path, "corrupt")


def _open_readonly(path: Path) -> Database:
    if not path.exists():
        raise DatabaseMissing(f"there is no {path}")
    database = connect(path, "ro")
    try:
        database.execute("PRAGMA query_only=1")
        names = migrations.applied(database)
        _refuse_newer(database, names)
        _refuse_older(database, names)
    except BaseException:
        database.close()
        raise
    return database


def _create(path: Path) -> None:
    """Create the database under another name and rename it, so that nobody opens half of one."""
    if any(os.path.lexists(folder.beside(path, end)) for end in folder.COMPANIONS):
        folder.set_aside(path, "stray")
    draft = folder.beside(path, ".new")
    folder.discard(draft)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    draft.chmod(0o600)
    database = connect(draft, "rw")
    try:
        _set_pragmas(database)
        migrations.migrate(database)
        database.execute("UPDATE service SET rebuilding = 1")
    finally:
        database.close()
    folder.sync(draft)
    draft.rename(path)
    folder.sync(path.parent)


def _prepare(database: Database, *, migrate: bool) -> None:
    _set_pragmas(database)
    names = migrations.applied(database)
    _refuse_newer(database, names)
    if not migrate:
        _refuse_older(database, names)
    if len(names) < len(migrations.NAMES):
        with folder.locked(database.path.parent):
            names = migrations.applied(database)  # another process may have been faster
            if names and len(names) < len(migrations.NAMES):
                backup.keep_before(database, migrations.NAMES[len(names)])
            migrations.migrate(database)
    database.execute("PRAGMA foreign_keys=1")


def _set_pragmas(database: Database) -> None:
    mode = database.execute("PRAGMA journal_mode=wal")[0][0]
    if mode != "wal":
        raise DatabaseUnusable(
            f"{database.path} cannot have a write-ahead log (journal mode {mode})",
            hint="Put the home on a local disk: network shares cannot hold the database.",
        )
    for pragma in (
        "synchronous=FULL",
        "fullfsync=1",
        "checkpoint_fullfsync=1",
        "wal_autocheckpoint=0",
    ):
        database.execute(f"PRAGMA {pragma}")


def _refuse_newer(database: Database, names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in migrations.NAMES]
    if unknown:
        raise SchemaTooNew(f"{database.path} was written by a newer version ({unknown[-1]})")


def _refuse_older(database: Database, names: Sequence[str]) -> None:
    if len(names) < len(migrations.NAMES):
        raise SchemaTooOld(f"{database.path} lacks {migrations.NAMES[len(names)]}")


def _is_sound(path: Path) -> bool:
    try:
        with connect(path, "rw") as database:
            return not database.check()
    except DatabaseCorrupt:
        return False
