"""llasad: where the rooms are joined. Folders -> intake -> queue -> worker -> sidecars.

Two threads: the main one ticks (watching, scanning, settling, queueing, housekeeping), the other
works (one job after the other). They meet in the database, a wake-up and a flag.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal

from daemon.config import Config
from daemon.files.spelling import resolved
from daemon.holds import Holds
from daemon.intake.canary import Canary, clear_canaries
from daemon.intake.intake import Intake
from daemon.intake.watch import HEALTHY, Inbox, RootReport, Watch
from daemon.log import Log
from daemon.machine import boot_id, can_be_listed
from daemon.reporter import Reporter
from daemon.waker import Waker
from daemon.work.child import ClientMaker, ModelKeeper
from daemon.work.decoding import Surroundings
from daemon.work.progress import Progress
from daemon.work.worker import Worker
from engine.recipe import ENGINE_VERSION
from state.database import Database, open_database
from state.errors import DatabaseCorrupt, StateError
from state.job import Status
from state.queue import Queue
from state.service import ServiceFields, ServiceRow

ROOTS_S: Final = 2.0  # between two looks at the watched folders
DATABASE_S: Final = 5.0  # between two looks at the database's file
CHECKPOINT_S: Final = 10.0
WORKER_WAIT_S: Final = 30.0
COOL_DOWN_S: Final = 120.0  # of uptime before a job is tried that twice met a machine restart
SLEPT_S: Final = 30.0  # wall clock and uptime parted by this: the machine slept
ERROR_PAUSE_S: Final = 5.0

Outcome = Literal["stopped", "drained", "held", "paused", "database"]


class Service:
    """The daemon between its start and its end; `tick` is the body of its loop.

    Nothing in here waits or starts a thread but `work_loop`'s own waits: tests call `tick(now)` and
    `worker.run_one()` by hand.
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
        self._config = config
        self._database = database
        self._log = log
        self._waker = waker
        self._drain = drain
        self._clock = clock
        self._wall = wall
        self._boot_id = boot_id()
        self.queue = Queue(database)
        self.row = ServiceRow(database)
        self.reporter = Reporter(self.row, wall=wall)
        self.inbox = Inbox(wake=waker.wake)
        self.intake = Intake(config, self.queue, self.inbox, log, clock=clock, adopt=adopt)
        # What is there is drained; what comes later is for a daemon that stays.
        self.watch = Watch(() if drain else config.watch, self.inbox, self.intake.listing.wants)
        self.canary = Canary(self.inbox)
        self.keeper = ModelKeeper(config, log, make=make_client)
        self.holds = Holds(config, self.queue, log)
        self.stopping = threading.Event()
        self.work = threading.Event()  # there may be something to do for the worker
        self.outcome: Outcome | None = None
        self._begun = clock()
        self._due: dict[str, float] = {}
        self._mark: object = None
        self._damage: DatabaseCorrupt | None = None  # met by the worker
        self._adopting = adopt
        self._covered = False  # a whole scan has ended, with all watched folders there
        self._drift = wall() - clock()
        self._progress = Progress(silence_s=config.silence_s, clock=clock)

    # The loop of the main thread

    def begin(self, now: float) -> None:
        """Say that we are here and take back what an earlier daemon left running."""
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
        )
        self.holds.start()
        clear_canaries(self._config.watch)
        for job in self.queue.requeue_orphans(self._boot_id):
            self._log.info("job.recovered", job_id=job.id, status=str(job.status))
        for folder in self._config.watch:
            if _is_shared(str(folder)):
                self._log.warning("watch.shared", folder=str(folder))
        self._look_at_roots(now)

    def tick(self, now: float) -> float:
        """Do what is due and return when to be called again, if nothing wakes us before.

        Raises DatabaseCorrupt, met here or by the worker: it is to be set aside, all connections
        closed.
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
        return min(self.intake.next_due(now), now + ROOTS_S)

    def _tick(self, now: float) -> None:
        if self._is_due("database", now, DATABASE_S) and not self._database.still_there():
            self._log.error("database.lost", path=str(self._config.home.database))
            self.outcome = "database"
            return
        if self._damage is not None:
            raise self._damage
        self._notice_sleep(now)
        if self._is_due("roots", now, ROOTS_S):
            self._look_at_roots(now)
        self._hear_canaries(now)
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
            self._covered = self._roots_are_there()
        if self._adopting and self._covered and self.intake.idle:
            self.row.update(rebuilding=False)
            self._adopting = self.intake.adopting = False
        self.queue.expire_pause(self._wall())
        self.holds.tick(now)
        self._wake_worker()
        self.reporter.report(
            now, phase=self._phase(), watching=self._root_reports(), heard=self.inbox.heard
        )
        if self._is_due("checkpoint", now, CHECKPOINT_S):
            self._database.checkpoint()
        if self._drain and self.intake.idle:
            self._see_whether_drained()

    def end(self) -> None:
        """Say that we are gone."""
        self.canary.close()
        self.watch.close()
        try:
            self.row.update(
                phase="stopped",
                pid=None,
                heartbeat_at=self._wall(),
                current_job=None,
                current_part=None,
                memory_bytes=None,
                watching=[],
            )
            self._database.checkpoint()
        except StateError as error:
            self._log.error("database.failed", kind=type(error).__name__)

    # The loop of the worker's thread

    def work_loop(self) -> None:
        """Work until asked to stop, on a database of this thread's own."""
        while not self.stopping.is_set():
            try:
                with open_database(self._config.home.database, create=False) as database:
                    self._work_with(database)
            except DatabaseCorrupt as error:
                self._damage = error
                self._waker.wake()
                self.stopping.wait()
            except StateError as error:
                self._log.error("database.failed", kind=type(error).__name__)
                self.stopping.wait(ERROR_PAUSE_S)
        self.keeper.close("stopped")

    def make_worker(self, database: Database) -> Worker:
        """Return a worker on a database of the calling thread."""
        row = ServiceRow(database)

        def progress(fields: ServiceFields) -> None:
            self._progress.told(fields)
            row.update(**fields)

        return Worker(
            self._config,
            Queue(database),
            self.keeper,
            self._log,
            Surroundings(
                boot_id=self._boot_id,
                stopping=self.stopping.is_set,
                pause=self.stopping.wait,
                clock=self._clock,
                now=lambda: datetime.fromtimestamp(self._wall(), UTC),
                nudge=self.inbox.put,
                progress=progress,
                alive=self._progress.alive,
                decoded=self._progress.decoded,
                root_is_there=self._root_of_is_there,
            ),
        )

    def _work_with(self, database: Database) -> None:
        worker = self.make_worker(database)
        while not self.stopping.is_set():
            cooled_down = self._drain or self._clock() - self._begun >= COOL_DOWN_S
            if worker.run_one(cooled_down=cooled_down):
                self._waker.wake()
                continue
            if self.keeper.rest(self._clock()):
                worker.tell({"memory_bytes": None, "device_path": None})
            rest_at = self.keeper.rest_at()
            wait_s = WORKER_WAIT_S if rest_at is None else max(0.1, rest_at - self._clock())
            self.work.wait(min(wait_s, WORKER_WAIT_S))
            self.work.clear()

    def ask_worker_to_stop(self) -> None:
        """End the worker's wait and the model child under it; its job goes back to the queue."""
        self.stopping.set()
        self.work.set()
        self.keeper.interrupt()

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

    def _look_at_roots(self, now: float) -> None:
        for report in self.watch.check():
            if report.state in HEALTHY:
                self._log.info("watch.started", folder=report.path, how=report.state)
            else:
                self._log.warning("watch.degraded", folder=report.path, why=report.detail)

    def _hear_canaries(self, now: float) -> None:
        sung = self.canary.tick(now, self.watch.roots)
        if sung.heard:
            self.row.update(canary_at=self._wall())
        for root in sung.deaf:
            self._log.warning("watch.deaf", folder=str(root.root))
            root.rearm()

    def _roots_are_there(self) -> bool:
        return all(can_be_listed(folder) for folder in self._config.watch)

    def _root_of_is_there(self, path: str) -> bool:
        """Tell whether the watched folder of a file can be listed; yes for files from elsewhere."""
        return all(
            can_be_listed(folder)
            for folder in self._config.watch
            if path.startswith((f"{folder}/", f"{resolved(folder)}/"))
        )

    def _wake_worker(self) -> None:
        """Wake the worker when a job may have come: from here, or from a command elsewhere."""
        mark = (self._database.data_version(), self.intake.offered, self.holds.reason)
        if mark != self._mark:
            self._mark = mark
            self.work.set()
            if self._progress.taken(self.queue):
                self._log.info("job.taken_back")
                self.keeper.interrupt()

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
        if self._progress.busy:
            return "stalled" if self._progress.stalled(self._clock()) else "working"
        return "paused" if self.queue.paused() is not None else "idle"

    def _see_whether_drained(self) -> None:
        counts = self.queue.counts()
        if counts[Status.QUEUED] + counts[Status.RUNNING] == 0:
            self.outcome = "drained"
        elif self.holds.reason is not None:
            self.outcome = "held"
        elif self.queue.paused() is not None:
            self.outcome = "paused"


def _is_shared(folder: str) -> bool:
    try:
        return bool(os.stat(folder).st_mode & 0o002)
    except OSError:
        return False


def main() -> None:
    """Run `llasad`; see `daemon.start`."""
    from daemon import start

    start.main()


if __name__ == "__main__":
    main()
