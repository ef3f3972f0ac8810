"""The worker's state as the main thread sees it: idle, working, stalled or without its model.

The worker's thread writes and the main thread reads. Every field is one assignment; `_interrupted`
alone belongs to the main thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final, Literal

from state.errors import StateError
from state.job import Status
from state.queue import Queue
from state.service import ServiceFields, ServiceRow

# Added to twice the silence after which a child is ended: back-offs, a full disk, a slow load.
SLACK_S: Final = 120.0
TOLD_S: Final = 1.0  # between two reports of how far an activity is
Activity = Literal["speakers", "music", "metadata"]
_NEWEST: Final = 0.2  # weight of the last part in the rate that `status` shows


class Progress:
    """What the worker last said of itself."""

    def __init__(self, *, silence_s: float, clock: Callable[[], float]) -> None:
        self.row: ServiceRow | None = None  # of the worker's thread, once its database is open
        self.waiting = False  # whether a rule of the settings keeps the worker from taking a job
        self.lent = False  # whether the model is lent: then the worker takes no job
        self.active = False  # whether the worker works on a text that is done
        self._activity: dict[str, Any] = {}
        self._told_at = 0.0
        self._limit_s = 2 * silence_s + SLACK_S
        self._clock = clock
        self._job: int | None = None
        self._decoding: int | None = None  # the job, while its child may be in the middle of a part
        self._heard_at = 0.0
        self._words_per_s: float | None = None  # of the last parts, in words of the source
        self._interrupted: tuple[int, int] | None = None  # job and claim, of the last interruption

    # The worker's thread

    def report(self, fields: ServiceFields) -> None:
        """Note what the worker does and write it to the service row; work goes on if it cannot."""
        if "current_job" in fields:
            self._job = self._decoding = fields["current_job"]
        self.note_alive()
        if self.row is not None:
            with contextlib.suppress(StateError):
                self.row.update(**fields)

    def begin_activity(
        self, kind: Activity, job_id: int, *, done: float = 0.0, total: float | None = None
    ) -> None:
        """Note that a finished text is worked on; the model child is closed for sound."""
        self._activity = {"kind": kind, "job_id": job_id, "done": done, "total": total}
        self.active, self._told_at = True, self._clock()
        loaded: ServiceFields = {}
        if kind != "metadata":
            loaded = {"memory_bytes": None, "device_path": None}
        self.report({"activity": self._activity, **loaded})

    def report_activity(self, done: float, total: float | None) -> None:
        """Note how far it is, once a second: seconds of sound, stretches or requests."""
        self._activity = {**self._activity, "done": done, "total": total}
        now = self._clock()
        if now - self._told_at >= TOLD_S:
            self._told_at = now
            self.report({"activity": self._activity})

    def end_activity(self) -> None:
        """Note that it is over, however it ended."""
        self.active = False
        self.report({"activity": None})

    def note_alive(self) -> None:
        """Note that the work makes progress."""
        self._heard_at = self._clock()

    def measure(self, words: int, spent_s: float, *, memory_bytes: int | None) -> None:
        """Put a decoded part into the rate that `status` shows."""
        if spent_s <= 0:
            return
        rate, before = words / spent_s, self._words_per_s
        self._words_per_s = rate if before is None else before + _NEWEST * (rate - before)
        self.report({"words_per_s": round(self._words_per_s, 2), "memory_bytes": memory_bytes})

    def end_decoding(self) -> None:
        """Note that the child is done with the job, which the worker itself will now move."""
        self._decoding = None

    # The main thread

    @property
    def busy(self) -> bool:
        """Return whether the worker has a job."""
        return self._job is not None

    def stalled(self, now: float) -> bool:
        """Return whether the worker has had a job for long without progress."""
        return self.busy and now - self._heard_at > self._limit_s

    def should_interrupt(self, queue: Queue) -> bool:
        """Return whether the job being decoded was cancelled or superseded; true once a claim."""
        number = self._decoding
        if number is None:
            return False
        job = queue.job(number)
        if (job is not None and job.status is Status.RUNNING) or number != self._decoding:
            return False
        before, self._interrupted = self._interrupted, (number, job.claims if job else 0)
        return self._interrupted != before
