"""Lists, counts and estimates over the jobs, and the history of one."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Sequence

from state.job import Backlog, FinishedRow, Job, Move, PartRow, Reason, Status
from state.rows import Rows, job_of, outputs_of, sql_list

RECENT = 50  # jobs from which the words per byte are taken
# Files are alike whose names end alike: JSON with times has fewer words per byte than SRT.
ENDING = "lower(substr(path, -4))"
# Files that were not transcripts gave no words; some of those that wait will be like them.
WORDLESS = sql_list({Status.IGNORED, Status.INVALID})
READ = sql_list({Status.DONE, Status.PARTIAL, Status.RUNNING, Status.IGNORED, Status.INVALID})
# The words left to decode of a job that has been read, or whose bytes an earlier job has read.
REMAINING = (
    "CASE WHEN words_total IS NOT NULL THEN max(0, words_total - words_done)"
    " WHEN supersedes > 0 THEN ("
    "   SELECT words_total FROM jobs AS before WHERE before.path = jobs.path"
    "   AND before.sha256 = jobs.sha256 AND before.words_total IS NOT NULL"
    "   ORDER BY before.supersedes DESC LIMIT 1) END"
)
BACKLOG = f"""
    WITH read AS (
        SELECT {ENDING} AS ending, size, coalesce(words_total, 0) AS words FROM jobs
        WHERE status IN ({READ}) AND claims > 0 AND kind = 'transcript'
        AND (words_total IS NOT NULL OR status IN ({WORDLESS}))
        AND id >= coalesce((
            SELECT id FROM jobs WHERE status = 'done' ORDER BY id DESC LIMIT 1 OFFSET {RECENT} - 1
        ), 0)
    ),
    rates AS (
        SELECT ending, nullif(total(words), 0) / sum(size) AS rate FROM read GROUP BY ending
    ),
    waiting AS (
        SELECT {ENDING} AS ending, size,
            CASE WHEN kind = 'recording' THEN 0 ELSE {REMAINING} END AS words
        FROM jobs WHERE status = 'queued'
    ),
    estimated AS MATERIALIZED (
        SELECT size, coalesce(words, size * coalesce(
            rate, (SELECT nullif(total(words), 0) / sum(size) FROM read)
        )) AS words FROM waiting LEFT JOIN rates USING (ending)
    )
    SELECT count(*) AS jobs, coalesce(sum(size), 0) AS bytes,
        CASE WHEN count(*) = count(words) THEN total(words) END AS words
    FROM estimated
"""
# The newest job with outputs of each transcript; a recording's output is itself a transcript.
FINISHED = (
    "SELECT id, path, outputs FROM jobs WHERE status IN ('done', 'partial') AND outputs <> '[]'"
    " AND kind = 'transcript'"
    " AND NOT EXISTS (SELECT 1 FROM jobs AS later WHERE later.path = jobs.path"
    " AND later.supersedes > jobs.supersedes AND later.status IN ('done', 'partial')"
    " AND later.outputs <> '[]')"
)
_MOST_ID = (1 << 63) - 1
# Finds an output written beside one that the user had edited. In JSON a quote inside a name has a
# backslash before it, so no name can look like this.
DISPLACED = """instr(outputs, '", true]') > 0 AND outputs GLOB '*[^\\]", true]*'"""


class ViewRows(Rows):
    """The part of the queue that only reads; each answer is one short statement."""

    def jobs(
        self,
        *,
        status: Status | Iterable[Status] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Job]:
        """Return jobs, newest first: all, or those of one or several statuses."""
        if status is None:
            wanted = ""
        else:
            wanted = (
                f" WHERE status IN ({sql_list([status] if isinstance(status, Status) else status)})"
            )
        rows = self.database.query(
            "SELECT * FROM jobs WHERE id IN ("
            f" SELECT id FROM jobs{wanted} ORDER BY id DESC LIMIT ? OFFSET ?"
            ") ORDER BY id DESC",
            (-1 if limit is None else limit, offset),
        )
        return [job_of(row) for row in rows]

    def counts(self) -> dict[Status, int]:
        """Return the number of jobs of each status, zeros included."""
        found = dict.fromkeys(Status, 0)
        for row in self.database.query("SELECT status, count(*) FROM jobs GROUP BY status"):
            found[Status(row[0])] = row[1]
        return found

    def backlog(self) -> Backlog:
        """Return what waits: recorded words, and an estimate for files not read yet."""
        row = self.database.query(BACKLOG)[0]
        words = None if row["words"] is None else round(row["words"])
        return Backlog(jobs=row["jobs"], bytes=row["bytes"], words=words)

    def edits_kept(self) -> int:
        """Return how many files have current outputs beside one that the user had edited."""
        return int(
            self.database.query(
                "SELECT count(*) FROM jobs WHERE status IN ('done', 'partial')"
                f" AND {DISPLACED} AND NOT EXISTS ("
                "  SELECT 1 FROM jobs AS later WHERE later.path = jobs.path"
                "  AND later.supersedes > jobs.supersedes AND later.outputs <> '[]')"
            )[0][0]
        )

    def finished(self, *, before: int | None = None, limit: int) -> list[FinishedRow]:
        """Return the newest jobs with outputs of each path, newest first, below the id `before`."""
        rows = self.database.query(
            f"{FINISHED} AND jobs.id < ? ORDER BY jobs.id DESC LIMIT ?",
            (_MOST_ID if before is None else before, limit),
        )
        return [_finished_of(row) for row in rows]

    def finished_of(self, paths: Sequence[str]) -> list[FinishedRow]:
        """Return the newest job with outputs of those of the paths that have one."""
        marks = ", ".join("?" * len(paths))
        rows = self.database.query(
            f"{FINISHED} AND jobs.path IN ({marks})", [os.fsencode(path) for path in paths]
        )
        return [_finished_of(row) for row in rows]

    def finished_count(self) -> int:
        """Return of how many paths a job has outputs."""
        return int(self.database.query(f"SELECT count(*) FROM ({FINISHED})")[0][0])

    def without_outputs(self, paths: Sequence[str]) -> list[str]:
        """Return those of the paths of which no job has outputs, such as forgotten ones."""
        known = {row.path for row in self.finished_of(paths)}
        return [path for path in paths if path not in known]

    def parts(self, job_id: int) -> list[PartRow]:
        """Return the state of each part of a job, in order; parts not begun have no row."""
        return [
            PartRow(
                index=row["position"],
                status=row["status"],
                words=row["words"],
                decode_s=row["decode_s"],
                attempts=row["attempts"],
            )
            for row in self.database.query(
                "SELECT position, status, words, decode_s, attempts FROM parts"
                " WHERE job_id = ? ORDER BY position",
                (job_id,),
            )
        ]

    def history(self, job_id: int) -> list[Move]:
        """Return the statuses that a job has had, oldest first."""
        return [
            Move(
                status=Status(row["status"]),
                reason=None if row["reason"] is None else Reason(row["reason"]),
                attempt=row["attempt"],
                at=row["at"],
            )
            for row in self.database.query(
                "SELECT * FROM history WHERE job_id = ? ORDER BY id", (job_id,)
            )
        ]


def _finished_of(row: sqlite3.Row) -> FinishedRow:
    return FinishedRow(
        id=row["id"],
        path=os.fsdecode(row["path"]),
        outputs=outputs_of(row["outputs"]),
        stamp=hashlib.sha256(f"{row['id']} {row['outputs']}".encode()).hexdigest()[:16],
    )
