"""What a model writes about finished jobs: which of them wait for it, how far each is, the result.

A writing is no part of its job: the text is published before it begins, and whatever becomes of it,
the job stays as it ended. Payloads are JSON that this room never reads.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from dataclasses import dataclass
from typing import Final

from state.connection import Database
from state.migrations import NOW

TRIES: Final = 3  # failures of the model in a row before a writing is given up
# Only the newest outputs of a path are written about, and have their music described.
CURRENT: Final = (
    "jobs.status IN ('done', 'partial') AND NOT EXISTS (SELECT 1 FROM jobs AS later"
    " WHERE later.path = jobs.path AND later.supersedes > jobs.supersedes"
    " AND later.status IN ('done', 'partial', 'queued', 'running'))"
)


@dataclass(frozen=True, slots=True)
class WritingRow:
    """A writing as it was when it was read."""

    job_id: int
    path: str  # of the job's source; bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    status: str  # "waiting", "done" or "failed"
    reason: str | None  # of a failure
    detail: str | None  # one line for the user
    failures: int  # in a row
    done: int  # requests
    total: int | None  # as far as is known; None before it has begun


@dataclass(frozen=True, slots=True)
class WritingCounts:
    """How many writings there are of each status."""

    waiting: int
    done: int
    failed: int


class WritingRows:
    """The table of writings. One per thread, like its database; every method commits."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def offer(self, job_id: int) -> None:
        """Have a job written about once it is finished, unless it is known already."""
        self.database.execute("INSERT OR IGNORE INTO writings (job_id) VALUES (?)", (job_id,))

    def ask_again(self, job_id: int) -> None:
        """Have a finished job written about from the beginning; the result stays meanwhile."""
        with self.database.transaction():
            self.database.execute("DELETE FROM written WHERE job_id = ?", (job_id,))
            self.database.execute(
                "INSERT INTO writings (job_id) VALUES (?) ON CONFLICT (job_id) DO UPDATE SET"
                " status = 'waiting', reason = NULL, detail = NULL, failures = 0, attempts = 0,"
                " done = 0, total = NULL, writer = NULL",
                (job_id,),
            )

    def next(self) -> WritingRow | None:
        """Return the writing to go on with: one that has begun, else that of the newest job."""
        row = self.database.query_one(
            "SELECT writings.*, jobs.path FROM writings JOIN jobs ON jobs.id = writings.job_id"
            f" WHERE writings.status = 'waiting' AND {CURRENT}"
            " ORDER BY writings.done > 0 DESC, writings.job_id DESC LIMIT 1"
        )
        return None if row is None else _row_of(row)

    def row(self, job_id: int) -> WritingRow | None:
        """Return the writing of a job, None where there is none."""
        row = self.database.query_one(
            "SELECT writings.*, jobs.path FROM writings JOIN jobs ON jobs.id = writings.job_id"
            " WHERE job_id = ?",
            (job_id,),
        )
        return None if row is None else _row_of(row)

    def failed(self, *, limit: int) -> list[WritingRow]:
        """Return writings that were given up, the newest jobs first."""
        rows = self.database.query(
            "SELECT writings.*, jobs.path FROM writings JOIN jobs ON jobs.id = writings.job_id"
            f" WHERE writings.status = 'failed' AND {CURRENT} ORDER BY job_id DESC LIMIT ?",
            (limit,),
        )
        return [_row_of(row) for row in rows]

    def counts(self) -> WritingCounts:
        """Return how many writings of current outputs there are of each status."""
        found = {
            str(row[0]): int(row[1])
            for row in self.database.query(
                "SELECT writings.status, count(*) FROM writings"
                f" JOIN jobs ON jobs.id = writings.job_id WHERE {CURRENT} GROUP BY 1"
            )
        }
        return WritingCounts(*(found.get(status, 0) for status in ("waiting", "done", "failed")))

    def begin(self, job_id: int, writer: str) -> int:
        """Count an attempt at the next request and return how many there were since the last.

        What another writer has left is dropped.
        """
        with self.database.transaction():
            row = self.database.query_one("SELECT writer FROM writings WHERE job_id = ?", (job_id,))
            if row is not None and row["writer"] != writer:
                self.database.execute("DELETE FROM written WHERE job_id = ?", (job_id,))
                self.database.execute(
                    "UPDATE writings SET writer = ?, done = 0, total = NULL, attempts = 0"
                    " WHERE job_id = ?",
                    (writer, job_id),
                )
            counted = self.database.execute(
                "UPDATE writings SET attempts = attempts + 1 WHERE job_id = ? RETURNING attempts",
                (job_id,),
            )
            return int(counted[0]["attempts"]) if counted else 0

    def release(self, job_id: int) -> None:
        """Take back an attempt that was interrupted: it was nobody's fault."""
        self.database.execute(
            "UPDATE writings SET attempts = max(attempts - 1, 0) WHERE job_id = ?", (job_id,)
        )

    def outcomes(self, job_id: int) -> dict[str, str]:
        """Return the payloads of the requests that are done, by their keys."""
        return {
            str(row["key"]): str(row["payload"])
            for row in self.database.query(
                "SELECT key, payload FROM written WHERE job_id = ? ORDER BY rowid", (job_id,)
            )
        }

    def save(self, job_id: int, key: str, payload: str, *, done: int, total: int) -> None:
        """Keep what became of one request."""
        with self.database.transaction():
            self.database.execute(
                "INSERT OR REPLACE INTO written (job_id, key, payload) VALUES (?, ?, ?)",
                (job_id, key, payload),
            )
            self.database.execute(
                "UPDATE writings SET done = ?, total = ?, attempts = 0, failures = 0"
                " WHERE job_id = ?",
                (done, total, job_id),
            )

    def count_failure(self, job_id: int) -> int:
        """Count a failure of the model; return how many in a row."""
        counted = self.database.execute(
            "UPDATE writings SET failures = failures + 1 WHERE job_id = ? RETURNING failures",
            (job_id,),
        )
        return int(counted[0]["failures"]) if counted else TRIES

    def finish(self, job_id: int, result: str) -> None:
        """Keep the result of a writing and drop its requests."""
        with self.database.transaction():
            self.database.execute("DELETE FROM written WHERE job_id = ?", (job_id,))
            self.database.execute(
                "UPDATE writings SET status = 'done', reason = NULL, detail = NULL, result = ?,"
                f" attempts = 0, failures = 0, changed_at = {NOW} WHERE job_id = ?",
                (zlib.compress(result.encode()), job_id),
            )

    def fail(self, job_id: int, *, reason: str, detail: str) -> None:
        """Give a writing up; an earlier result stays."""
        self.database.execute(
            "UPDATE writings SET status = 'failed', reason = ?, detail = ?, attempts = 0,"
            f" changed_at = {NOW} WHERE job_id = ?",
            (reason, detail, job_id),
        )

    def result(self, job_id: int) -> str | None:
        """Return the result of a finished writing, None where there is none."""
        row = self.database.query_one("SELECT result FROM writings WHERE job_id = ?", (job_id,))
        if row is None or row["result"] is None:
            return None
        return zlib.decompress(row["result"]).decode()


def _row_of(row: sqlite3.Row) -> WritingRow:
    return WritingRow(
        job_id=row["job_id"],
        path=os.fsdecode(row["path"]),
        status=row["status"],
        reason=row["reason"],
        detail=row["detail"],
        failures=row["failures"],
        done=row["done"],
        total=row["total"],
    )
