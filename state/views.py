"""What is asked of the queue: lists, counts, the history of a job."""

# ruff: noqa: S608 - values go through parameters; only constants of this room are put in

from __future__ import annotations

from collections.abc import Iterable

from state.job import Backlog, Job, Move, PartRow, Reason, Status
from state.rows import Rows, job_of, listed
from state.work import WAITING_ORDER

RECENT = 50  # jobs from which the words per byte are taken


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
        """Return what waits, its words estimated from the words per byte of recent jobs."""
        row = self.database.rows(
            "SELECT count(*) AS jobs, coalesce(sum(size), 0) AS bytes,"
            " (SELECT total(words_total) / sum(size) FROM ("
            "   SELECT words_total, size FROM jobs WHERE status = 'done' AND words_total > 0"
            "   ORDER BY id DESC LIMIT ?) HAVING sum(size) > 0) AS rate"
            " FROM jobs WHERE status = 'queued'",
            (RECENT,),
        )[0]
        rate = row["rate"]
        words = None if rate is None else round(rate * row["bytes"])
        return Backlog(jobs=row["jobs"], bytes=row["bytes"], words=words)

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
