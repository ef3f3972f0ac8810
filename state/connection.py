"""A connection, and the only ways in which SQL reaches it: `query`, `execute` and `transaction`.

`query` reads, `execute` may write. Every statement commits by itself, or belongs to a transaction
that took the write lock when it began. No connection checkpoints by itself: the daemon calls
`checkpoint`, from one thread.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import quote_from_bytes

from state import folder
from state.errors import BUSY, DatabaseUnusable, primary_code, translated

BUSY_TIMEOUT_MS = 10_000
RETRY_WAITS_S = (0.02, 0.1, 0.5)  # after SQLite's own waiting has ended
CHECKPOINT_WAIT_MS = 50
CHECKPOINT_FROM_BYTES = 1 << 20  # below, a checkpoint costs more than it saves
TRUNCATE_FROM_BYTES = 4 << 20

Value = str | bytes | int | float | None
Parameters = Sequence[Value] | Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What SQLite said about a checkpoint."""

    busy: bool  # a reader or writer was in the way
    frames: int  # pages in the write-ahead log
    moved: int  # those of them that are in the database now

    @property
    def complete(self) -> bool:
        """Return whether the whole log is in the database."""
        return not self.busy and self.frames == self.moved


class Database:
    """One connection, for one thread. Made by `open_database` and `open_readonly`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self._identity = _identity(path)

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        self.connection.close()

    def query(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one statement that only reads and return its rows; it holds nothing open afterwards.

        Raises DatabaseBusy when the database is still locked after all waiting.
        """
        return self._run(sql, parameters)

    def query_one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """Run one statement that only reads and return its first row, if any."""
        return next(iter(self._run(sql, parameters)), None)

    def execute(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Run one statement that may write and return its rows, if it has a RETURNING clause.

        Commits unless a transaction is open. Raises DatabaseBusy when the database is still locked
        after all waiting.
        """
        return self._run(sql, parameters)

    def execute_one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """Run one statement that may write and return its first row, if any."""
        return next(iter(self._run(sql, parameters)), None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock from the start to the end; commit, or on any exception roll back.

        Not a deferred BEGIN: with one, a write after a read fails at once if another connection
        has written in between, and no timeout helps.
        """
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def still_there(self) -> bool:
        """Return whether the file at our path is the one that we have open."""
        return self._identity is not None and _identity(self.path) == self._identity

    def data_version(self) -> int:
        """Return a number that changes when another connection has written."""
        return int(self.query("PRAGMA data_version")[0][0])

    def wal_bytes(self) -> int:
        """Return the size of the write-ahead log."""
        try:
            return folder.beside(self.path, "-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def checkpoint(self) -> Checkpoint:
        """Move the write-ahead log into the database once it has grown; never wait for long.

        For the daemon, from one thread. A reader in the way only delays it. Raises
        DatabaseUnusable when the database has no write-ahead log.
        """
        size = self.wal_bytes()
        if size < CHECKPOINT_FROM_BYTES:
            return Checkpoint(busy=False, frames=0, moved=0)
        how = "TRUNCATE" if size >= TRUNCATE_FROM_BYTES else "PASSIVE"
        self.execute(f"PRAGMA busy_timeout={CHECKPOINT_WAIT_MS}")
        try:
            busy, frames, moved = self.connection.execute(
                f"PRAGMA wal_checkpoint({how})"
            ).fetchone()
        except sqlite3.Error as error:
            if primary_code(error) not in BUSY:
                raise translated(error, self.path) from error
            return Checkpoint(busy=True, frames=0, moved=0)
        finally:
            self.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        if frames < 0 and not busy:
            raise DatabaseUnusable(f"{self.path} has lost its write-ahead log")
        return Checkpoint(busy=bool(busy), frames=max(frames, 0), moved=max(moved, 0))

    def check(self) -> list[str]:
        """Return what SQLite's integrity and foreign key checks find; empty if all is well."""
        found = [str(row[0]) for row in self.query("PRAGMA integrity_check(20)")]
        broken = self.query("PRAGMA foreign_key_check")
        return [line for line in found if line != "ok"] + [
            f"row {row[1]} of {row[0]} refers to a missing row of {row[2]}" for row in broken
        ]

    @property
    def sqlite_version(self) -> str:
        """Return the version of the SQLite library in use."""
        return sqlite3.sqlite_version

    def _run(self, sql: str, parameters: Parameters) -> list[sqlite3.Row]:
        """Run one statement and fetch all of its rows, so that nothing stays open."""
        parameters = _storable(parameters)
        for wait_s in (*RETRY_WAITS_S, None):
            try:
                return self.connection.execute(sql, parameters).fetchall()
            except sqlite3.Error as error:
                if (
                    wait_s is None
                    or primary_code(error) not in BUSY
                    or self.connection.in_transaction
                ):
                    raise translated(error, self.path) from error
                time.sleep(wait_s)
        raise AssertionError("unreachable")


def connect(path: Path, mode: Literal["ro", "rw"]) -> Database:
    """Connect to the database at `path`, which exists; nothing is read yet.

    Raises DatabaseUnusable or DatabaseBusy.
    """
    try:
        connection = sqlite3.connect(
            f"file:{quote_from_bytes(os.fsencode(path))}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_MS / 1000,
            isolation_level=None,  # Python begins no transaction by itself
        )
    except sqlite3.Error as error:
        raise translated(error, path) from error
    connection.row_factory = sqlite3.Row
    return Database(connection, path)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _storable(parameters: Parameters) -> Parameters:
    """Escape lone surrogates in texts, for SQLite stores UTF-8 alone.

    A detail may quote a file name that is not UTF-8.
    """
    if isinstance(parameters, Mapping):
        return {key: _escaped(value) for key, value in parameters.items()}
    return tuple(_escaped(value) for value in parameters)


def _escaped(value: Value) -> Value:
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return value
