"""Folders -> job rows: the listing of the folders, joined with the database, is the truth.

Events only say where to look first. A file is listed, waited for (`settle`), read once, hashed and
offered to the queue, which knows whether these bytes at this path are new.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from daemon.adopt import adopted
from daemon.config import Config
from daemon.errors import SourceError
from daemon.listing import Batch, Listing
from daemon.log import Log
from daemon.settle import Settled, Settler
from daemon.source import Snapshot, is_cut_off, look, read_snapshot
from daemon.watch import Inbox
from engine import sidecars
from state.job import Offer, Origin, Reason, Seen, Status
from state.queue import Queue

BATCH: Final = 500  # files joined with the database, or read, in one step
ROOM: Final = 5_000  # files that may wait to settle before a scan goes on: keeps memory flat
READ_BYTES: Final = 64 * 1024 * 1024  # read in one step, so that a stop is heard
SCAN_GAP_S: Final = 10.0  # between the end of a scan and the begin of the next
COST_FACTOR: Final = 1_000  # a rescan waits this many times what the last one cost
_PASSING: Final = frozenset({"source_changed", "source_gone", "not_downloaded"})


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a finished scan found."""

    files: int  # that could be transcripts
    cost_s: float  # time spent on it, waits left out
    unreadable: int  # folders that could not be listed


@dataclass(slots=True)
class _Scan:
    """A scan on its way: it goes on whenever there is room, tick by tick."""

    walk: Iterator[Batch]
    origin: Origin
    whole: bool  # all watched folders, not one new subfolder
    files: int = 0
    cost_s: float = 0.0


class Intake:
    """Listing, settling and offering; one step at a time, time comes in from outside."""

    def __init__(
        self,
        config: Config,
        queue: Queue,
        inbox: Inbox,
        log: Log,
        *,
        clock: Callable[[], float],
        adopt: bool = False,
    ) -> None:
        """Make an intake.

        Args:
            config: The settings.
            queue: The queue, of the thread that calls.
            inbox: Where the watcher puts paths.
            log: Where events go.
            clock: Monotonic seconds, to measure what a scan costs.
            adopt: Take finished sidecars as done jobs, because the database was lost.
        """
        self._config = config
        self._queue = queue
        self._inbox = inbox
        self._log = log
        self._clock = clock
        self._adopt = adopt
        self.settler = Settler(look, settle_s=config.settle_s, settle_limit_s=config.settle_limit_s)
        self.listing = Listing(config, log)
        self._scans: list[_Scan] = []
        self._wanted_scan = Origin.SCAN  # the first one is the backlog
        self._next_scan: float | None = None  # None: at once
        self._not_before = 0.0
        self.offered = 0  # jobs made so far
        self.scanned = False  # a whole scan has ended since the start
        self.not_downloaded = 0  # files of the last scan whose content is elsewhere

    def ask_for_scan(self, now: float) -> None:
        """Scan soon: events were lost, the machine woke, a folder came back."""
        self._next_scan = min(self._next_scan or now, max(now, self._not_before))

    def step(self, now: float) -> ScanReport | None:
        """Take hints, go on with a scan, offer what has settled; return a report when one ended.

        Never raises for a file. A database that cannot be written raises StateError; then nothing
        was forgotten and the next step offers it again.
        """
        self.listing.resolve()
        self._take_hints(now)
        report = self._go_on(now)
        self._offer_settled(now)
        return report

    @property
    def idle(self) -> bool:
        """Tell whether everything that was there has been offered."""
        return self.scanned and not self._scans and not len(self.settler)

    def next_due(self, now: float) -> float:
        """Return when `step` has something to do."""
        if self._scans and len(self.settler) < ROOM:
            return now
        dues = [self.settler.next_look(), self._next_scan if not self._scans else None]
        return min((due for due in dues if due is not None), default=now)

    # Hints

    def _take_hints(self, now: float) -> None:
        paths, lost = self._inbox.drain()
        if lost:
            self.ask_for_scan(now)
        for path in paths:
            if os.path.isdir(path) and not os.path.islink(path):
                if not self.listing.is_hidden(path + "/x"):
                    self._scans.append(
                        _Scan(
                            self.listing.walk([path], batch_size=BATCH), Origin.EVENT, whole=False
                        )
                    )
            elif self.listing.wants(path):
                self.settler.note(path, now, origin=Origin.EVENT)

    # Scanning

    def _go_on(self, now: float) -> ScanReport | None:
        if not self._scans and (self._next_scan is None or now >= self._next_scan):
            self._scans.append(
                _Scan(
                    self.listing.walk(self.listing.roots, batch_size=BATCH),
                    self._wanted_scan,
                    whole=True,
                )
            )
            self._next_scan = now + self._config.rescan_s
            self.listing.unlisted = self.not_downloaded = 0
        while self._scans and len(self.settler) < ROOM:
            scan = self._scans[0]
            begun = self._clock()
            batch = next(scan.walk, None)
            if batch is not None:
                self._join(batch, scan.origin, now)
                scan.files += len(batch)
            scan.cost_s += self._clock() - begun
            if batch is None:
                self._scans.pop(0)
                if scan.whole:
                    return self._ended(scan, now)
            elif len(batch) == BATCH:
                break  # a large folder: let the others have their turn
        return None

    def _ended(self, scan: _Scan, now: float) -> ScanReport:
        self.scanned = True
        self._wanted_scan = Origin.RESCAN
        self._not_before = now + SCAN_GAP_S
        wait_s = max(self._config.rescan_s, COST_FACTOR * scan.cost_s, SCAN_GAP_S)
        asked = self._next_scan is not None and self._next_scan <= now
        self._next_scan = self._not_before if asked else now + wait_s
        return ScanReport(scan.files, scan.cost_s, self.listing.unlisted)

    def _join(self, batch: Batch, origin: Origin, now: float) -> None:
        """Wait for those files of the listing that the database does not know as they are."""
        known = self._queue.known_many([path for path, _ in batch])
        for path, status in batch:
            seen = known.get(path)
            if seen is None or not seen.same_as(status):
                self.settler.note(path, now, origin=origin)

    # Offering

    def _offer_settled(self, now: float) -> None:
        offers: list[tuple[Settled, Snapshot]] = []
        passed: list[Seen] = []
        skipped: Counter[str] = Counter()
        size = 0
        for settled in self.settler.ready(now, limit=BATCH):
            if size > READ_BYTES:
                break  # `ready` brings it again
            try:
                snapshot = read_snapshot(settled.path, max_bytes=self._config.max_bytes)
            except SourceError as error:
                self._refused(settled, error, skipped, now)
                continue
            size += len(snapshot.data)
            if snapshot.fingerprint != settled.fingerprint:
                self.settler.note(settled.path, now)
            elif self._must_wait(settled, snapshot):
                self.settler.unfinished(settled.path)
            elif sidecars.is_ours_content(snapshot.data):
                passed.append(_seen(settled.path, snapshot))
            elif self._adopt and adopted(self._queue, settled.path, snapshot):
                self.settler.forget(settled.path)
                self._log.info("job.adopted", path=settled.path)
            else:
                offers.append((settled, _without_data(snapshot)))
        self._queue.note_seen(passed)
        self._offer(offers)
        for seen in passed:
            self.settler.forget(seen.path)
        for reason, count in skipped.items():
            self._log.info("files.skipped", reason=reason, count=count)

    def _must_wait(self, settled: Settled, snapshot: Snapshot) -> bool:
        return (
            not settled.last_chance
            and settled.path.lower().endswith(".json")
            and is_cut_off(snapshot.data)
        )

    def _offer(self, offers: list[tuple[Settled, Snapshot]]) -> None:
        if not offers:
            return
        jobs = self._queue.offer_many(
            [
                Offer(
                    path=settled.path,
                    sha256=snapshot.sha256,
                    size=snapshot.fingerprint.size,
                    mtime_ns=snapshot.fingerprint.mtime_ns,
                    ctime_ns=snapshot.fingerprint.ctime_ns,
                    inode=snapshot.fingerprint.inode,
                    device=snapshot.fingerprint.device,
                    origin=settled.origin,
                )
                for settled, snapshot in offers
            ]
        )
        for (settled, _), job in zip(offers, jobs, strict=True):
            self.settler.forget(settled.path)
            if job is not None:
                self.offered += 1
                self._log.info("job.queued", job_id=job.id, path=job.path, origin=str(job.origin))

    def _refused(
        self, settled: Settled, error: SourceError, skipped: Counter[str], now: float
    ) -> None:
        path, mark = settled.path, settled.fingerprint
        if error.reason == "source_changed":
            self.settler.note(path, now)
            return
        if error.reason not in _PASSING:
            too_large = error.reason == "too_large"
            job = self._queue.record(
                path,
                status=Status.INVALID if too_large else Status.FAILED,
                reason=Reason(error.reason),
                detail=str(error),
                size=mark.size,
                mtime_ns=mark.mtime_ns,
                ctime_ns=mark.ctime_ns,
                inode=mark.inode,
                device=mark.device,
                origin=settled.origin,
            )
            self._log.warning("job.refused", job_id=job.id, path=path, reason=error.reason)
        elif error.reason == "not_downloaded":
            skipped[error.reason] += 1
            self.not_downloaded += 1
        self.settler.forget(path)


def _seen(path: str, snapshot: Snapshot) -> Seen:
    mark = snapshot.fingerprint
    return Seen(
        path, mark.device, mark.inode, mark.size, mark.mtime_ns, mark.ctime_ns, snapshot.sha256
    )


def _without_data(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot without its content, which is not needed any longer."""
    return Snapshot(b"", snapshot.sha256, snapshot.fingerprint, snapshot.mode)
