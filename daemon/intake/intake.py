"""Folders -> job rows: the listing of the folders, compared with the database, is the truth.

Events only tell where to look first. A file is listed (`Scanner`), waited for (`Settler`), then
read once, hashed and offered to the queue (`Feeder`), which knows whether these bytes are new at
this path.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from daemon.config import Config
from daemon.files.listing import Listing
from daemon.files.source import stat_file
from daemon.intake.feeder import Feeder
from daemon.intake.inbox import Inbox
from daemon.intake.scanner import Scanner, ScanReport
from daemon.intake.settle import Settler
from daemon.log import Log
from state.job import Origin
from state.queue import Queue


class Intake:
    """Joins events, scans, settling and offering; one step at a time, and time is an argument."""

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
            queue: The queue, of the calling thread.
            inbox: Where the watcher puts paths.
            log: Where events are logged.
            clock: Monotonic seconds, to measure what a scan costs.
            adopt: Record finished sidecars as done jobs, because the database was lost.
        """
        self.adopting = adopt
        self.listing = Listing(config, log)
        self.settler = Settler(
            stat_file, settle_s=config.settle_s, settle_limit_s=config.settle_limit_s
        )
        self.scanner = Scanner(config, queue, self.settler, self.listing, clock=clock)
        self._feeder = Feeder(config, queue, self.settler, log)
        self._inbox = inbox

    @property
    def offered(self) -> int:
        """Return the number of jobs made so far."""
        return self._feeder.offered

    @property
    def idle(self) -> bool:
        """Return whether everything that was there has been offered."""
        return self.scanner.idle and not len(self.settler)

    def ask_for_scan(self, now: float) -> None:
        """Scan soon: events were lost, the machine woke, or a folder came back."""
        self.scanner.request(now)

    def step(self, now: float) -> ScanReport | None:
        """Read the inbox, continue a scan and offer what has settled; return a report at its end.

        Never raises for a file. Raises StateError for a database that cannot be written: nothing is
        lost then, and the next step offers the files again.
        """
        self.listing.resolve()
        self._read_inbox(now)
        report = self.scanner.step(now)
        self._feeder.step(now, adopt=self.adopting)
        return report

    def next_due(self, now: float) -> float:
        """Return when `step` has something to do."""
        dues = (self.scanner.next_due(now), self.settler.next_check())
        return min((due for due in dues if due is not None), default=now)

    def _read_inbox(self, now: float) -> None:
        paths, lost = self._inbox.drain()
        if lost:
            self.ask_for_scan(now)
        for path in paths:
            if os.path.isdir(path) and not os.path.islink(path):
                if not self.listing.is_hidden(path + "/x"):
                    self.scanner.add_folder(path)
            elif self.listing.wants(path):
                self.settler.note(path, now, origin=Origin.EVENT)
