"""What the worker is given by the daemon around it, and the two ways a job stops half-way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from daemon.work.progress import Progress
from state.errors import JobMoved
from state.job import Job, Reason, Status
from state.queue import Queue


class Interrupted(Exception):
    """The job goes back to the queue unfinished: a stop, a pause, a rule or a lending."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class QueueHeld(Exception):
    """No job can be done until something outside this one is fixed."""

    def __init__(self, reason: Reason, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """What the worker may ask and do outside its own work; tests pass other clocks and waits."""

    boot_id: str  # of this run of the machine; claims carry it
    stopping: Callable[[], bool]  # returns whether the daemon was asked to stop
    pause: Callable[[float], object]  # waits so many seconds, or less when asked to stop
    progress: Progress  # what the worker does is reported here
    clock: Callable[[], float] = time.monotonic  # seconds
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    nudge: Callable[[str], None] = lambda path: None  # has the intake look at this file again
    model_asked_for: Callable[[], bool] = lambda: False  # another process waits for the model
    # Lends the model beside a tool for sound that needs so many bytes, where there is room.
    lend_beside: Callable[[int], None] = lambda tool_bytes: None
    must_wait: Callable[[], bool] = lambda: False  # the settings let work go on later
    root_is_there: Callable[[str], bool] = lambda path: True  # the watched folder of this file
    step: Callable[[str], None] = lambda name: None  # called at each named step, for tests

    def check_can_continue(self, queue: Queue, job: Job) -> None:
        """Raise Interrupted when the daemon is to stop, JobMoved when the job is ours no longer."""
        if self.stopping():
            raise Interrupted(Reason.STOPPED)
        if not queue.still_mine(job):
            found = queue.job(job.id)
            raise JobMoved(job.id, found.status if found is not None else Status.CANCELLED)
