"""What the user does with the queue: retry, redo, cancel, prioritize, forget, pause."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from state.connection import Value
from state.errors import IllegalMove
from state.job import MOVES, RETRYABLE, UNFINISHED, Hold, Job, Origin, Pause, Reason, Status
from state.migrations import NOW
from state.rows import NOTE_CHANGED, RECOUNT, REQUEUE, Rows, job_of, sql_list

REDOABLE = (Status.DONE, Status.PARTIAL, Status.FAILED)
CANCELLABLE = tuple(status for status in Status if Status.CANCELLED in MOVES[status])
COPIED = "kind, path, sha256, size, mtime_ns, inode, device"


class ControlRows(Rows):
    """The part of the queue that llasactl writes to, and the daemon for holds."""

    def retry(self, job_id: int) -> Job:
        """Queue a job again with all its attempts; keep its parts, except those that fell back.

        Raises IllegalMove for a job that is queued, running, done (use `redo`) or superseded.
        """
        with self.database.transaction():
            self._update_allowed(
                job_id,
                f"{REQUEUE}, deferred = 0",
                to=Status.QUEUED,
                allowed=RETRYABLE,
                verb="retried",
            )
            self._drop_unfinished_parts("job_id = ?", (job_id,))
            self.database.execute(f"UPDATE jobs SET {RECOUNT} WHERE id = ?", (job_id,))
            return self._require(job_id)

    def retry_failed(self) -> int:
        """Queue every failed job again; return how many."""
        with self.database.transaction():
            self._drop_unfinished_parts(
                "job_id IN (SELECT id FROM jobs WHERE status = 'failed')", ()
            )
            return len(
                self.database.execute(
                    f"UPDATE jobs SET {REQUEUE}, {RECOUNT} WHERE status = 'failed' RETURNING id"
                )
            )

    def failed_for(self, reason: Reason) -> list[Job]:
        """Return the jobs that failed for a reason and that nothing came after."""
        rows = self.database.query(
            "SELECT * FROM jobs WHERE status = 'failed' AND reason = ? ORDER BY id", (reason,)
        )
        return [job_of(row) for row in rows]

    def cancel(self, job_id: int) -> Job:
        """Cancel a queued or running job; the worker notices at its next write."""
        return self._update_allowed(
            job_id,
            f"status = 'cancelled', reason = NULL, detail = NULL, finished_at = {NOW}",
            to=Status.CANCELLED,
            allowed=CANCELLABLE,
            verb="cancelled",
        )

    def prioritize(self, job_id: int, priority: int | None = None) -> Job:
        """Move a queued job to the front, or give it a priority (0 is usual, higher goes first)."""
        return self._update_allowed(
            job_id,
            "tried_last = 0, priority = coalesce(:priority, (SELECT max(0, max(priority)) + 1"
            " FROM jobs WHERE status = 'queued' AND id <> :id), 1)",
            {"priority": priority},
            to=Status.QUEUED,
            allowed=(Status.QUEUED,),
            verb="prioritized",
        )

    def redo(self, job_id: int, *, model: str | None = None, profile: str | None = None) -> Job:
        """Add a job for the latest bytes of a job's path, as its next generation.

        The job before becomes superseded if it gave no result; otherwise it stays, and so do its
        outputs until the new ones are written.
        """
        with self.database.transaction():
            latest = self.job_by_path(self._require(job_id).path)
            assert latest is not None
            made = self._redo("id = :only", {"only": latest.id}, model=model, profile=profile)
            return self._require(made[0])

    def redo_all(self, *, model: str | None = None, profile: str | None = None) -> int:
        """Redo the latest job of every transcript that is done, partial or failed; return how many.

        Files that appear in the meantime go before them. Recordings are not transcribed again.
        """
        with self.database.transaction():
            where = f"status IN ({sql_list(REDOABLE)}) AND kind = 'transcript'"
            return len(self._redo(where, {}, model=model, profile=profile, deferred=True))

    def forget(self, job_id: int) -> int:
        """Delete all jobs of a job's path and what is known of the file; return how many jobs.

        A file that is still there is new to the next scan. Raises IllegalMove while a job runs.
        """
        with self.database.transaction():
            name = os.fsencode(self._require(job_id).path)
            running = self.database.query_one(
                "SELECT id FROM jobs WHERE path = ? AND status = 'running'", (name,)
            )
            if running is not None:
                raise IllegalMove(
                    running["id"],
                    Status.RUNNING,
                    Status.CANCELLED,
                    f"job {running['id']} is running: cancel it first",
                )
            self.database.execute("DELETE FROM seen WHERE path = ?", (name,))
            self.database.execute(NOTE_CHANGED, (name,))
            return len(
                self.database.execute("DELETE FROM jobs WHERE path = ? RETURNING id", (name,))
            )

    def pause(self, reason: str = "", *, until: float | None = None) -> None:
        """Stop claims until `resume`, or until a time in seconds since the epoch."""
        self.database.execute(
            "UPDATE service SET paused = 1, pause_reason = ?, paused_until = ?,"
            f" paused_since = {NOW}",
            (reason, until),
        )

    def resume(self) -> bool:
        """End the pause; return whether there was one."""
        return self._resume("1", ())

    def expire_pause(self, now: float) -> bool:
        """End a pause whose time is over; return whether it was."""
        return self._resume("paused_until <= ?", (now,))

    def paused(self) -> Pause | None:
        """Return the pause, if there is one."""
        row = self.database.query("SELECT * FROM service")[0]
        if not row["paused"]:
            return None
        return Pause(row["pause_reason"], row["paused_until"], row["paused_since"])

    def hold(self, reason: str, hint: str = "") -> None:
        """Stop claims until something is fixed; a hold of the same reason keeps its start time."""
        self.database.execute(
            "UPDATE service SET hold_hint = :hint, hold_reason = :reason,"
            f" held_since = CASE WHEN hold_reason IS :reason THEN held_since ELSE {NOW} END",
            {"reason": reason, "hint": hint},
        )

    def release_hold(self, reason: str | None = None) -> bool:
        """End the hold, or only a hold of `reason`; return whether there was one."""
        return bool(
            self.database.execute(
                "UPDATE service SET hold_reason = NULL, hold_hint = NULL, held_since = NULL"
                " WHERE hold_reason IS NOT NULL AND hold_reason = coalesce(?, hold_reason)"
                " RETURNING 1",
                (reason,),
            )
        )

    def held(self) -> Hold | None:
        """Return the hold, if there is one."""
        row = self.database.query("SELECT * FROM service")[0]
        if row["hold_reason"] is None:
            return None
        return Hold(row["hold_reason"], row["hold_hint"], row["held_since"])

    def _update_allowed(
        self,
        job_id: int,
        assignments: str,
        values: Mapping[str, Value] | None = None,
        *,
        to: Status,
        allowed: Collection[Status],
        verb: str,
    ) -> Job:
        """Update a job whose status is one of those allowed.

        Raises IllegalMove for any other; its message says that the job cannot be `verb`.
        """
        row = self.database.execute_one(
            f"UPDATE jobs SET {assignments}"
            f" WHERE id = :id AND status IN ({sql_list(allowed)}) RETURNING *",
            {**(values or {}), "id": job_id},
        )
        if row is not None:
            return job_of(row)
        status = self._require(job_id).status
        raise IllegalMove(job_id, status, to, f"job {job_id} is {status}: it cannot be {verb}")

    def _drop_unfinished_parts(self, where: str, values: tuple[Value, ...]) -> None:
        self.database.execute(
            f"DELETE FROM parts WHERE {where} AND (status IS NULL OR status = 'fallback')",
            values,
        )

    def _redo(
        self,
        where: str,
        values: Mapping[str, Value],
        *,
        model: str | None,
        profile: str | None,
        deferred: bool = False,
    ) -> list[int]:
        """Add a generation to the latest jobs that `where` selects, inside a transaction."""
        made = self.database.execute(
            f"INSERT INTO jobs ({COPIED}, generation, supersedes, origin, deferred, model, profile)"
            f" SELECT {COPIED}, generation + 1, id, '{Origin.MANUAL}', :deferred, :model, :profile"
            f" FROM jobs AS old WHERE {where} AND NOT EXISTS ("
            "  SELECT 1 FROM jobs AS next WHERE next.path = old.path AND next.supersedes = old.id)"
            " ORDER BY id RETURNING id",
            {**values, "model": model, "profile": profile, "deferred": int(deferred)},
        )
        if not made:
            return []
        first = min(row["id"] for row in made)
        self.database.execute(
            f"UPDATE jobs SET status = 'superseded', finished_at = {NOW}"
            f" WHERE status IN ({sql_list(UNFINISHED)})"
            " AND id IN (SELECT supersedes FROM jobs WHERE id >= ?)",
            (first,),
        )
        return [row["id"] for row in made]

    def _resume(self, condition: str, values: tuple[Value, ...]) -> bool:
        return bool(
            self.database.execute(
                "UPDATE service SET paused = 0, pause_reason = NULL, paused_until = NULL,"
                f" paused_since = NULL WHERE paused = 1 AND {condition} RETURNING 1",
                values,
            )
        )
