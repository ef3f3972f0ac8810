"""Finished jobs -> the library: what is missing in it is put in, what is gone is taken out.

Nothing is handed over when a job is done. The indexer compares the jobs with the library, page by
page, so it does not matter what was killed, deleted, forgotten or written again, nor by whom. In a
large home that is long between two comparisons, so the database notes what other processes write
again or forget, and only these paths are compared in between.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple

from daemon.config import Config
from daemon.files.listing import root_is_there
from daemon.log import Log, place_of
from daemon.machine import give_back_memory
from daemon.work.contents import contents_of
from daemon.work.embedding import PassageEmbedder
from engine.ask import stored, tokens
from state.errors import LibraryDamaged, LibraryError, LibraryOutdated, StateError
from state.job import FinishedRow
from state.library.library import Library
from state.library.opening import discard_library, open_library
from state.library.records import NewTranscript
from state.queue import Queue

PAGE: Final = 200  # jobs that are compared at once
LOOK_S: Final = 60.0  # between two comparisons, if no job ended
PATIENCE: Final = 300  # a comparison that takes a second is repeated after so many
PAUSE_S: Final = 60.0  # after an error of the library
_LARGE_BYTES: Final = 1 << 18  # a source of about an hour


class Task(NamedTuple):
    """One change that the library lacks."""

    path: str
    put: FinishedRow | None  # None: take the path out


class Indexer:
    """Keeps the library complete; `step` does one thing at a time. For the worker's thread."""

    def __init__(
        self,
        config: Config,
        queue: Queue,
        log: Log,
        *,
        clock: Callable[[], float] = time.monotonic,
        at_step: Callable[[str], None] = lambda name: None,
        embedder: PassageEmbedder | None = None,
    ) -> None:
        """Make the indexer; nothing is opened before the first step.

        Args:
            config: The settings.
            queue: Of the calling thread.
            log: Where events go.
            clock: Monotonic seconds.
            at_step: Called with the name of each step, for tests.
            embedder: Gives the passages their vectors; None: one as the settings say.
        """
        self._config = config
        self._queue = queue
        self._log = log
        self._clock = clock
        self._at_step = at_step
        self._root_is_there = partial(root_is_there, config)
        self._embedder = embedder or PassageEmbedder(config, log, clock=clock, at_step=at_step)
        self._library: Library | None = None
        self._tasks: deque[Task] = deque()
        self._pages: Iterator[list[Task]] | None = None  # of the comparison that is under way
        self._begun = 0.0  # when it began
        self._due = 0.0  # when the next one begins
        self._failing = ""  # the library's error that was logged last

    def close(self) -> None:
        """Close the library, and end what embeds."""
        self._embedder.close()
        if self._library is not None:
            self._library.database.close()
            self._library = None

    def look(self) -> None:
        """Compare from the beginning at the next step, because a job has ended."""
        self._pages = None
        self._tasks.clear()
        self._due = 0.0

    def after_job(self) -> None:
        """Index the job that has ended; what else is missing waits until the queue is empty."""
        self.look()
        _ = self.step() and self.step()  # compare the newest jobs, then index the newest of them

    def step(self) -> bool:
        """Index one transcript, take one out, or compare one page; return whether to go on.

        Errors of the library are logged and wait; a broken library is built again. Raises the
        errors of the queue alone.
        """
        task: Task | None = None
        try:
            library = self._opened()
            if not self._tasks:
                return self._compare(library) or self._embedder.step(library)
            task = self._tasks.popleft()
            self._do(library, task)
            self._failing = ""
        except (LibraryDamaged, LibraryOutdated) as error:
            self._rebuild(error)
        except LibraryError as error:
            self._wait(error)
            return False
        except StateError:
            raise
        # Catch everything here: one transcript must not keep the others out of the library.
        except Exception as error:
            self._log.error("library.failed", kind=type(error).__name__, place=place_of(error))
            return self._set_aside(task)
        return True

    # The library's file

    def _opened(self) -> Library:
        if self._library is not None and not self._library.still_there():
            self._log.warning("library.lost", path=str(self._config.home.library))
            self.close()
            self.look()
        if self._library is None:
            self._library = open_library(
                self._config.home.library, stored.indexed, form=tokens.VERSION
            )
            self.look()
            self._embedder.look()
        return self._library

    def _rebuild(self, error: LibraryError) -> None:
        """Throw a library away that cannot be used; the next steps fill a new one."""
        self._log.warning("library.rebuilt", why=type(error).__name__, detail=str(error)[:300])
        self.close()
        self.look()
        try:
            discard_library(self._config.home.library)
        except LibraryError as second:
            self._wait(second)

    def _wait(self, error: LibraryError) -> None:
        """Try again later; say so once."""
        if self._failing != type(error).__name__:
            self._failing = type(error).__name__
            self._log.error("library.failed", kind=self._failing, detail=str(error)[:300])
        self.close()
        self._pages = None
        self._tasks.clear()
        self._due = self._clock() + PAUSE_S

    # What is missing

    def _compare(self, library: Library) -> bool:
        """Compare one page; return whether there is more to do."""
        if self._pages is None:
            if self._clock() < self._due:
                return self._changed(library)
            self._begun = self._clock()
            self._pages = self._differences(library)
        page = next(self._pages, None)
        if page is None:
            self._pages = None
            cost_s = self._clock() - self._begun
            self._due = self._clock() + max(LOOK_S, cost_s * PATIENCE)
            return False
        self._tasks.extend(page)
        return True

    def _changed(self, library: Library) -> bool:
        """Compare what was written again or forgotten since; return whether there was anything."""
        paths = self._queue.take_changed(limit=PAGE)
        if not paths:
            return False
        rows = self._queue.finished_of(paths)
        stamps = library.stamps(paths)
        gone = stamps.keys() - {row.path for row in rows}
        self._tasks.extend(self._tasks_of(rows, stamps))
        self._tasks.extend(Task(path, None) for path in sorted(gone))
        return True

    def _tasks_of(self, rows: Iterable[FinishedRow], stamps: dict[str, str]) -> list[Task]:
        return [task for row in rows if (task := self._task(row, stamps)) is not None]

    def _differences(self, library: Library) -> Iterator[list[Task]]:
        """Yield what the library lacks, the newest jobs first, then what it has too much."""
        last: int | None = None
        while rows := self._queue.finished(before=last, limit=PAGE):
            last = rows[-1].id
            stamps = library.stamps([row.path for row in rows])
            yield self._tasks_of(rows, stamps)
        last = 0
        while page := library.paths_after(last, limit=PAGE):
            last = page[-1][0]
            gone = self._queue.without_outputs([path for _, path in page])
            yield [Task(path, None) for path in gone]

    def _task(self, row: FinishedRow, stamps: dict[str, str]) -> Task | None:
        stamp = stamps.get(row.path)
        if any(os.path.lexists(output.path) for output in row.outputs):
            return None if stamp == row.stamp else Task(row.path, row)
        if stamp is not None and self._root_is_there(row.path):
            return Task(row.path, None)  # the user deleted the text
        return None

    # One transcript

    def _do(self, library: Library, task: Task) -> None:
        if task.put is None:
            library.remove(task.path)
            self._log.info("library.removed", path=task.path)
            return
        job = self._queue.job(task.put.id)
        if job is None:
            return
        transcript, passages = contents_of(self._queue, self._config, job, task.put)
        self._at_step("passages_made")
        row = library.put(transcript, passages)
        self._embedder.look()
        self._at_step("indexed")
        if job.size > _LARGE_BYTES:
            give_back_memory()
        self._log.info("library.indexed", job_id=job.id, passages=row.passages, problem=row.problem)

    def _set_aside(self, task: Task | None) -> bool:
        """Record that a transcript cannot be indexed, so that it is not tried again and again."""
        try:
            if task is not None and task.put is not None and self._library is not None:
                failed = NewTranscript(
                    path=task.path,
                    job_id=task.put.id,
                    stamp=task.put.stamp,
                    problem="internal_error",
                )
                self._library.put(failed, ())
                return True
        except LibraryError as error:
            self._wait(error)
            return False
        self._pages = None
        self._due = self._clock() + PAUSE_S
        return False
