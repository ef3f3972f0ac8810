"""The schema and its migrations."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlite_utils

from state import migrations
from state.connection import connect
from state.database import Database, open_database, open_readonly
from state.errors import SchemaTooNew, SchemaTooOld
from state.queue import Queue
from state.service import ServiceRow
from tests.state.making import claimed, queued

GOLDEN = Path(__file__).parent / "schema.sql"


def schema(database: Database) -> str:
    """Return the schema as SQLite stores it, in a fixed order."""
    rows = database.query(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        " AND name NOT LIKE 'sqlite_%' AND tbl_name <> '_sqlite_migrations' ORDER BY type, name"
    )
    return "\n".join(f"{row['sql']};\n" for row in rows)


def empty(path: Path) -> Database:
    """Return a connection to an empty database."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    return connect(path, "rw")


def test_a_fresh_schema_equals_a_migrated_one(database: Database, tmp_path: Path) -> None:
    """Steps applied one at a time lead to the same tables."""
    with empty(tmp_path / "migrated.db") as migrated:
        for number in range(len(migrations.STEPS)):
            migrations.migrate(migrated, migrations.STEPS[: number + 1])

        assert schema(migrated) == schema(database)
        assert migrations.applied(migrated) == list(migrations.NAMES)


def test_the_schema_equals_the_recorded_one(database: Database) -> None:
    """A released step is never changed, so the schema is compared with a file."""
    assert schema(database) == GOLDEN.read_text()


def test_an_older_database_is_brought_up_to_date_with_its_rows(
    queue: Queue, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later version applies its step to the database of an earlier one."""
    job = queued(queue)
    queue.database.close()

    def m999_mood(db: sqlite_utils.Database) -> None:
        db.table("service").add_column("mood", str)

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, m999_mood))
    monkeypatch.setattr(migrations, "NAMES", (*migrations.NAMES, "m999_mood"))
    with pytest.raises(SchemaTooOld, match="m999_mood"):
        open_readonly(path, patience_s=0)
    with pytest.raises(SchemaTooOld, match="m999_mood"):
        open_database(path, migrate=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations.migrate, "__defaults__", (migrations.STEPS,))
        database = open_database(path)

    with database:
        assert database.query("SELECT mood FROM service")[0]["mood"] is None
        assert Queue(database).job(job.id) == job
    open_readonly(path, patience_s=0).close()


def test_parts_of_an_older_database_are_kept_compressed(path: Path) -> None:
    """Text saved before the migration reads the same after it."""
    with empty(path) as database:
        migrations.migrate(database, migrations.STEPS[:1])
        database.execute("INSERT INTO jobs (id, path, origin) VALUES (1, X'2F61', 'event')")
        database.execute(
            "INSERT INTO parts (job_id, position, status, payload) VALUES"
            " (1, 0, 'enhanced', 'Grüße'), (1, 1, NULL, NULL)"
        )
        migrations.migrate(database)
        queue = Queue(database)
        job = queue.job(1)
        assert job is not None

        assert queue.parts_done(job) == {0: "Grüße"}
        assert [row.status for row in queue.parts(1)] == ["enhanced", None]
        assert database.check() == []


def test_the_service_row_survives_the_drop_of_unused_columns(path: Path) -> None:
    """A pause and a hold are in that row too."""
    with empty(path) as database:
        migrations.migrate(database, migrations.STEPS[:2])
        database.execute(
            "UPDATE service SET pid = 7, failed_starts = 3, last_error = 'x', paused = 1,"
            " pause_reason = 'lunch', paused_since = ''"
        )
        migrations.migrate(database)

        assert ServiceRow(database).read().pid == 7
        pause = Queue(database).paused()
        assert pause is not None
        assert pause.reason == "lunch"
        assert database.check() == []


def test_only_a_new_database_is_rebuilding(path: Path) -> None:
    """One of an earlier version knows the finished work; a new one does not yet."""
    with empty(path) as database:
        migrations.migrate(database, migrations.STEPS[:3])
    with open_database(path) as database:
        assert not ServiceRow(database).read().rebuilding
    path.unlink()
    with open_database(path, migrate=False) as database:
        assert ServiceRow(database).read().rebuilding
    with open_database(path) as database:
        ServiceRow(database).update(rebuilding=False)
        assert not ServiceRow(database).read().rebuilding


def test_a_column_of_a_later_version_is_ignored(queue: Queue) -> None:
    """An older daemon that still runs does not fail at a newer version's columns."""
    before = queued(queue)
    queue.database.execute("ALTER TABLE jobs ADD COLUMN mood TEXT")
    queue.database.execute("ALTER TABLE seen ADD COLUMN mood TEXT")
    queue.database.execute("ALTER TABLE service ADD COLUMN mood TEXT")

    assert queue.job(before.id) == before
    assert claimed(queue).id == before.id
    assert queue.known(before.path) is not None
    assert queue.paused() is None


def test_a_step_that_fails_leaves_nothing_behind(path: Path) -> None:
    """All steps and their records are one transaction."""

    def m998_good(db: sqlite_utils.Database) -> None:
        db.execute("CREATE TABLE half (x)")

    def m999_bad(db: sqlite_utils.Database) -> None:
        db.execute("CREATE TABLE other (x)")
        raise RuntimeError("no")

    with empty(path) as database:
        with pytest.raises(RuntimeError):
            migrations.migrate(database, (m998_good, m999_bad))

        assert not database.connection.in_transaction
        assert schema(database) == ""
        assert migrations.applied(database) == []


def test_a_newer_schema_is_refused_and_left_alone(database: Database, path: Path) -> None:
    """An older version neither reads nor writes what it does not know."""
    database.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('llasa', 'm002_from_the_future', '')"
    )
    database.close()
    before = path.read_bytes()

    for opening in (open_database, open_readonly):
        with pytest.raises(SchemaTooNew, match="m002_from_the_future") as caught:
            opening(path)
        assert "newer" in str(caught.value)
        assert caught.value.hint
    assert path.read_bytes() == before


def test_two_openings_of_an_old_database_migrate_it_once(path: Path) -> None:
    """The second finds the steps applied once it has the lock."""
    with empty(path) as first, empty(path) as second:
        migrations.migrate(first)
        migrations.migrate(second)

        assert migrations.applied(second) == list(migrations.NAMES)


def test_tables_refuse_values_of_the_wrong_type(database: Database) -> None:
    """The tables are strict: a wrong type is an error when it is written, not when it is read."""
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("UPDATE service SET pid = 'seven'")
