"""What the worker does with the queue: claim, save parts, finish, release."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from state.errors import IllegalMove
from state.job import ATTEMPT_CAP, FINISH_CAP, TERMINAL, Job, Output, Reason, Status
from state.migrations import NOW
from state.rows import (
    NOTE_CHANGED,
    RECOUNT,
    PathName,
    Rows,
    job_of,
    normalized_reason,
    outputs_json,
)

# The index is named in the statement: SQLite by itself takes the one on the status, and sorts.
WAITING_ORDER = "tried_last, priority DESC, deferred, id"
RESTARTED = "restarts + (boot_id IS NOT :boot_id)"
# Counted here, not read from `parts_done`: a retry drops parts before the next run counts them.
ALL_SAVED = (
    "(parts_total IS NOT NULL AND parts_total <= (SELECT count(*) FROM parts"
    " WHERE job_id = jobs.id AND parts.status IS NOT NULL))"
)
CAP = f"CASE WHEN {ALL_SAVED} THEN {FINISH_CAP} ELSE {ATTEMPT_CAP} END"


class WorkRows(Rows):
    """The part of the queue that the home's only worker uses."""

    def claim(self, *, boot_id: str, restarted: bool = True) -> Job | None:
        """Claim the next job and count the attempt in the same statement; None if there is none.

        None, too, while the queue is paused or held, or the model is lent. `restarted=False` leaves
        out the jobs that are tried last, while they cool down.
        """
        row = self.database.execute_one(
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
            ) AND NOT EXISTS (SELECT 1 FROM model_requests WHERE granted_at IS NOT NULL)
            RETURNING *
            """,
            {"boot_id": boot_id, "upto": int(restarted)},
        )
        return None if row is None else job_of(row)

    def still_mine(self, job: Job) -> bool:
        """Return whether the claim is valid: not cancelled, superseded or claimed again since."""
        return bool(
            self.database.query(
                "SELECT 1 FROM jobs WHERE id = ? AND status = 'running' AND claims = ?",
                (job.id, job.claims),
            )
        )

    def begin_parts(self, job: Job, *, total: int, recipe: str, words: int | None = None) -> Job:
        """Record the number of parts and the recipe; drop saved parts of another cut or recipe.

        The attempts counted while dropped parts were there are dropped too: this claim is the
        first.
        """
        with self.database.transaction():
            before = self._require(job.id)
            self._update_unmoved(
                job,
                "parts_total = :total, recipe = :recipe, words_total = :words",
                {"total": total, "recipe": recipe, "words": words},
            )
            if (before.parts_total, before.recipe) != (total, recipe):
                self.database.execute("DELETE FROM parts WHERE job_id = ?", (job.id,))
                if before.parts_done:
                    self._update_unmoved(job, "attempt = min(attempt, 1)", {})
            return self._recount(job)

    def keep_profile(self, job: Job, profile: str) -> Job:
        """Record the profile by which a job is done, to the end, whatever the time is then."""
        return self._update_unmoved(job, "profile = :profile", {"profile": profile})

    def parts_done(self, job: Job) -> dict[int, str]:
        """Return the payloads of the finished parts by index, also for a job that is done.

        Empty once a later job of the path is done: then the current outputs are made of its parts.
        """
        return {
            row["position"]: zlib.decompress(row["payload"]).decode()
            for row in self.database.query(
                "SELECT position, payload FROM parts WHERE job_id = ? AND status IS NOT NULL"
                " AND payload IS NOT NULL ORDER BY position",
                (job.id,),
            )
        }

    def save_part(
        self, job: Job, index: int, *, status: str, payload: str, words: int, decode_s: float
    ) -> Job:
        """Store a finished part; reset the counters of failures, this claim being attempt 1.

        Raises JobMoved if the claim is no longer valid; then nothing is stored.
        """
        with self.database.transaction():
            self._update_unmoved(
                job, "attempt = 1, restarts = 0, load_failures = 0, tried_last = 0", {}
            )
            self.database.execute(
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
        """Count a failed attempt at a part; return how many there are."""
        with self.database.transaction():
            self._update_unmoved(job, "id = id", {})
            row = self.database.execute(
                "INSERT INTO parts (job_id, position, attempts) VALUES (?, ?, 1)"
                " ON CONFLICT (job_id, position) DO UPDATE SET attempts = attempts + 1"
                " RETURNING attempts",
                (job.id, index),
            )[0]
            return int(row["attempts"])

    def load_failed(self, job: Job) -> int:
        """Count a model child that died before any part; return how many in a row."""
        return self._update_unmoved(job, "load_failures = load_failures + 1", {}).load_failures

    def intend_outputs(self, job: Job, outputs: Sequence[Output]) -> Job:
        """Record outputs about to be written; they are kept, run after run, until one finishes.

        Otherwise, after a kill between the rename and `finish`, our own file would look like one
        that the user had edited.
        """
        with self.database.transaction():
            before = self._require(job.id).intended
            added = [output for output in outputs if output not in before]
            return self._update_unmoved(
                job, "intended = :intended", {"intended": outputs_json([*added, *before])}
            )

    def recorded_outputs(self, path: PathName) -> dict[str, tuple[str, ...]]:
        """Return all hashes that we recorded for each output path of a source, newest first."""
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
        """End the claimed job; outputs and figures that are not given stay as they were.

        Raises IllegalMove for a status that is not an end, JobMoved if the claim is no longer
        valid.
        """
        if status not in TERMINAL:
            raise IllegalMove(job.id, job.status, status)
        with self.database.transaction():
            return self._finish(job, status, reason, detail, outputs, figures)

    def rerendered(self, job: Job, outputs: Sequence[Output], *, detail: str | None = None) -> Job:
        """Record outputs that were written again from the kept parts of a done or partial job.

        Raises JobMoved if the job has changed since the caller read it.
        """
        with self.database.transaction():
            self.database.execute(NOTE_CHANGED, (os.fsencode(job.path),))
            return self._update_unmoved(
                job,
                "outputs = :outputs, intended = '[]', detail = :detail",
                {"outputs": outputs_json(outputs), "detail": detail},
            )

    def take_changed(self, *, limit: int) -> list[str]:
        """Return paths whose outputs were written again or that were forgotten, each once.

        They are noted no longer: what is not done with them is lost.
        """
        if not self.database.query("SELECT 1 FROM changed LIMIT 1"):
            return []
        rows = self.database.execute(
            "DELETE FROM changed WHERE path IN (SELECT path FROM changed LIMIT ?) RETURNING path",
            (limit,),
        )
        return [os.fsdecode(row["path"]) for row in rows]

    def release(self, job: Job, *, reason: str | None = None) -> Job:
        """Return the job to the queue without counting the attempt: a stop, a pause or a hold."""
        reason, detail = normalized_reason(reason, None)
        return self._update_unmoved(
            job,
            "status = 'queued', attempt = max(attempt - 1, 0), reason = :reason, detail = :detail",
            {"reason": reason, "detail": detail},
        )

    def requeue_orphans(self, boot_id: str) -> list[Job]:
        """Requeue jobs claimed by a daemon that no longer runs; at start, under the home's lock.

        A job returns to the queue, or fails once its attempts are used up. A job whose parts are
        all saved has more attempts, and is tried last after the usual number of them. A job during
        which the machine restarted twice in a row is tried last, too.
        """
        rows = self.database.execute(
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

    def _finish(
        self,
        job: Job,
        status: Status,
        reason: str | None,
        detail: str | None,
        outputs: Sequence[Output] | None,
        figures: Mapping[str, Any] | None,
    ) -> Job:
        """End the claimed job, inside the caller's transaction."""
        ended = self.move(job, status, reason=reason, detail=detail)
        self._drop_payloads(job, status)
        return self._update_unmoved(
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

    def _drop_payloads(self, job: Job, status: Status) -> None:
        """Drop the payloads of parts that are not needed; the current outputs' parts are kept."""
        if status is Status.SUPERSEDED:
            self.database.execute("UPDATE parts SET payload = NULL WHERE job_id = ?", (job.id,))
        elif status in {Status.DONE, Status.PARTIAL}:
            self.database.execute(
                "UPDATE parts SET payload = NULL WHERE payload IS NOT NULL AND job_id IN"
                " (SELECT id FROM jobs WHERE id <> :id AND path ="
                " (SELECT path FROM jobs WHERE id = :id))",
                {"id": job.id},
            )

    def _recount(self, job: Job) -> Job:
        return self._update_unmoved(job, RECOUNT, {})
