"""The files of an archive shared out over worker processes of one machine."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final

from engine.archive.process import WorkerProcess
from engine.archive.records import Item, Outcome, Settings

_AHEAD: Final = 4  # outcomes for each worker that may wait to be read

#: Makes the worker with this number, counted from 1.
MakeWorker = Callable[[int], WorkerProcess]


def run(
    items: Iterator[Item],
    settings: Settings,
    *,
    jobs: int,
    lock_path: Path | None = None,
    make: MakeWorker | None = None,
) -> Generator[Outcome]:
    """Yield what becomes of each item, as it comes; end all workers when the caller stops.

    An item is taken when a worker is free, so memory does not grow with their number. After an
    outcome that every other file would meet too, no further item is taken. The first worker's model
    holds the lock, which is enough to keep the daemon from loading another.
    """

    def made(number: int) -> WorkerProcess:
        lock = lock_path if number == 1 else None
        return WorkerProcess(settings, node=f"process {number}", lock_path=lock)

    pool = _Pool(items, [(make or made)(number) for number in range(1, jobs + 1)])
    yield from pool.outcomes()


class _Pool:
    """Threads that each wait for one worker."""

    def __init__(self, items: Iterator[Item], workers: list[WorkerProcess]) -> None:
        self._items = items
        self._workers = workers
        self._taking = threading.Lock()
        self._stopping = threading.Event()
        # None: a thread is through; an exception: the listing failed.
        self._done: queue.Queue[Outcome | BaseException | None] = queue.Queue(
            maxsize=_AHEAD * len(workers)
        )

    def outcomes(self) -> Generator[Outcome]:
        threads = [
            threading.Thread(target=self._serve, args=(worker,), daemon=True)
            for worker in self._workers
        ]
        for thread in threads:
            thread.start()
        running = len(threads)
        try:
            while running:
                outcome = self._done.get()
                if outcome is None:
                    running -= 1
                elif isinstance(outcome, BaseException):
                    raise outcome
                else:
                    if outcome.ends_run:
                        self._stopping.set()
                    yield outcome
        finally:
            self._stopping.set()
            for worker in self._workers:
                worker.close()
            while any(thread.is_alive() for thread in threads):
                self._drain()

    def _drain(self) -> None:
        """Make room for threads that wait to be read."""
        try:
            self._done.get(timeout=0.1)
        except queue.Empty:
            return

    def _serve(self, worker: WorkerProcess) -> None:
        try:
            while (item := self._next()) is not None:
                outcome = worker.work(item)
                self._done.put(outcome)
                if outcome.ends_run:
                    break
        except BaseException as error:
            self._done.put(error)
        finally:
            worker.close()
            self._done.put(None)

    def _next(self) -> Item | None:
        with self._taking:
            return None if self._stopping.is_set() else next(self._items, None)
