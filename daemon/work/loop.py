"""The worker's thread: run one job after the other, on a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from daemon.config import Config
from daemon.files.listing import root_is_there
from daemon.log import Log
from daemon.power import system
from daemon.power.records import Reading
from daemon.work.child import ClientMaker, ModelKeeper
from daemon.work.context import WorkerContext
from daemon.work.describing import Describer
from daemon.work.finding import SpeakerFinder
from daemon.work.gate import Gate, Wait
from daemon.work.hearing import MusicHearer
from daemon.work.index import Indexer
from daemon.work.lending import LOOK_S, Lender
from daemon.work.progress import Progress
from daemon.work.worker import Worker
from state.database import Database, open_database
from state.errors import DatabaseCorrupt, StateError
from state.lending import LendingRows
from state.queue import Queue
from state.service import ServiceRow

WAIT_S: Final = 30.0  # for a wake-up, at most
GATE_S: Final = 10.0  # between two looks whether work may go on
SHORTEST_WAIT_S: Final = 0.1
COOL_DOWN_S: Final = 120.0  # of uptime before a job is tried that twice met a machine restart
ERROR_PAUSE_S: Final = 5.0  # before a database that failed is tried again


class WorkerLoop:
    """The loop of the worker's thread, and everything that the two threads share.

    `run` and what it calls belong to the worker's thread; `wake` and `ask_to_stop` may be called
    from any other.
    """

    def __init__(
        self,
        config: Config,
        log: Log,
        *,
        boot_id: str,
        clock: Callable[[], float],
        wall: Callable[[], float],
        nudge: Callable[[str], None],
        wake_service: Callable[[], None],
        drain: bool = False,
        make_client: ClientMaker | None = None,
        read_power: Callable[[], Reading] = system.read,
    ) -> None:
        """Make the loop; `run` starts it.

        Args:
            config: The settings.
            log: Where events go.
            boot_id: Of this run of the machine.
            clock: Monotonic seconds.
            wall: Seconds since the epoch.
            nudge: Has the intake look at a file again; safe to call from any thread.
            wake_service: Ends the wait of the main thread; safe to call from any thread.
            drain: Take every job at once, without a cool-down and at any hour.
            make_client: Makes the client of a model child, for tests.
            read_power: Asks the system for its power and its user.
        """
        self._config = config
        self._log = log
        self._boot_id = boot_id
        self._clock = clock
        self._wall = wall
        self._nudge = nudge
        self._wake_service = wake_service
        self._drain = drain
        self._begun = clock()
        self._gate = Gate(config, clock=clock, wall=wall, read=read_power, always=drain)
        self._wait: Wait | None = None  # as it was last reported
        self._lender: Lender | None = None  # of the worker's database, while it is open
        # Shared with the main thread; the comment says who writes.
        self.stopping = threading.Event()  # main thread, once: end the loop
        self.work = threading.Event()  # main thread sets: there may be a job; worker clears
        self.damage: DatabaseCorrupt | None = None  # worker, once: then it waits to be stopped
        self.progress = Progress(silence_s=config.silence_s, clock=clock)  # worker
        self.keeper = ModelKeeper(config, log, make=make_client)  # worker; main: `interrupt` alone

    def run(self) -> None:
        """Work until asked to stop; the body of the worker's thread."""
        while not self.stopping.is_set():
            try:
                with open_database(self._config.home.database, create=False) as database:
                    self._work_with(database)
            except DatabaseCorrupt as error:
                self.damage = error
                self._wake_service()
                self.stopping.wait()
            except StateError as error:
                self._log.error("database.failed", kind=type(error).__name__)
                self.stopping.wait(ERROR_PAUSE_S)
        self.keeper.close("stopped")

    def make_worker(self, database: Database) -> Worker:
        """Return a worker on a database of the calling thread."""
        self.progress.row = ServiceRow(database)
        return Worker(
            self._config, Queue(database), self.keeper, self._log, self._context(database)
        )

    def make_lender(self, database: Database) -> Lender:
        """Return what lends the model to other processes, on a database of the calling thread."""
        rows, context = LendingRows(database), self._context(database)
        self._lender = Lender(
            rows, self.keeper, self._log, context, lock=self._config.home.model_lock
        )
        return self._lender

    def _lend_beside(self, tool_bytes: int) -> None:
        if self._lender is not None:
            self._lender.lend_beside(tool_bytes)

    def _context(self, database: Database) -> WorkerContext:
        return WorkerContext(
            boot_id=self._boot_id,
            stopping=self.stopping.is_set,
            pause=self.stopping.wait,
            progress=self.progress,
            clock=self._clock,
            now=lambda: datetime.fromtimestamp(self._wall(), UTC),
            nudge=self._nudge,
            must_wait=lambda: self._gate.wait() is not None,
            model_asked_for=LendingRows(database).asked,
            lend_beside=self._lend_beside,
            root_is_there=partial(root_is_there, self._config),
        )

    def make_indexer(self, database: Database) -> Indexer:
        """Return an indexer on a database of the calling thread."""
        return Indexer(self._config, Queue(database), self._log, clock=self._clock)

    def make_finder(self, database: Database) -> SpeakerFinder:
        """Return what finds speakers, on a database of the calling thread."""
        return SpeakerFinder(
            self._config, Queue(database), self.keeper, self._log, self._context(database)
        )

    def make_hearer(self, database: Database) -> MusicHearer:
        """Return what has music described, on a database of the calling thread."""
        context = self._context(database)
        return MusicHearer(self._config, Queue(database), self.keeper, self._log, context)

    def make_describer(self, database: Database) -> Describer:
        """Return what writes about finished jobs, on a database of the calling thread."""
        context = self._context(database)
        return Describer(self._config, Queue(database), self.keeper, self._log, context)

    def _work_with(self, database: Database) -> None:
        worker, lender = self.make_worker(database), self.make_lender(database)
        indexer, finder = self.make_indexer(database), self.make_finder(database)
        describer, hearer = self.make_describer(database), self.make_hearer(database)
        try:
            self._work(worker, lender, indexer, finder, describer, hearer)
        finally:
            indexer.close()

    def _work(
        self,
        worker: Worker,
        lender: Lender,
        indexer: Indexer,
        finder: SpeakerFinder,
        describer: Describer,
        hearer: MusicHearer,
    ) -> None:
        while not self.stopping.is_set():
            if lender.lend():
                self.stopping.wait(LOOK_S)
                continue
            if self._must_wait():
                self.work.wait(GATE_S)
                self.work.clear()
                continue
            cooled_down = self._drain or self._clock() - self._begun >= COOL_DOWN_S
            if worker.run_one(cooled_down=cooled_down):
                self._wake_service()
                indexer.after_job()
                continue
            if finder.step():
                self._wake_service()
                indexer.after_job()
                continue
            if indexer.step():  # a job that came in the meantime goes before the next step
                continue
            if describer.step() or hearer.step():
                self._wake_service()
                continue
            if self.keeper.unload_if_idle(self._clock()):
                self.progress.report({"memory_bytes": None, "device_path": None})
            self.work.wait(self._wait_s())
            self.work.clear()

    def _must_wait(self) -> bool:
        """Return whether the settings let no job be taken now; report it, and unload the model."""
        wait = self._gate.wait()
        if wait != self._wait:
            told = wait is not None and self._wait is not None and wait.rule == self._wait.rule
            self._wait = wait
            self.progress.waiting = wait is not None
            self.progress.report({"waiting": None if wait is None else wait.to_json()})
            if wait is None:
                self._log.info("work.resumed")
            elif not told:
                self._log.info("work.waits", rule=wait.rule)
                self.keeper.close("waiting")
                self.progress.report({"memory_bytes": None, "device_path": None})
            self._wake_service()
        return wait is not None

    def _wait_s(self) -> float:
        """Return how long to wait for work: no longer than until the model is to be unloaded."""
        unload_at = self.keeper.unload_at()
        if unload_at is None:
            return WAIT_S
        return min(max(SHORTEST_WAIT_S, unload_at - self._clock()), WAIT_S)

    # Called from the main thread

    def wake(self, queue: Queue) -> None:
        """Wake the worker, and end its child if the job in hand was taken from it.

        Args:
            queue: The calling thread's own.
        """
        self.work.set()
        if self.progress.should_interrupt(queue):
            self._log.info("job.taken_back")
            self.keeper.interrupt()

    def ask_to_stop(self) -> None:
        """End the worker's wait and its model child; the job in hand goes back to the queue."""
        self.stopping.set()
        self.work.set()
        self.keeper.interrupt()
