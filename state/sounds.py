"""Finished jobs whose music is described: which wait for it, what is kept, how each ended.

Like a writing, this is no part of its job: the text is published before, and the job stays as it
ended. Payloads are JSON that this room never reads; one is kept for each stretch of music.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from typing import Final

from state.connection import Database
from state.job import Job
from state.migrations import NOW
from state.rows import job_of
from state.writings import CURRENT

CAP: Final = 3  # times begun without an end or a stretch, before it is given up
_COLUMNS: Final = "sound_searches.*, jobs.path"
_FROM: Final = "sound_searches JOIN jobs ON jobs.id = sound_searches.job_id"


@dataclass(frozen=True, slots=True)
class SoundSearch:
    """The music of one finished job, as it was when it was read."""

    job_id: int
    path: str  # of the job's source; bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    status: str  # "waiting", "done" or "failed"
    reason: str | None  # of a failure, such as "service_missing"
    detail: str | None  # one line for the user


@dataclass(frozen=True, slots=True)
class SoundCounts:
    """How many finished jobs there are of each status."""

    waiting: int
    done: int
    failed: int


class SoundRows:
    """The tables of described music. One per thread, like its database; every method commits."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def want(self, job_id: int) -> None:
        """Have the music of a job described once it is finished, unless it is known already."""
        self.database.execute("INSERT OR IGNORE INTO sound_searches (job_id) VALUES (?)", (job_id,))

    def ask_again(self, job_id: int) -> None:
        """Have the music of a finished job described again.

        One that was given up goes on where it ended. Of one that was done everything is described
        again, and what is there stays until then.
        """
        with self.database.transaction():
            self.database.execute(
                "UPDATE sounds SET stale = 1 WHERE job_id = ? AND EXISTS (SELECT 1 FROM"
                " sound_searches AS s WHERE s.job_id = sounds.job_id AND s.status = 'done')",
                (job_id,),
            )
            self.database.execute(
                "INSERT INTO sound_searches (job_id) VALUES (?) ON CONFLICT (job_id) DO UPDATE SET"
                " status = 'waiting', reason = NULL, detail = NULL, attempts = 0",
                (job_id,),
            )

    def begin(self) -> Job | None:
        """Return a finished job whose music is to be described, and count the attempt.

        None for none, and while the queue is paused or held, or the model is lent. The count is
        written before the work, so that a recording which kills the daemon is given up.
        """
        if not self.waiting():  # the usual case needs no lock for writing
            return None
        with self.database.transaction():
            self.database.execute(
                "UPDATE sound_searches SET status = 'failed', reason = 'attempts_exhausted',"
                f" detail = 'It was begun too often without an end.', changed_at = {NOW}"
                " WHERE status = 'waiting' AND attempts >= ?",
                (CAP,),
            )
            row = self.database.query_one(f"""
                SELECT jobs.* FROM {_FROM}
                WHERE sound_searches.status = 'waiting' AND {CURRENT}
                AND NOT EXISTS (SELECT 1 FROM service WHERE paused = 1 OR hold_reason IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM model_requests WHERE granted_at IS NOT NULL)
                ORDER BY job_id DESC LIMIT 1
            """)
            if row is None:
                return None
            self.database.execute(
                "UPDATE sound_searches SET attempts = attempts + 1 WHERE job_id = ?", (row["id"],)
            )
            return job_of(row)

    def put_off(self, job_id: int) -> None:
        """Take back an attempt that was interrupted: it was nobody's fault."""
        self.database.execute(
            "UPDATE sound_searches SET attempts = max(attempts - 1, 0) WHERE job_id = ?", (job_id,)
        )

    def save(self, job_id: int, position: int, payload: str) -> None:
        """Keep what was heard in one stretch; the attempts count from here again."""
        with self.database.transaction():
            self.database.execute(
                "INSERT OR REPLACE INTO sounds (job_id, position, payload) VALUES (?, ?, ?)",
                (job_id, position, payload),
            )
            self.database.execute(
                "UPDATE sound_searches SET attempts = 1 WHERE job_id = ?", (job_id,)
            )

    def kept(self, job_id: int, *, stale: bool = True) -> dict[int, str]:
        """Return the payloads of a job by the positions of their stretches.

        `stale` ones are those that are to be described again.
        """
        rows = self.database.query(
            "SELECT position, payload FROM sounds WHERE job_id = ? AND stale <= ?"
            " ORDER BY position",
            (job_id, int(stale)),
        )
        return {int(row["position"]): str(row["payload"]) for row in rows}

    def finish(self, job_id: int) -> None:
        """Note that everything was described, and published."""
        with self.database.transaction():
            self.database.execute("DELETE FROM sounds WHERE job_id = ? AND stale = 1", (job_id,))
            self.database.execute(
                "UPDATE sound_searches SET status = 'done', reason = NULL, detail = NULL,"
                f" attempts = 0, changed_at = {NOW} WHERE job_id = ?",
                (job_id,),
            )

    def fail(self, job_id: int, *, reason: str, detail: str) -> None:
        """Give it up until it is asked for again; what was heard stays."""
        self.database.execute(
            "UPDATE sound_searches SET status = 'failed', reason = ?, detail = ?, attempts = 0,"
            f" changed_at = {NOW} WHERE job_id = ?",
            (reason, detail, job_id),
        )

    def row(self, job_id: int) -> SoundSearch | None:
        """Return what is known of a job's music, None where it was never wanted."""
        row = self.database.query_one(f"SELECT {_COLUMNS} FROM {_FROM} WHERE job_id = ?", (job_id,))
        return None if row is None else _search_of(row)

    def failed(self, *, limit: int) -> list[SoundSearch]:
        """Return those that were given up, the newest jobs first."""
        rows = self.database.query(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE sound_searches.status = 'failed'"
            f" AND {CURRENT} ORDER BY job_id DESC LIMIT ?",
            (limit,),
        )
        return [_search_of(row) for row in rows]

    def waiting(self) -> int:
        """Return of how many finished texts the music is still to be described."""
        return self.counts().waiting

    def counts(self) -> SoundCounts:
        """Return how many there are of each status, of current outputs."""
        found = {
            str(row[0]): int(row[1])
            for row in self.database.query(
                f"SELECT sound_searches.status, count(*) FROM {_FROM} WHERE {CURRENT} GROUP BY 1"
            )
        }
        return SoundCounts(*(found.get(status, 0) for status in ("waiting", "done", "failed")))


def _search_of(row: sqlite3.Row) -> SoundSearch:
    return SoundSearch(
        job_id=row["job_id"],
        path=os.fsdecode(row["path"]),
        status=row["status"],
        reason=row["reason"],
        detail=row["detail"],
    )
