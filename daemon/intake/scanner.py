"""Folders -> settler: list the watched folders and compare them with the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from daemon.config import Config
from daemon.files.listing import Batch, Listing
from daemon.intake.settle import Settler
from state.job import Fingerprint, Origin
from state.queue import Queue

BATCH: Final = 500  # files compared with the database in one step
ROOM: Final = 5_000  # files that may wait to settle while a scan continues: keeps memory flat
SCAN_GAP_S: Final = 10.0  # between the end of a scan and the start of the next
COST_FACTOR: Final = 1_000  # a rescan waits this many times as long as the last one took


@dataclass(frozen=True, slots=True)
class ScanReport:
    """The result of a finished scan."""

    files: int  # that could be transcripts
    cost_s: float  # time spent on it, without waits
    unreadable: int  # folders that could not be listed


@dataclass(slots=True)
class _Scan:
    """A scan in progress: it continues step by step, whenever there is room."""

    walk: Iterator[Batch]
    origin: Origin
    whole: bool  # all watched folders, not one new subfolder
    files: int = 0
    cost_s: float = 0.0


class Scanner:
    """Passes on every listed file that the database does not know as it is.

    A scan runs at the start, every `rescan_s`, and on request. It takes one step at a time, and
    time is an argument.
    """

    def __init__(
        self,
        config: Config,
        queue: Queue,
        settler: Settler,
        listing: Listing,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._rescan_s = config.rescan_s
        self._queue = queue
        self._settler = settler
        self._listing = listing
        self._clock = clock
        self._scans: list[_Scan] = []
        self._origin = Origin.SCAN  # of the next whole scan; the first one finds the backlog
        self._next_scan: float | None = None  # None: at once
        self._not_before = 0.0
        self._has_finished = False  # a whole scan has ended since the start

    @property
    def idle(self) -> bool:
        """Return whether all that was there at the start has been listed, and no scan runs."""
        return self._has_finished and not self._scans

    def request(self, now: float) -> None:
        """Scan all folders soon."""
        self._next_scan = min(self._next_scan or now, max(now, self._not_before))

    def add_folder(self, path: str) -> None:
        """Scan one new folder below a watched one, after the scans in progress."""
        walk = self._listing.walk([path], batch_size=BATCH)
        self._scans.append(_Scan(walk, Origin.EVENT, whole=False))

    def step(self, now: float) -> ScanReport | None:
        """Start a scan that is due and continue those in progress; return a report at the end."""
        if not self._scans and (self._next_scan is None or now >= self._next_scan):
            walk = self._listing.walk(self._listing.roots, batch_size=BATCH)
            self._scans.append(_Scan(walk, self._origin, whole=True))
            self._next_scan = now + self._rescan_s
            self._listing.unlisted = 0
        while self._scans and len(self._settler) < ROOM:
            scan = self._scans[0]
            begun = self._clock()
            batch = next(scan.walk, None)
            if batch is not None:
                self._pass_on(batch, scan.origin, now)
                scan.files += len(batch)
            scan.cost_s += self._clock() - begun
            if batch is None:
                self._scans.pop(0)
                if scan.whole:
                    return self._finish(scan, now)
            elif len(batch) == BATCH:
                break  # a large folder: leave time for the other work of the loop
        return None

    def next_due(self, now: float) -> float | None:
        """Return when `step` has something to do; None while it waits for files to settle."""
        if not self._scans:
            return self._next_scan
        return now if len(self._settler) < ROOM else None

    def _finish(self, scan: _Scan, now: float) -> ScanReport:
        self._has_finished = True
        self._origin = Origin.RESCAN
        self._not_before = now + SCAN_GAP_S
        wait_s = max(self._rescan_s, COST_FACTOR * scan.cost_s, SCAN_GAP_S)
        requested = self._next_scan is not None and self._next_scan <= now
        self._next_scan = self._not_before if requested else now + wait_s
        return ScanReport(scan.files, scan.cost_s, self._listing.unlisted)

    def _pass_on(self, batch: Batch, origin: Origin, now: float) -> None:
        known = self._queue.known_many([path for path, _ in batch])
        for path, status in batch:
            seen = known.get(path)
            if seen is None or seen.fingerprint != Fingerprint.of(status):
                self._settler.note(path, now, origin=origin)
