"""Folders -> job rows: the listing of the folders, joined with the database, is the truth.

Events only say where to look first. A file is listed, waited for (`settle`), read once, hashed and
offered to the queue, which knows whether these bytes at this path are new.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from daemon.config import Config
from daemon.errors import SourceError
from daemon.files.listing import Batch, Listing
from daemon.files.source import Snapshot, is_cut_off, look, read_snapshot
from daemon.intake.adopt import adopted
from daemon.intake.settle import Settled, Settler
from daemon.intake.watch import Inbox
from daemon.log import Log, place_of
from engine import sidecars
from state.errors import StateError
from state.job import Fingerprint, Offer, Origin, Reason, Seen, Status, Verdict
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


@dataclass(frozen=True, slots=True)
class _Read:
    """A settled file that was read."""

    settled: Settled
    snapshot: Snapshot  # without its data

    @property
    def path(self) -> str:
        """Return where it lies."""
        return self.settled.path


@dataclass(slots=True)
class _Taken:
    """What one step read."""

    offers: list[_Read] = field(default_factory=list)
    passed: list[_Read] = field(default_factory=list)  # our own outputs
    skipped: Counter[str] = field(default_factory=Counter)
    size: int = 0  # bytes


_File = TypeVar("_File", Settled, _Read)


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
        self.adopting = adopt
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
            if seen is None or seen.fingerprint != Fingerprint.of(status):
                self.settler.note(path, now, origin=origin)

    # Offering

    def _offer_settled(self, now: float) -> None:
        taken = _Taken()
        for settled in self.settler.ready(now, limit=BATCH):
            if taken.size > READ_BYTES:
                break  # `ready` brings it again
            self._guarded([settled], lambda one: self._take(one[0], taken, now))
        self._guarded(taken.passed, self._pass)
        self._guarded(taken.offers, self._offer)
        for reason, count in taken.skipped.items():
            self._log.info("files.skipped", reason=reason, count=count)

    def _guarded(self, files: list[_File], do: Callable[[list[_File]], None]) -> None:
        """Do something with files at once; with each by itself where a bug is met in one.

        The broad net of the intake: a bug met in one file must not keep all others from being
        queued. A database that fails concerns them all and is let through.
        """
        try:
            do(files)
        except StateError:
            raise
        except Exception as error:
            if len(files) == 1:
                self._fell(files[0], error)
                return
            for file in files:
                self._guarded([file], do)

    def _take(self, settled: Settled, taken: _Taken, now: float) -> None:
        """Read one file and tell what is to become of it."""
        try:
            snapshot = read_snapshot(settled.path, max_bytes=self._config.max_bytes)
        except SourceError as error:
            self._refused(settled, error, taken.skipped, now)
            return
        taken.size += len(snapshot.data)
        if snapshot.fingerprint != settled.fingerprint:
            self.settler.note(settled.path, now)
        elif self._must_wait(settled, snapshot):
            self.settler.unfinished(settled.path)
        elif sidecars.is_ours_content(snapshot.data):
            taken.passed.append(_Read(settled, _without_data(snapshot)))
        elif self.adopting and adopted(self._queue, settled.path, snapshot):
            self.settler.forget(settled.path)
            self._log.info("job.adopted", path=settled.path)
        else:
            taken.offers.append(_Read(settled, _without_data(snapshot)))

    def _pass(self, files: list[_Read]) -> None:
        """Remember files that are none of ours to do."""
        self._queue.note_seen(
            [Seen(file.path, file.snapshot.fingerprint, file.snapshot.sha256) for file in files]
        )
        for file in files:
            self.settler.forget(file.path)

    def _must_wait(self, settled: Settled, snapshot: Snapshot) -> bool:
        return (
            not settled.last_chance
            and settled.path.lower().endswith(".json")
            and is_cut_off(snapshot.data)
        )

    def _offer(self, files: list[_Read]) -> None:
        jobs = self._queue.offer_many(
            [
                Offer(
                    path=file.path,
                    sha256=file.snapshot.sha256,
                    fingerprint=file.snapshot.fingerprint,
                    origin=file.settled.origin,
                )
                for file in files
            ]
        )
        for file, job in zip(files, jobs, strict=True):
            self.settler.forget(file.path)
            if job is not None:
                self.offered += 1
                self._log.info("job.queued", job_id=job.id, path=job.path, origin=str(job.origin))

    def _refused(
        self, settled: Settled, error: SourceError, skipped: Counter[str], now: float
    ) -> None:
        path = settled.path
        if error.reason == "source_changed":
            self.settler.note(path, now)
            return
        if error.reason not in _PASSING:
            too_large = error.reason == "too_large"
            verdict = Verdict(
                status=Status.INVALID if too_large else Status.FAILED,
                reason=Reason(error.reason),
                detail=str(error),
                origin=settled.origin,
            )
            job = self._queue.record(path, settled.fingerprint, verdict)
            self._log.warning("job.refused", job_id=job.id, path=path, reason=error.reason)
        elif error.reason == "not_downloaded":
            skipped[error.reason] += 1
            self.not_downloaded += 1
        self.settler.forget(path)

    def _fell(self, file: Settled | _Read, error: Exception) -> None:
        """Record a bug met in one file; a later scan tries it again, since it is not known."""
        place = place_of(error)
        kind = type(error).__name__
        self._log.error("file.crashed", kind=kind, place=place, path=file.path)
        verdict = Verdict(
            status=Status.FAILED,
            reason=Reason.INTERNAL_ERROR,
            detail=f"A bug in llasa: {kind} in {place}.",
        )
        try:
            self._queue.record(file.path, None, verdict)
        except StateError:
            raise
        except Exception as second:
            self._log.error("file.left", kind=type(second).__name__, path=file.path)
        self.settler.forget(file.path)


def _without_data(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot without its content, which is not needed any longer."""
    return Snapshot(b"", snapshot.sha256, snapshot.fingerprint, snapshot.mode)
