"""A database is copied whole while others write, and kept before it is migrated."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from state import backup, migrations
from state.connection import connect
from state.database import open_database, open_readonly
from state.errors import DatabaseError
from state.queue import Queue
from state.service import ServiceRow
from tests.state.making import queued
from tests.state.test_migrations import empty


def test_a_copy_holds_what_was_committed_and_one_file(
    queue: Queue, path: Path, tmp_path: Path
) -> None:
    """Also what only the write-ahead log has yet."""
    job = queued(queue)
    target = tmp_path / "copy.db"
    backup.copy_for_restoring(path, target)
    queued(queue, "/t/later.json")
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith("copy")] == [
        "copy.db"
    ]
    assert target.stat().st_mode & 0o777 == 0o600
    home = tmp_path / "restored"
    home.mkdir(mode=0o700)
    target.rename(home / "queue.db")
    with open_database(home / "queue.db") as restored:
        assert [found.id for found in Queue(restored).jobs()] == [job.id]
        assert ServiceRow(restored).read().rebuilding
        assert restored.check() == []


def test_a_copy_never_writes_over_a_file(queue: Queue, path: Path, tmp_path: Path) -> None:
    """Whoever it belongs to."""
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(DatabaseError):
        backup.copy_for_restoring(path, tmp_path / "copy.db")


def old_database(path: Path, steps: int = 6) -> None:
    """Make a database of an earlier version."""
    with empty(path) as database:
        migrations.migrate(database, migrations.STEPS[:steps])
        database.execute("INSERT INTO jobs (path, origin) VALUES (x'2f61', 'scan')")


def test_a_database_is_kept_as_it_was_before_a_migration(path: Path) -> None:
    """An older version of llasa can go on with the copy."""
    old_database(path)
    with open_database(path) as database:
        assert migrations.applied(database) == list(migrations.NAMES)
    (kept,) = backup.kept_before(path)
    assert kept.name == f"queue.db.before-{migrations.NAMES[6]}"
    with connect(kept, "ro") as copy:
        assert migrations.applied(copy) == list(migrations.NAMES[:6])
        assert len(copy.query("SELECT * FROM jobs")) == 1
    with open_database(path):
        assert backup.kept_before(path) == [kept]


def test_the_two_newest_copies_are_kept(path: Path) -> None:
    """A home that was migrated for years does not fill with copies."""
    old_database(path)
    with connect(path, "rw") as database:
        for name in ("a", "b", "c"):
            backup.keep_before(database, name)
    assert [kept.name for kept in backup.kept_before(path)] == [
        "queue.db.before-b",
        "queue.db.before-c",
    ]


def test_nothing_is_migrated_where_no_copy_can_be_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: the database stays as it is."""
    old_database(path)

    def full(database: object, target: Path) -> None:
        raise DatabaseError("no room")

    monkeypatch.setattr(backup, "copy_database", full)
    with pytest.raises(DatabaseError, match="no room"):
        open_database(path)
    with sqlite3.connect(path) as plain:
        names = [row[0] for row in plain.execute("SELECT name FROM _sqlite_migrations")]
    plain.close()
    assert names == list(migrations.NAMES[:6])


def test_a_new_database_is_not_kept_before_its_first_step(path: Path) -> None:
    """There is nothing in it."""
    open_database(path).close()
    assert backup.kept_before(path) == []
    with open_readonly(path) as database:
        assert migrations.applied(database) == list(migrations.NAMES)
