"""A file with new bytes becomes a job; the same bytes never become two."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from state.errors import IllegalMove
from state.job import (
    PASSING,
    TERMINAL,
    UNFINISHED,
    Job,
    Offer,
    Origin,
    Output,
    Seen,
    Status,
)
from state.migrations import NOW
from state.rows import REQUEUED, PathName, job_of, listed, outputs_json, signed, told
from state.seen import SeenFiles

REVIVED_BY_HAND = frozenset({Status.FAILED, Status.INVALID, Status.CANCELLED})


class Intake(SeenFiles):
    """The part of the queue that the watcher and the scans write to."""

    def offer(
        self,
        path: PathName,
        *,
        sha256: str,
        size: int,
        mtime_ns: int,
        inode: int,
        device: int,
        origin: Origin,
        ctime_ns: int = 0,
        priority: int = 0,
        profile: str | None = None,
        model: str | None = None,
    ) -> Job | None:
        """Offer one settled file; see `offer_many`."""
        return self.offer_many(
            [
                Offer(
                    path=path,
                    sha256=sha256,
                    size=size,
                    mtime_ns=mtime_ns,
                    inode=inode,
                    device=device,
                    origin=origin,
                    ctime_ns=ctime_ns,
                    priority=priority,
                    profile=profile,
                    model=model,
                )
            ]
        )[0]

    def offer_many(self, offers: Sequence[Offer]) -> list[Job | None]:
        """Queue what has other bytes than the latest job of its path; None stands for the rest.

        An older job of the path that gave no result becomes superseded. The same bytes are
        queued again only where the last failure was not theirs (the file was away), or, offered
        by hand, where they never gave a result. Jobs and the files seen are one transaction.
        """
        if not offers:
            return []
        with self.database.transaction():
            return [self._offer(offer) for offer in offers]

    def record(
        self,
        path: PathName,
        *,
        status: Status,
        reason: str | None,
        detail: str | None = None,
        sha256: str | None = None,
        size: int = 0,
        mtime_ns: int = 0,
        inode: int = 0,
        device: int = 0,
        ctime_ns: int = 0,
        origin: Origin = Origin.RESCAN,
        outputs: Sequence[Output] = (),
        recipe: str | None = None,
        figures: Mapping[str, Any] | None = None,
    ) -> Job:
        """Record a file that ends without being queued; the same verdict twice is one job.

        With `done`, `outputs` and `recipe`, finished work that a lost database knew of is taken up
        again.
        Raises IllegalMove for a status that is not an end.
        """
        if status not in TERMINAL or status is Status.SUPERSEDED:
            raise IllegalMove(0, Status.QUEUED, status, f"{status} cannot be recorded at once")
        reason, detail = told(reason, detail)
        with self.database.transaction():
            latest = self.job_by_path(path)
            self._note(
                Seen(os.fsdecode(path), device, inode, size, mtime_ns, ctime_ns, sha256),
            )
            if latest is not None and (latest.status, latest.reason, latest.sha256) == (
                status,
                reason,
                sha256,
            ):
                return latest
            return self._insert(
                path,
                latest,
                {
                    "sha256": sha256,
                    "size": size,
                    "mtime_ns": signed(mtime_ns),
                    "inode": signed(inode),
                    "device": signed(device),
                    "status": status,
                    "reason": reason,
                    "detail": detail,
                    "origin": origin,
                    "outputs": outputs_json(outputs),
                    "recipe": recipe,
                    "figures": json.dumps(figures or {}),
                },
            )

    def _offer(self, offer: Offer) -> Job | None:
        latest = self.job_by_path(offer.path)
        self._note(
            Seen(
                os.fsdecode(offer.path),
                offer.device,
                offer.inode,
                offer.size,
                offer.mtime_ns,
                offer.ctime_ns,
                offer.sha256,
            )
        )
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
                "sha256": offer.sha256,
                "size": offer.size,
                "mtime_ns": signed(offer.mtime_ns),
                "inode": signed(offer.inode),
                "device": signed(offer.device),
                "origin": offer.origin,
                "deferred": int(offer.origin is Origin.SCAN),
                "priority": offer.priority,
                "profile": offer.profile,
                "model": offer.model,
            },
        )

    def _revive(self, latest: Job, offer: Offer) -> Job | None:
        by_hand = offer.origin is Origin.MANUAL and latest.status in REVIVED_BY_HAND
        passed = latest.status is Status.FAILED and latest.reason in PASSING
        if not (by_hand or passed):
            return None
        return self._held(
            latest,
            f"{REQUEUED}, deferred = 0, size = :size, mtime_ns = :mtime_ns,"
            " inode = :inode, device = :device",
            {
                "size": offer.size,
                "mtime_ns": signed(offer.mtime_ns),
                "inode": signed(offer.inode),
                "device": signed(offer.device),
            },
        )

    def _insert(
        self, path: PathName, latest: Job | None, values: Mapping[str, str | int | None]
    ) -> Job:
        """Put a job at the end of its path's chain; inside the caller's transaction."""
        name = os.fsencode(path)
        self.database.rows(
            f"UPDATE jobs SET status = 'superseded', finished_at = {NOW}"
            f" WHERE path = ? AND status IN ({listed(UNFINISHED)})",
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
        inserted = self.database.rows(
            f"INSERT INTO jobs ({columns}) VALUES ({marks}) RETURNING *",
            row,
        )[0]
        if inserted["status"] in TERMINAL:
            inserted = self.database.rows(
                f"UPDATE jobs SET finished_at = {NOW} WHERE id = ? RETURNING *",
                (inserted["id"],),
            )[0]
        return job_of(inserted)
