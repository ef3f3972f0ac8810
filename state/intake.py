"""A file with new bytes becomes a job; the same bytes never become two."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from state.errors import IllegalMove
from state.job import (
    TERMINAL,
    TRANSIENT,
    UNFINISHED,
    Fingerprint,
    Job,
    Offer,
    Origin,
    Seen,
    Status,
    Verdict,
)
from state.migrations import NOW
from state.rows import (
    REQUEUE,
    PathName,
    fingerprint_columns,
    job_of,
    normalized_reason,
    outputs_json,
    sql_list,
)
from state.seen import SeenRows

REVIVED_BY_HAND = frozenset({Status.FAILED, Status.INVALID, Status.CANCELLED})
NO_FILE = Fingerprint(0, 0, 0, 0, 0)  # no file on a disk has this one


class IntakeRows(SeenRows):
    """The part of the queue that the watcher and the scans write to."""

    def offer(self, offer: Offer) -> Job | None:
        """Offer one settled file; see `offer_many`."""
        return self.offer_many([offer])[0]

    def offer_many(self, offers: Sequence[Offer]) -> list[Job | None]:
        """Queue each file whose bytes differ from the latest job of its path; None for the others.

        An older job of the path that gave no result becomes superseded. The same bytes are queued
        again in two cases: the last failure was not caused by them (the file was away), or the
        user offers them and they have given no result yet. Jobs and files seen are written in one
        transaction.
        """
        if not offers:
            return []
        with self.database.transaction():
            return [self._offer(offer) for offer in offers]

    def record(self, path: PathName, fingerprint: Fingerprint | None, verdict: Verdict) -> Job:
        """Record a file that ends without being queued; the same verdict twice makes one job.

        A file recorded without a fingerprint is checked again by the next scan. Raises IllegalMove
        for a status that is not an end.
        """
        if verdict.status not in TERMINAL or verdict.status is Status.SUPERSEDED:
            raise IllegalMove(
                0, Status.QUEUED, verdict.status, f"{verdict.status} cannot be recorded directly"
            )
        fingerprint = fingerprint or NO_FILE
        reason, detail = normalized_reason(verdict.reason, verdict.detail)
        with self.database.transaction():
            latest = self.job_by_path(path)
            self._note(Seen(os.fsdecode(path), fingerprint, verdict.sha256))
            if latest is not None and (latest.status, latest.reason, latest.sha256) == (
                verdict.status,
                reason,
                verdict.sha256,
            ):
                return latest
            return self._insert(
                path,
                latest,
                {
                    **_job_columns(fingerprint),
                    "sha256": verdict.sha256,
                    "status": verdict.status,
                    "reason": reason,
                    "detail": detail,
                    "origin": verdict.origin,
                    "outputs": outputs_json(verdict.outputs),
                    "recipe": verdict.recipe,
                },
            )

    def _offer(self, offer: Offer) -> Job | None:
        latest = self.job_by_path(offer.path)
        self._note(Seen(os.fsdecode(offer.path), offer.fingerprint, offer.sha256))
        if (
            latest is not None
            and latest.sha256 == offer.sha256
            and latest.status is not Status.SUPERSEDED
        ):
            return self._revive(latest, offer)
        return self._insert(
            offer.path,
            latest,
            {
                **_job_columns(offer.fingerprint),
                "kind": offer.kind,
                "sha256": offer.sha256,
                "origin": offer.origin,
                "deferred": int(offer.origin is Origin.SCAN),
                "priority": offer.priority,
                "profile": offer.profile,
                "model": offer.model,
            },
        )

    def _revive(self, latest: Job, offer: Offer) -> Job | None:
        by_hand = offer.origin is Origin.MANUAL and latest.status in REVIVED_BY_HAND
        was_transient = latest.status is Status.FAILED and latest.reason in TRANSIENT
        if not (by_hand or was_transient):
            return None
        columns = _job_columns(offer.fingerprint)
        assignments = ", ".join(f"{column} = :{column}" for column in columns)
        return self._update_unmoved(latest, f"{REQUEUE}, deferred = 0, {assignments}", columns)

    def _insert(
        self, path: PathName, latest: Job | None, values: Mapping[str, str | int | None]
    ) -> Job:
        """Add a job to the end of its path's chain, inside the caller's transaction."""
        name = os.fsencode(path)
        self.database.execute(
            f"UPDATE jobs SET status = 'superseded', finished_at = {NOW}"
            f" WHERE path = ? AND status IN ({sql_list(UNFINISHED)})",
            (name,),
        )
        row = {
            "path": name,
            "supersedes": latest.id if latest else 0,
            "generation": latest.generation if latest else 0,
            **values,
        }
        columns = ", ".join(row)
        marks = ", ".join(f":{column}" for column in row)
        inserted = self.database.execute(
            f"INSERT INTO jobs ({columns}) VALUES ({marks}) RETURNING *",
            row,
        )[0]
        if inserted["status"] in TERMINAL:
            inserted = self.database.execute(
                f"UPDATE jobs SET finished_at = {NOW} WHERE id = ? RETURNING *",
                (inserted["id"],),
            )[0]
        return job_of(inserted)


def _job_columns(fingerprint: Fingerprint) -> dict[str, int]:
    columns = fingerprint_columns(fingerprint)
    del columns["ctime_ns"]  # kept with the files seen
    return columns
