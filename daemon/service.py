"""The main thread of llasad: watch, scan, settle, queue, and keep house; the worker has its own.

The two threads meet in the database and in what `WorkerLoop` says is shared, nowhere else.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final, Literal

from daemon.announce.announcer import POLL_S, Announcer
from daemon.config import Config
from daemon.holds import Holds
from daemon.intake.canary import Canary, clear_canaries
from daemon.intake.inbox import Inbox
from daemon.intake.intake import Intake
from daemon.intake.watch import HEALTHY, RootReport, Watch
from daemon.log import Log
from daemon.machine import boot_id, can_be_listed, is_writable_by_all
from daemon.output_folders import OutputFolders
from daemon.reporter import Reporter
from daemon.waker import Waker
from daemon.work.child import ClientMaker
from daemon.work.loop import ERROR_PAUSE_S, WorkerLoop
from engine.recipe import ENGINE_VERSION
from state.database import Database
from state.errors import DatabaseCorrupt, StateError
from state.job import Status
from state.queue import Queue
from state.service import ServiceRow
from state.sounds import SoundRows
from state.writings import WritingRows

ROOTS_S: Final = 2.0  # between two looks at the watched folders
DATABASE_S: Final = 5.0  # between two looks at the database's file
CHECKPOINT_S: Final = 10.0
SLEPT_S: Final = 30.0  # if wall clock and uptime diverge by this, the machine slept

Outcome = Literal["stopped", "drained", "held", "paused", "database"]


class Service:
    """The daemon between its start and its end; `tick` is the body of its loop.

    Nothing in here waits or starts a thread: tests call `tick(now)` and `worker.run_one()` by hand.
    """

    def __init__(
        self,
        config: Config,
        database: Database,
        log: Log,
        *,
        waker: Waker,
        drain: bool = False,
        adopt: bool = False,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        make_client: ClientMaker | None = None,
    ) -> None:
        """Make the service; `start` begins its work.

        Args:
            config: The settings.
            database: The main thread's connection; the worker opens its own.
            log: Where events go.
            waker: Wakes the main loop and knows whether we were asked to stop.
            drain: Do what is there, then end.
            adopt: Take finished sidecars as done jobs, because the database is new.
            clock: Monotonic seconds; tests pass their own.
            wall: Seconds since the epoch; tests pass their own.
            make_client: Makes the client of a model child; tests pass their own.
        """
        self._config = config
        self._database = database
        self._log = log
        self._waker = waker
        self._drain = drain
        self._wall = wall
        self._clock = clock
        self._boot_id = boot_id()
        self.queue = Queue(database)
        self.row = ServiceRow(database)
        self.reporter = Reporter(self.row, wall=wall)
        self.inbox = Inbox(wake=waker.wake)
        self.intake = Intake(config, self.queue, self.inbox, log, clock=clock, adopt=adopt)
        # What is there is drained; what comes later is for a daemon that stays.
        self.watch = Watch(() if drain else config.watch, self.inbox, self.intake.listing.wants)
        self.canary = Canary(self.inbox)
        self.holds = Holds(config, self.queue, log)
        self.output_folders = OutputFolders(config, self.queue, log)
        self.announcer = Announcer(config, self.queue, log, wall=wall, drain=drain)
        self.loop = WorkerLoop(
            config,
            log,
            boot_id=self._boot_id,
            clock=clock,
            wall=wall,
            nudge=self.inbox.put,
            wake_service=waker.wake,
            drain=drain,
            make_client=make_client,
        )
        self.outcome: Outcome | None = None
        self._due: dict[str, float] = {}
        self._last_seen: object = None  # of the database and the intake, when the worker was woken
        self._adopting = adopt
        self._covered = False  # a whole scan has ended, with all watched folders there
        self._drift = wall() - clock()

    def start(self, now: float) -> None:
        """Record the start and requeue jobs that an earlier daemon left running."""
        self.row.update(
            pid=os.getpid(),
            boot_id=self._boot_id,
            started_at=self._wall(),
            version=ENGINE_VERSION,
            home=str(self._config.home.path),
            phase="starting",
            heartbeat_at=self._wall(),
            model=self._config.default.model,
            device_path=None,
            memory_bytes=None,
            current_job=None,
            current_part=None,
            words_per_s=None,
            canary_at=None,
            waiting=None,
            activity=None,
        )
        self.holds.start()
        clear_canaries(self._config.watch)
        for job in self.queue.requeue_orphans(self._boot_id):
            self._log.info("job.recovered", job_id=job.id, status=str(job.status))
        for folder in self._config.watch:
            if is_writable_by_all(folder):
                self._log.warning("watch.shared", folder=str(folder))
        self._check_roots(now)

    def tick(self, now: float) -> float:
        """Do what is due; return when to be called again, if nothing wakes us before.

        Raises DatabaseCorrupt, met here or by the worker: the caller closes all connections and
        sets the database aside.
        """
        if self._waker.stop_asked:
            self.outcome = "stopped"
            return now
        try:
            self._tick(now)
        except DatabaseCorrupt:
            raise
        except StateError as error:
            # Nothing is lost: what was not written is offered again.
            self._log.error("database.failed", kind=type(error).__name__, detail=str(error)[:300])
            return now + ERROR_PAUSE_S
        wait_s = POLL_S if self.announcer.busy else ROOTS_S
        return min(self.intake.next_due(now), now + wait_s)

    def _tick(self, now: float) -> None:
        if self._is_due("database", now, DATABASE_S) and not self._database.still_there():
            self._log.error("database.lost", path=str(self._config.home.database))
            self.outcome = "database"
            return
        if self.loop.damage is not None:
            raise self.loop.damage
        self._notice_sleep(now)
        if self._is_due("roots", now, ROOTS_S):
            self._check_roots(now)
        self._check_canaries(now)
        self._take_in_files(now)
        self.queue.expire_pause(self._wall())
        self.holds.tick(now)
        self.output_folders.tick(now)
        self._wake_worker()
        self.reporter.report(
            now, phase=self._phase(), watching=self._root_reports(), heard=self.inbox.heard
        )
        self.announcer.tick(now, rebuilding=self._adopting)
        if self._is_due("checkpoint", now, CHECKPOINT_S):
            self._database.checkpoint()
        if self._drain and self.intake.idle:
            self._check_drained()

    def close(self) -> None:
        """Stop watching and record the end."""
        self.canary.close()
        self.watch.close()
        try:
            self.announcer.close(self._clock())
            self.row.update(
                phase="stopped",
                pid=None,
                heartbeat_at=self._wall(),
                current_job=None,
                current_part=None,
                memory_bytes=None,
                waiting=None,
                activity=None,
                watching=[],
            )
            self._database.checkpoint()
        except StateError as error:
            self._log.error("database.failed", kind=type(error).__name__)

    # Parts of a tick

    def _is_due(self, what: str, now: float, every_s: float) -> bool:
        if now < self._due.get(what, now):
            return False
        self._due[what] = now + every_s
        return True

    def _notice_sleep(self, now: float) -> None:
        """Scan after a sleep, whose events may be missing; a step of the clock does no harm."""
        drift = self._wall() - now
        if abs(drift - self._drift) > SLEPT_S:
            self._log.info("machine.woke", away_s=round(drift - self._drift))
            self.intake.ask_for_scan(now)
        self._drift = drift

    def _check_roots(self, now: float) -> None:
        for report in self.watch.check():
            if report.state in HEALTHY:
                self._log.info("watch.started", folder=report.path, how=report.state)
            else:
                self._log.warning("watch.degraded", folder=report.path, why=report.detail)

    def _check_canaries(self, now: float) -> None:
        report = self.canary.tick(now, self.watch.roots)
        if report.heard:
            self.row.update(canary_at=self._wall())
        for root in report.silent:
            self._log.warning("watch.deaf", folder=str(root.root))
            root.rearm()

    def _take_in_files(self, now: float) -> None:
        """Let the intake do a step; record a scan that ended and a rebuild that is complete."""
        scanned = self.intake.step(now)
        if scanned is not None:
            self._log.info(
                "scan.finished",
                files=scanned.files,
                cost_s=round(scanned.cost_s, 3),
                unreadable=scanned.unreadable,
            )
            self.row.update(
                last_scan_at=self._wall(),
                last_scan_files=scanned.files,
                last_scan_s=round(scanned.cost_s, 3),
            )
            self._covered = all(can_be_listed(folder) for folder in self._config.watch)
        if self._adopting and self._covered and self.intake.idle:
            self.row.update(rebuilding=False)
            self._adopting = self.intake.adopting = False

    def _wake_worker(self) -> None:
        """Wake the worker when there may be a new job: from here, or from a command elsewhere."""
        seen = (self._database.data_version(), self.intake.offered, self.holds.reason)
        if seen != self._last_seen:
            self._last_seen = seen
            self.loop.wake(self.queue)

    def _root_reports(self) -> list[RootReport]:
        if self.watch.roots:
            return self.watch.reports()
        return [
            RootReport(str(folder), "scanned" if can_be_listed(folder) else "missing")
            for folder in self._config.watch
        ]

    def _phase(self) -> str:
        if self.holds.reason is not None:
            return "held"
        if self.loop.progress.busy:
            return "stalled" if self.loop.progress.stalled(self._clock()) else "working"
        if self.loop.progress.active:
            return "working"
        if self.queue.paused() is not None:
            return "paused"
        if self.loop.progress.lent:
            return "lent"
        return "waiting" if self.loop.progress.waiting else "idle"

    def _check_drained(self) -> None:
        counts = self.queue.counts()
        waiting = counts[Status.QUEUED] + counts[Status.RUNNING] + self.queue.speakers_wanted()
        waiting += SoundRows(self._database).waiting()
        if waiting + WritingRows(self._database).counts().waiting == 0:
            if self.announcer.idle():
                self.outcome = "drained"
        elif self.holds.reason is not None:
            self.outcome = "held"
        elif self.queue.paused() is not None:
            self.outcome = "paused"


# An agent that an older version installed starts this module (`python -P -m daemon.service`).
if __name__ == "__main__":
    import runpy

    runpy.run_module("daemon.start", run_name="__main__")
