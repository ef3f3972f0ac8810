"""What the worker does with the queue: claim, checkpoint, finish, give back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from state.errors import IllegalMove
from state.job import ATTEMPT_CAP, FINISH_CAP, TERMINAL, Job, Output, Reason, Status
from state.migrations import NOW
from state.rows import RECOUNTED, PathName, Rows, job_of, outputs_json, told

# Named in the statements: SQLite by itself takes the index on the status, and sorts.
WAITING_ORDER = "tried_last, priority DESC, deferred, id"
RESTARTED = "restarts + (boot_id IS NOT :boot_id)"
# Counted, not `parts_done`: a retry drops parts before the next run counts them.
ALL_SAVED = (
    "(parts_total IS NOT NULL AND parts_total <= (SELECT count(*) FROM parts"
    " WHERE job_id = jobs.id AND parts.status IS NOT NULL))"
)
CAP = f"CASE WHEN {ALL_SAVED} THEN {FINISH_CAP} ELSE {ATTEMPT_CAP} END"


class Work(Rows):
    """The part of the queue that the one worker of a home uses."""

    def claim(self, *, boot_id: str, restarted: bool = True) -> Job | None:
        """Take the next job, its attempt counted in the same statement; None if there is none.

        None too while the queue is paused or held. `restarted=False` leaves out the jobs that
        the machine went down with twice running, for as long as they are to cool down.
        """
        row = self.database.row(
            f"""
            UPDATE jobs SET
                status = 'running', attempt = attempt + 1, claims = claims + 1,
                boot_id = :boot_id, reason = NULL, detail = NULL,
                started_at = {NOW}, finished_at = NULL
            WHERE status = 'queued' AND id = (
                SELECT id FROM jobs INDEXED BY jobs_waiting
                WHERE status = 'queued' AND tried_last <= :upto
                ORDER BY {WAITING_ORDER} LIMIT 1
            ) AND NOT EXISTS (
                SELECT 1 FROM service WHERE paused = 1 OR hold_reason IS NOT NULL
            )
            RETURNING *
            """,
            {"boot_id": boot_id, "upto": int(restarted)},
        )
        return None if row is None else job_of(row)

    def still_mine(self, job: Job) -> bool:
        """Tell whether the claim stands: not cancelled, not superseded, not claimed again."""
        return bool(
            self.database.rows(
                "SELECT 1 FROM jobs WHERE id = ? AND status = 'running' AND claims = ?",
                (job.id, job.claims),
            )
        )

    def begin_parts(self, job: Job, *, total: int, recipe: str, words: int | None = None) -> Job:
        """Say into how many parts the job is cut; parts of another cut or recipe are dropped.

        With saved parts goes what was counted while they were there: this claim is the first.
        """
        with self.database.transaction():
            before = self._must(job.id)
            self._held(
                job,
                "parts_total = :total, recipe = :recipe, words_total = :words",
                {"total": total, "recipe": recipe, "words": words},
            )
            if (before.parts_total, before.recipe) != (total, recipe):
                self.database.rows("DELETE FROM parts WHERE job_id = ?", (job.id,))
                if before.parts_done:
                    self._held(job, "attempt = min(attempt, 1)", {})
            return self._recount(job)

    def parts_done(self, job: Job) -> dict[int, str]:
        """Return what was stored of the finished parts, by their index; also of a job that is done.

        Empty once a later job of the path is done: its parts are those of the outputs then.
        """
        return {
            row["position"]: zlib.decompress(row["payload"]).decode()
            for row in self.database.rows(
                "SELECT position, payload FROM parts WHERE job_id = ? AND status IS NOT NULL"
                " AND payload IS NOT NULL ORDER BY position",
                (job.id,),
            )
        }

    def save_part(
        self, job: Job, index: int, *, status: str, payload: str, words: int, decode_s: float
    ) -> Job:
        """Store a finished part; what counted against the job begins anew, with this claim as one.

        Raises JobMoved if the claim no longer stands; then nothing is stored.
        """
        with self.database.transaction():
            self._held(job, "attempt = 1, restarts = 0, load_failures = 0, tried_last = 0", {})
            self.database.rows(
                "INSERT INTO parts (job_id, position, status, words, decode_s, payload)"
                " VALUES (:id, :position, :status, :words, :decode_s, :payload)"
                " ON CONFLICT (job_id, position) DO UPDATE SET status = excluded.status,"
                " words = excluded.words, decode_s = excluded.decode_s,"
                " payload = excluded.payload",
                {
                    "id": job.id,
                    "position": index,
                    "status": status,
                    "words": words,
                    "decode_s": decode_s,
                    "payload": zlib.compress(payload.encode()),
                },
            )
            return self._recount(job)

    def part_failed(self, job: Job, index: int) -> int:
        """Count a failed attempt at a part; return how many it has had."""
        with self.database.transaction():
            self._held(job, "id = id", {})
            row = self.database.rows(
                "INSERT INTO parts (job_id, position, attempts) VALUES (?, ?, 1)"
                " ON CONFLICT (job_id, position) DO UPDATE SET attempts = attempts + 1"
                " RETURNING attempts",
                (job.id, index),
            )[0]
            return int(row["attempts"])

    def load_failed(self, job: Job) -> int:
        """Count a model child that died before any part; return how many in a row."""
        return self._held(job, "load_failures = load_failures + 1", {}).load_failures

    def intend_outputs(self, job: Job, outputs: Sequence[Output]) -> Job:
        """Add what is about to be written to what was intended before, until the job finishes.

        A kill between the rename and `finish` must not make our own file look edited by a user.
        """
        with self.database.transaction():
            before = self._must(job.id).intended
            added = [output for output in outputs if output not in before]
            return self._held(
                job, "intended = :intended", {"intended": outputs_json([*added, *before])}
            )

    def recorded_outputs(self, path: PathName) -> dict[str, tuple[str, ...]]:
        """Return every hash that we gave to each output path of a source, newest first."""
        found: dict[str, list[str]] = {}
        for job in self.jobs_of_path(path):
            for output in (*job.intended, *job.outputs):
                hashes = found.setdefault(output.path, [])
                if output.sha256 not in hashes:
                    hashes.append(output.sha256)
        return {name: tuple(hashes) for name, hashes in found.items()}

    def finish(
        self,
        job: Job,
        *,
        status: Status,
        reason: str | None = None,
        detail: str | None = None,
        outputs: Sequence[Output] | None = None,
        figures: Mapping[str, Any] | None = None,
    ) -> Job:
        """End the claimed job; outputs and figures stay as they were where none are given.

        Raises IllegalMove for a status that is not an end, JobMoved if the claim no longer stands.
        """
        if status not in TERMINAL:
            raise IllegalMove(job.id, job.status, status)
        with self.database.transaction():
            ended = self.move(job, status, reason=reason, detail=detail)
            self._drop_payloads(job, status)
            return self._held(
                ended,
                "outputs = :outputs, intended = :intended, figures = :figures",
                {
                    "outputs": outputs_json(ended.outputs if outputs is None else outputs),
                    "intended": outputs_json(
                        () if status in {Status.DONE, Status.PARTIAL} else ended.intended
                    ),
                    "figures": json.dumps(ended.figures if figures is None else dict(figures)),
                },
            )

    def rerendered(self, job: Job, outputs: Sequence[Output], *, detail: str | None = None) -> Job:
        """Record what was written anew from the kept parts of a job that is done, in part or not.

        Raises JobMoved if the job no longer stands so.
        """
        return self._held(
            job,
            "outputs = :outputs, intended = '[]', detail = :detail",
            {"outputs": outputs_json(outputs), "detail": detail},
        )

    def release(self, job: Job, *, reason: str | None = None) -> Job:
        """Give the job back for a graceful stop or a held queue, and its attempt with it."""
        reason, detail = told(reason, None)
        return self._held(
            job,
            "status = 'queued', attempt = max(attempt - 1, 0), reason = :reason, detail = :detail",
            {"reason": reason, "detail": detail},
        )

    def requeue_orphans(self, boot_id: str) -> list[Job]:
        """Take back what a daemon that is gone had claimed: at start, under the home's lock.

        A job goes back to the queue, or fails once its attempts are used up; one whose parts are
        all saved has more of them. That one after the usual number of attempts, and one that the
        machine went down with twice running, are tried last.
        """
        rows = self.database.rows(
            f"""
            UPDATE jobs SET
                status = CASE WHEN attempt >= {CAP} THEN 'failed' ELSE 'queued' END,
                finished_at = CASE WHEN attempt >= {CAP} THEN {NOW} END,
                reason = CASE
                    WHEN {RESTARTED} >= 2 THEN '{Reason.RESTART_DURING_JOB}'
                    WHEN attempt < {ATTEMPT_CAP} THEN NULL
                    WHEN {ALL_SAVED} THEN '{Reason.KILLED_WHILE_FINISHING}'
                    ELSE '{Reason.ATTEMPTS_EXHAUSTED}'
                END,
                tried_last = max(tried_last, {RESTARTED} >= 2, attempt >= {ATTEMPT_CAP}),
                restarts = {RESTARTED}
            WHERE status = 'running' RETURNING *
            """,
            {"boot_id": boot_id},
        )
        return [job_of(row) for row in rows]

    def _drop_payloads(self, job: Job, status: Status) -> None:
        """Let go of parts that nothing will be made of: those of the outputs of now are kept."""
        if status is Status.SUPERSEDED:
            self.database.rows("UPDATE parts SET payload = NULL WHERE job_id = ?", (job.id,))
        elif status in {Status.DONE, Status.PARTIAL}:
            self.database.rows(
                "UPDATE parts SET payload = NULL WHERE payload IS NOT NULL AND job_id IN"
                " (SELECT id FROM jobs WHERE id <> :id AND path ="
                " (SELECT path FROM jobs WHERE id = :id))",
                {"id": job.id},
            )

    def _recount(self, job: Job) -> Job:
        return self._held(job, RECOUNTED, {})
