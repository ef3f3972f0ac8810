"""What is asked of the queue: lists, counts, the history of a job."""

from __future__ import annotations

from collections.abc import Iterable

from state.job import Backlog, Job, Move, PartRow, Reason, Status
from state.rows import Rows, job_of, listed
from state.work import WAITING_ORDER

RECENT = 50  # jobs from which the words per byte are taken
# Two files are of one kind if their names end alike: JSON with times has other figures than SRT.
KIND = "lower(substr(path, -4))"
# Files that were no transcripts gave no words: of those that wait some will be like them.
WORDLESS = listed({Status.IGNORED, Status.INVALID})
READ = listed({Status.DONE, Status.PARTIAL, Status.RUNNING, Status.IGNORED, Status.INVALID})
# What is left to decode of a job that has been read, or whose bytes an earlier job has read.
REMAINING = (
    "CASE WHEN words_total IS NOT NULL THEN max(0, words_total - words_done)"
    " WHEN supersedes > 0 THEN ("
    "   SELECT words_total FROM jobs AS before WHERE before.path = jobs.path"
    "   AND before.sha256 = jobs.sha256 AND before.words_total IS NOT NULL"
    "   ORDER BY before.supersedes DESC LIMIT 1) END"
)
BACKLOG = f"""
    WITH read AS (
        SELECT {KIND} AS kind, size, coalesce(words_total, 0) AS words FROM jobs
        WHERE status IN ({READ}) AND claims > 0
        AND (words_total IS NOT NULL OR status IN ({WORDLESS}))
        AND id >= coalesce((
            SELECT id FROM jobs WHERE status = 'done' ORDER BY id DESC LIMIT 1 OFFSET {RECENT} - 1
        ), 0)
    ),
    rates AS (
        SELECT kind, nullif(total(words), 0) / sum(size) AS rate FROM read GROUP BY kind
    ),
    waiting AS (
        SELECT {KIND} AS kind, size, {REMAINING} AS words FROM jobs WHERE status = 'queued'
    ),
    estimated AS MATERIALIZED (
        SELECT size, coalesce(words, size * coalesce(
            rate, (SELECT nullif(total(words), 0) / sum(size) FROM read)
        )) AS words FROM waiting LEFT JOIN rates USING (kind)
    )
    SELECT count(*) AS jobs, coalesce(sum(size), 0) AS bytes,
        CASE WHEN count(*) = count(words) THEN total(words) END AS words
    FROM estimated
"""
# An output written beside one that somebody had edited. In JSON a quote inside of a name has a
# backslash before it, so that no name looks like this.
DISPLACED = """instr(outputs, '", true]') > 0 AND outputs GLOB '*[^\\]", true]*'"""


class Views(Rows):
    """The part of the queue that only reads; each answer is one short statement."""

    def jobs(
        self,
        *,
        status: Status | Iterable[Status] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Job]:
        """Return jobs, the newest first: all, or those of one status or several."""
        if status is None:
            wanted = ""
        else:
            wanted = (
                f" WHERE status IN ({listed([status] if isinstance(status, Status) else status)})"
            )
        rows = self.database.rows(
            "SELECT * FROM jobs WHERE id IN ("
            f" SELECT id FROM jobs{wanted} ORDER BY id DESC LIMIT ? OFFSET ?"
            ") ORDER BY id DESC",
            (-1 if limit is None else limit, offset),
        )
        return [job_of(row) for row in rows]

    def upcoming(self, limit: int = 10) -> list[Job]:
        """Return the waiting jobs in the order in which they will be claimed."""
        rows = self.database.rows(
            "SELECT * FROM jobs INDEXED BY jobs_waiting WHERE status = 'queued'"
            f" ORDER BY {WAITING_ORDER} LIMIT ?",
            (limit,),
        )
        return [job_of(row) for row in rows]

    def counts(self) -> dict[Status, int]:
        """Return how many jobs there are of each status, zeros included."""
        found = dict.fromkeys(Status, 0)
        for row in self.database.rows("SELECT status, count(*) FROM jobs GROUP BY status"):
            found[Status(row[0])] = row[1]
        return found

    def backlog(self) -> Backlog:
        """Return what waits: words that are recorded, for files not read yet an estimate."""
        row = self.database.rows(BACKLOG)[0]
        words = None if row["words"] is None else round(row["words"])
        return Backlog(jobs=row["jobs"], bytes=row["bytes"], words=words)

    def edits_kept(self) -> int:
        """Return of how many files the outputs of now lie beside one that somebody had edited."""
        return int(
            self.database.rows(
                "SELECT count(*) FROM jobs WHERE status IN ('done', 'partial')"
                f" AND {DISPLACED} AND NOT EXISTS ("
                "  SELECT 1 FROM jobs AS later WHERE later.path = jobs.path"
                "  AND later.supersedes > jobs.supersedes AND later.outputs <> '[]')"
            )[0][0]
        )

    def parts(self, job_id: int) -> list[PartRow]:
        """Return how each part of a job stands, in order; parts not begun have no row."""
        return [
            PartRow(
                index=row["position"],
                status=row["status"],
                words=row["words"],
                decode_s=row["decode_s"],
                attempts=row["attempts"],
            )
            for row in self.database.rows(
                "SELECT position, status, words, decode_s, attempts FROM parts"
                " WHERE job_id = ? ORDER BY position",
                (job_id,),
            )
        ]

    def history(self, job_id: int) -> list[Move]:
        """Return where a job has stood, the oldest first."""
        return [
            Move(
                status=Status(row["status"]),
                reason=None if row["reason"] is None else Reason(row["reason"]),
                attempt=row["attempt"],
                at=row["at"],
            )
            for row in self.database.rows(
                "SELECT * FROM history WHERE job_id = ? ORDER BY id", (job_id,)
            )
        ]
