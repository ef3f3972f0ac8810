"""Opening, settings and checkpoints, and how they meet faults of the disk."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from state import connection
from state import database as database_module
from state.database import Database, open_database, open_readonly
from state.errors import (
    DatabaseBusy,
    DatabaseFull,
    DatabaseMissing,
    DatabaseUnusable,
    FolderUnsafe,
    StateError,
)
from state.job import Origin
from state.queue import Queue
from state.service import ServiceRow
from tests.state.making import offered, python, queued


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o277])
def test_the_database_is_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    """The folder is 0700 and all files in it 0600, the write-ahead log and its index included."""
    path = tmp_path / "state" / "queue.db"
    with umask(mask), open_database(path) as database:
        queued(Queue(database))

        assert mode(path.parent) == 0o700
        assert {file.name: mode(file) for file in path.parent.iterdir()} == {
            "queue.db": 0o600,
            "queue.db-wal": 0o600,
            "queue.db-shm": 0o600,
        }


def test_a_folder_that_others_may_write_to_is_refused(path: Path) -> None:
    """Another user could replace the database."""
    path.parent.mkdir()
    path.parent.chmod(0o770)

    with pytest.raises(FolderUnsafe, match="0770") as caught:
        open_database(path)

    assert f"chmod 700 {path.parent}" in caught.value.hint
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_others_may_read_is_closed(path: Path) -> None:
    """The database holds the text of transcripts."""
    path.parent.mkdir()
    path.parent.chmod(0o755)
    open_database(path).close()

    assert mode(path.parent) == 0o700


def test_the_promised_settings_are_set(database: Database) -> None:
    """A commit is on the disk, and no connection checkpoints by itself."""
    found = {
        name: database.query(f"PRAGMA {name}")[0][0]
        for name in (
            "journal_mode",
            "synchronous",
            "fullfsync",
            "checkpoint_fullfsync",
            "wal_autocheckpoint",
            "busy_timeout",
            "foreign_keys",
        )
    }

    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
        "wal_autocheckpoint": 0,
        "busy_timeout": 10_000,
        "foreign_keys": 1,
    }


def without_shared_memory(path: Path, mode: str) -> Database:
    """Connect as on a network share, which cannot share memory between processes."""
    opened = sqlite3.connect(
        f"{path.as_uri()}?mode={mode}&vfs=unix-dotfile", uri=True, isolation_level=None
    )
    opened.row_factory = sqlite3.Row
    return Database(opened, path)


def test_a_disk_that_refuses_the_log_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite returns another journal mode instead of an error; no file is left behind."""
    monkeypatch.setattr(database_module, "connect", without_shared_memory)

    with pytest.raises(DatabaseUnusable, match="journal mode delete") as caught:
        open_database(path)

    assert "local disk" in caught.value.hint
    assert not path.exists()
    monkeypatch.undo()
    open_database(path).close()


def test_a_missing_database_is_not_created_by_reading(path: Path) -> None:
    """`status` before the first start leaves no file behind."""
    with pytest.raises(DatabaseMissing):
        open_readonly(path)
    with pytest.raises(DatabaseMissing):
        open_database(path, create=False)

    assert not path.parent.exists()


def test_a_database_half_created_by_a_killed_process_is_created_again(path: Path) -> None:
    """It had another name, so nobody can have opened it."""
    path.parent.mkdir(mode=0o700)
    for name in ("queue.db.new", "queue.db.new-wal", "queue.db.new-journal"):
        (path.parent / name).write_bytes(b"half")

    open_database(path).close()

    assert [file.name for file in path.parent.iterdir()] == ["queue.db"]


def test_a_log_without_its_database_is_not_replayed_into_a_new_one(
    database: Database, path: Path
) -> None:
    """The user deleted the database and left the log, which is set aside."""
    queued(Queue(database))
    path.unlink()
    assert not database.still_there()

    with open_database(path) as second:
        assert Queue(second).jobs() == []
        assert second.still_there()
        assert second.check() == []
        database.close()
        queued(Queue(second))
        assert second.wal_bytes() > 0
    assert [file.name for file in path.parent.glob("*.stray-*-wal")] != []
    with open_readonly(path) as reader:
        assert len(Queue(reader).jobs()) == 1


def test_a_reader_cannot_write(database: Database, path: Path) -> None:
    """`llasactl status` cannot change anything, not even by a bug."""
    with open_readonly(path) as reader, pytest.raises(DatabaseUnusable):
        queued(Queue(reader))


def test_a_reader_works_whether_or_not_a_daemon_runs(path: Path) -> None:
    """With a log open in another connection, with one left behind, and without one."""
    with open_database(path) as database:
        queued(Queue(database))
        with open_readonly(path) as reader:
            assert len(Queue(reader).jobs()) == 1
    for _ in range(2):
        with open_readonly(path) as reader:
            assert len(Queue(reader).jobs()) == 1
    with open_database(path) as database:
        queued(Queue(database), "/other")


def test_a_name_with_odd_bytes_can_hold_the_home(tmp_path: Path) -> None:
    """SQLite gets the path as a URI, in which `?`, `#` and `%` have a meaning."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a?b#c%41 \xff/queue.db"))
    open_database(path).close()

    assert path.exists()
    open_readonly(path).close()


def test_a_connection_notices_what_others_wrote(database: Database, path: Path) -> None:
    """The daemon need not read the queue to know that llasactl has changed nothing."""
    before = database.data_version()
    Queue(database).pause()
    assert database.data_version() == before
    with open_database(path) as other:
        Queue(other).resume()

    assert database.data_version() != before


def test_a_replaced_file_is_noticed(database: Database, path: Path) -> None:
    """Another file of the same name is not the one that we write to."""
    assert database.still_there()
    path.rename(path.with_name("elsewhere.db"))
    open_database(path).close()

    assert not database.still_there()


def test_a_database_in_use_too_long_is_busy_and_says_so(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting ends, and SQLite's own error does not reach the user."""
    waits: list[float] = []
    monkeypatch.setattr(connection, "time", SimpleNamespace(sleep=waits.append))
    database.execute("PRAGMA busy_timeout=0")
    with open_database(path) as other, other.transaction():
        for write in (lambda: queued(Queue(database)), lambda: Queue(database).pause()):
            with pytest.raises(DatabaseBusy):
                write()

    assert waits == [*connection.RETRY_WAITS_S] * 2
    assert queued(Queue(database)).id == 1


def test_a_write_waits_for_the_one_before_it(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user never sees a lock that is released while we wait."""
    other = sqlite3.connect(path, isolation_level=None)
    waits: list[float] = []

    def release(wait_s: float) -> None:
        waits.append(wait_s)
        if len(waits) == len(connection.RETRY_WAITS_S):
            other.execute("COMMIT")

    monkeypatch.setattr(connection, "time", SimpleNamespace(sleep=release))
    database.execute("PRAGMA busy_timeout=0")
    other.execute("BEGIN IMMEDIATE")

    assert queued(Queue(database)).id == 1
    assert waits == [*connection.RETRY_WAITS_S]
    other.close()


def test_a_full_disk_is_named_and_loses_nothing_that_was_there(queue: Queue) -> None:
    """The write that did not fit is rolled back whole, and the next one that fits succeeds."""
    first = queued(queue)
    pages = queue.database.query("PRAGMA page_count")[0][0]
    queue.database.execute(f"PRAGMA max_page_count={pages}")

    with pytest.raises(DatabaseFull) as caught:
        queue.offer_many([offered(f"/{n}" + "x" * 200) for n in range(500)])

    assert caught.value.hint
    assert not queue.database.connection.in_transaction
    assert queue.jobs() == [first]
    queue.database.execute("PRAGMA max_page_count=1000000")
    queued(queue, "/fits")


def test_an_open_read_only_delays_the_truncation_of_the_log(
    queue: Queue, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log grows while another connection reads, and is emptied once that has ended."""
    monkeypatch.setattr(connection, "CHECKPOINT_FROM_BYTES", 1 << 16)
    monkeypatch.setattr(connection, "TRUNCATE_FROM_BYTES", 1 << 18)
    row = ServiceRow(queue.database)
    row.update(phase="before")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT phase FROM service").fetchall() == [("before",)]

    queue.database.execute("PRAGMA synchronous=OFF")  # the test is about size, not about the disk
    for number in range(400):
        row.update(phase="during", memory_bytes=number)
    held = queue.database.checkpoint()
    grown = queue.database.wal_bytes()
    assert held.busy
    assert not held.complete
    assert grown > 1 << 18
    assert reader.execute("SELECT phase FROM service").fetchall() == [("before",)]

    reader.close()
    freed = queue.database.checkpoint()
    assert freed.complete
    assert queue.database.wal_bytes() == 0
    assert queue.database.query("PRAGMA busy_timeout")[0][0] == connection.BUSY_TIMEOUT_MS


def test_regular_checkpoints_keep_the_log_small(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no reader in the way the log is reused from its start."""
    monkeypatch.setattr(connection, "CHECKPOINT_FROM_BYTES", 1 << 16)
    row = ServiceRow(queue.database)
    queue.database.execute("PRAGMA synchronous=OFF")
    sizes = []
    for number in range(400):
        row.update(memory_bytes=number)
        assert not queue.database.checkpoint().busy
        sizes.append(queue.database.wal_bytes())

    assert max(sizes) < 1 << 17


def test_a_small_log_is_left_alone(queue: Queue) -> None:
    """A checkpoint syncs the whole database, which is not worth it for a few pages."""
    queued(queue)

    assert queue.database.checkpoint().complete
    assert queue.database.wal_bytes() > 0


def test_a_checkpoint_without_a_log_is_an_error(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row that SQLite returns is checked."""
    monkeypatch.setattr(connection, "CHECKPOINT_FROM_BYTES", 0)
    assert queue.database.execute("PRAGMA journal_mode=delete")[0][0] == "delete"

    with pytest.raises(DatabaseUnusable, match="lost its write-ahead log"):
        queue.database.checkpoint()


def test_every_error_has_a_hint() -> None:
    """Each error of the tree tells the user what to do next."""

    def tree(kind: type[StateError]) -> Iterator[type[StateError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from tree(child)

    kinds = list(tree(StateError))
    assert len(kinds) > 10
    for kind in kinds:
        assert kind.hint
        assert (kind.__doc__ or "").endswith(".")


def test_reading_needs_no_sqlite_utils(database: Database, path: Path) -> None:
    """It imports numpy, which would take longer than all that `status` does."""
    queued(Queue(database), origin=Origin.EVENT)
    reader = python(
        "import sys, pathlib\n"
        "from state.database import open_readonly\n"
        "from state.queue import Queue\n"
        "print(len(Queue(open_readonly(pathlib.Path(sys.argv[1]))).jobs()))\n"
        "print('sqlite_utils' in sys.modules, 'numpy' in sys.modules)\n",
        path,
    )
    out, err = reader.communicate(timeout=60)

    assert (out.split(), err) == (["1", "False", "False"], "")
