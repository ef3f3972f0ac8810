"""What the worker is at, as the main thread sees it: busy, getting on, or standing still.

The worker's thread writes, the main thread reads; each field is one assignment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from state.job import Status
from state.queue import Queue
from state.service import ServiceFields

# Beside twice the silence after which a child is ended: back-offs, a full disk, a slow load.
SLACK_S: Final = 120.0


class Progress:
    """The worker as it was last heard of."""

    def __init__(self, *, silence_s: float, clock: Callable[[], float]) -> None:
        self._limit_s = 2 * silence_s + SLACK_S
        self._clock = clock
        self._job: int | None = None
        self._decoding: int | None = None  # the job, while its child may be in the middle of a part
        self._heard_at = 0.0
        self._taken: tuple[int, int] | None = None  # the job and claim that `taken` has told of

    def told(self, fields: ServiceFields) -> None:
        """Take note of what the worker says of itself."""
        if "current_job" in fields:
            self._job = self._decoding = fields["current_job"]
        self.alive()

    def decoded(self) -> None:
        """Take note that the child is done with the job, which the worker itself will now move."""
        self._decoding = None

    def alive(self) -> None:
        """Take note that it gets on."""
        self._heard_at = self._clock()

    @property
    def busy(self) -> bool:
        """Tell whether it has a job."""
        return self._job is not None

    def stalled(self, now: float) -> bool:
        """Tell whether it has had a job for long without getting on."""
        return self.busy and now - self._heard_at > self._limit_s

    def taken(self, queue: Queue) -> bool:
        """Tell, once a claim, that the job that it decodes was cancelled or superseded."""
        number = self._decoding
        if number is None:
            return False
        job = queue.job(number)
        if (job is not None and job.status is Status.RUNNING) or number != self._decoding:
            return False
        before, self._taken = self._taken, (number, job.claims if job is not None else 0)
        return self._taken != before
