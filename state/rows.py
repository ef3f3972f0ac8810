"""What the queue's modules share: rows become records, and a job makes legal moves only."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from state.connection import Database, Value
from state.errors import IllegalMove, JobMoved, NoSuchJob
from state.job import (
    MOVES,
    TERMINAL,
    Fingerprint,
    Job,
    Kind,
    Origin,
    Output,
    Reason,
    Seen,
    Status,
)
from state.migrations import NOW

PathName = str | bytes | os.PathLike[str]
FINISHED_AT = (
    f"CASE WHEN :to IN ({', '.join(repr(str(s)) for s in sorted(TERMINAL))}) THEN {NOW} END"
)
JOB_COLUMNS = tuple(field.name for field in fields(Job))
# The assignments that queue a job again with all its attempts.
REQUEUE = (
    "status = 'queued', reason = NULL, detail = NULL, finished_at = NULL,"
    " attempt = 0, restarts = 0, load_failures = 0, tried_last = 0"
)
# The assignments that count a job's finished parts again.
RECOUNT = (
    "(parts_done, words_done, decode_s) = (SELECT count(*), coalesce(sum(words), 0),"
    " total(decode_s) FROM parts WHERE job_id = jobs.id AND parts.status IS NOT NULL)"
)

# Any process may write outputs again or forget a file; the library's keeper asks for the path.
NOTE_CHANGED = "INSERT INTO changed (path) VALUES (?) ON CONFLICT DO NOTHING"


class Rows:
    """The base of every part of the queue. One per thread, like its database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def job(self, job_id: int) -> Job | None:
        """Return a job as it is now."""
        row = self.database.query_one("SELECT * FROM jobs WHERE id = ?", (job_id,))
        return None if row is None else job_of(row)

    def job_by_path(self, path: PathName) -> Job | None:
        """Return the latest job of a path."""
        row = self.database.query_one(
            "SELECT * FROM jobs WHERE path = ? ORDER BY supersedes DESC LIMIT 1",
            (os.fsencode(path),),
        )
        return None if row is None else job_of(row)

    def jobs_of_path(self, path: PathName) -> list[Job]:
        """Return all jobs of a path, latest first."""
        rows = self.database.query(
            "SELECT * FROM jobs WHERE path = ? ORDER BY supersedes DESC", (os.fsencode(path),)
        )
        return [job_of(row) for row in rows]

    def job_by_output(self, path: str) -> Job | None:
        """Return the latest job that wrote an output at a path; looks at every job."""
        row = self.database.query_one(
            "SELECT * FROM jobs WHERE EXISTS (SELECT 1 FROM json_each(jobs.outputs) AS output"
            " WHERE json_extract(output.value, '$[1]') = ?) ORDER BY id DESC LIMIT 1",
            (os.fsencode(path).decode("utf-8", "replace"),),
        )
        return None if row is None else job_of(row)

    def move(
        self, job: Job, to: Status, *, reason: str | None = None, detail: str | None = None
    ) -> Job:
        """Change a job's status from the one that the caller saw; commits.

        Raises IllegalMove if `MOVES` does not allow it, JobMoved if the job has changed since.
        """
        if to not in MOVES[job.status]:
            raise IllegalMove(job.id, job.status, to)
        reason, detail = normalized_reason(reason, detail)
        return self._update_unmoved(
            job,
            f"status = :to, reason = :reason, detail = :detail, finished_at = {FINISHED_AT}",
            {"to": to, "reason": reason, "detail": detail},
        )

    def _update_unmoved(self, job: Job, assignments: str, values: Mapping[str, Value]) -> Job:
        """Update a job if its status and claim are still those that the caller saw.

        Raises JobMoved or NoSuchJob otherwise.
        """
        row = self.database.execute_one(
            f"UPDATE jobs SET {assignments}"
            " WHERE id = :id AND status = :status AND claims = :claims RETURNING *",
            {**values, "id": job.id, "status": job.status, "claims": job.claims},
        )
        if row is None:
            raise JobMoved(job.id, self._require(job.id).status)
        return job_of(row)

    def _require(self, job_id: int) -> Job:
        found = self.job(job_id)
        if found is None:
            raise NoSuchJob(job_id, f"there is no job {job_id}")
        return found


def normalized_reason(reason: str | None, detail: str | None) -> tuple[str | None, str | None]:
    """Return reason and detail for storing; a reason outside the list becomes part of the detail.

    It is no error: an unknown reason must not stop a job from ending, or the job would be retried
    for ever.
    """
    if reason is None or reason in Reason.__members__.values():
        return reason, detail
    return Reason.OTHER, f"{reason}: {detail}" if detail else reason


def sql_list(statuses: Iterable[Status]) -> str:
    """Return statuses as the inside of an SQL `IN (...)`."""
    return ", ".join(f"'{status}'" for status in sorted(statuses))


def signed(number: int) -> int:
    """Return a number modulo 64 bits with a sign, as SQLite stores it.

    Inodes of some file systems use the top bit, and so do nanoseconds after the year 2262.
    """
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def unsigned(number: int) -> int:
    """Return a stored number modulo 64 bits without a sign."""
    return number % (1 << 64)


def fingerprint_columns(fingerprint: Fingerprint) -> dict[str, int]:
    """Return a fingerprint as columns; the table of jobs has all of them but `ctime_ns`."""
    return {
        "device": signed(fingerprint.device),
        "inode": signed(fingerprint.inode),
        "size": fingerprint.size,
        "mtime_ns": signed(fingerprint.mtime_ns),
        "ctime_ns": signed(fingerprint.ctime_ns),
    }


def fingerprint_of(row: sqlite3.Row) -> Fingerprint:
    """Return the fingerprint in a row of the files seen."""
    return Fingerprint(
        device=unsigned(row["device"]),
        inode=unsigned(row["inode"]),
        size=row["size"],
        mtime_ns=unsigned(row["mtime_ns"]),
        ctime_ns=unsigned(row["ctime_ns"]),
    )


def outputs_json(outputs: Sequence[Output]) -> str:
    """Return outputs as JSON in ASCII, which preserves names that are not UTF-8."""
    return json.dumps([[o.suffix, o.path, o.sha256, o.displaced] for o in outputs])


def outputs_of(text: str) -> tuple[Output, ...]:
    """Return the outputs in a JSON text of `outputs_json`."""
    return () if text == "[]" else tuple(Output(*fields) for fields in json.loads(text))


def job_of(row: sqlite3.Row) -> Job:
    """Return the job in a full row; columns that a later version added are ignored."""
    values: dict[str, Any] = {name: row[name] for name in JOB_COLUMNS}
    values["path"] = os.fsdecode(values["path"])
    values["inode"] = unsigned(values["inode"])
    values["device"] = unsigned(values["device"])
    values["kind"] = Kind(values["kind"])
    values["status"] = Status(values["status"])
    values["reason"] = None if values["reason"] is None else Reason(values["reason"])
    values["origin"] = Origin(values["origin"])
    values["decode_s"] = float(values["decode_s"])  # RETURNING gives a whole REAL as an integer
    values["deferred"] = bool(values["deferred"])
    values["tried_last"] = bool(values["tried_last"])
    values["outputs"] = outputs_of(values["outputs"])
    values["intended"] = outputs_of(values["intended"])
    figures = values["figures"]
    values["figures"] = {} if figures == "{}" else json.loads(figures)
    return Job(**values)


def seen_of(row: sqlite3.Row) -> Seen:
    """Return the file in a row of the files seen."""
    return Seen(os.fsdecode(row["path"]), fingerprint_of(row), row["sha256"])
