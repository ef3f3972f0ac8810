"""Parts -> enhanced parts: each through the model child, tried again, and saved when it is done."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from daemon.log import Log
from daemon.work.child import ModelKeeper
from engine import pipeline
from engine.errors import AlignmentError, ChildError, EngineError, PartError
from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part
from engine.text import checkpoint
from state.errors import JobMoved, StateError
from state.job import Job, Status
from state.queue import Queue
from state.service import ServiceFields

BACKOFF_S: Final = (5.0, 30.0)  # before the second and the third try of a part
TRIES: Final = 3
_DETAIL: Final = 300  # characters of a reason in words
_NEWEST: Final = 0.2  # weight of the last part in the rate that `status` shows


class Stopped(Exception):
    """The daemon was asked to stop in the middle of a job."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the worker is given of the daemon around it; tests give it other clocks and waits."""

    boot_id: str
    stopping: Callable[[], bool]  # the daemon was asked to stop
    pause: Callable[[float], object]  # wait so many seconds, less when asked to stop
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    nudge: Callable[[str], None] = lambda path: None  # look at this file again
    progress: Callable[[ServiceFields], None] = lambda fields: None  # what `status` shows
    alive: Callable[[], None] = lambda: None  # told that a part gets on
    decoded: Callable[[], None] = lambda: None  # told before the job is moved by the worker itself
    root_is_there: Callable[[str], bool] = lambda path: True  # the watched folder of a file
    step: Callable[[str], None] = lambda name: None  # told at each named step, for tests

    def tell(self, fields: ServiceFields) -> None:
        """Say something in the service row; that it could not be said stops no work."""
        with contextlib.suppress(StateError):
            self.progress(fields)


class Paused(Exception):
    """A person asked for a rest in the middle of a job."""


class Decoder:
    """Brings the parts of one job after the other through the model child."""

    def __init__(self, queue: Queue, keeper: ModelKeeper, around: Surroundings) -> None:
        self._queue = queue
        self._keeper = keeper
        self._around = around
        self._words_per_s: float | None = None

    def decode(self, job: Job, plan: pipeline.Plan, log: Log) -> list[EnhancedPart]:
        """Return all parts of a job, those saved by an earlier run as they were saved.

        Raises Stopped when the daemon is to stop, Paused when it is to rest, JobMoved when the job
        was taken from us, ModelError, and ChildError when the child cannot begin or failed on
        every part.
        """
        try:
            return self._decode_all(job, plan, log)
        finally:
            self._around.decoded()

    def _decode_all(self, job: Job, plan: pipeline.Plan, log: Log) -> list[EnhancedPart]:
        saved = self._saved(job, plan, log)
        finished: list[EnhancedPart] = []
        failure: EngineError | None = None
        tail: tuple[EnhancedWord, ...] = ()
        for part in plan.parts:
            enhanced = saved.get(part.index)
            if enhanced is None:
                self._around.tell({"current_job": job.id, "current_part": part.index + 1})
                enhanced, error = self._decode_one(job, part, plan.info, tail, log)
                failure = error or failure
                self._save(job, part, enhanced)
            finished.append(enhanced)
            tail = enhanced.words
        if finished and all(part.status == "fallback" for part in finished):
            raise ChildError(
                f"The model failed on every part. {failure or ''}".strip(),
                hint=failure.hint if failure is not None else "",
                reason=failure.reason if failure is not None else "",
            )
        return finished

    def _saved(self, job: Job, plan: pipeline.Plan, log: Log) -> dict[int, EnhancedPart]:
        """Return the parts of an earlier run that fit; one that does not is done anew."""
        payloads = self._queue.parts_done(job)
        restored = {part.index: _restored(part, payloads.get(part.index)) for part in plan.parts}
        saved = {index: part for index, part in restored.items() if part is not None}
        if saved:
            log.info("job.resumed", part=len(saved) + 1, parts=len(plan.parts))
        if misfits := len(payloads) - len(saved):
            log.warning("parts.refused", parts=misfits)
        return saved

    def refuse_to_go_on(self, job: Job) -> None:
        """Raise when the daemon is to stop, or the job was taken from us."""
        if self._around.stopping():
            raise Stopped
        if not self._queue.still_mine(job):
            found = self._queue.job(job.id)
            raise JobMoved(job.id, found.status if found is not None else Status.CANCELLED)

    def _decode_one(
        self, job: Job, part: Part, info: ModelInfo, tail: tuple[EnhancedWord, ...], log: Log
    ) -> tuple[EnhancedPart, EngineError | None]:
        """Decode a part; after `TRIES` failures, or a hopeless one, its text is the source's."""
        if not part.covered:
            return pipeline.keep(part, "uncovered"), None
        while True:
            self.refuse_to_go_on(job)
            if self._queue.paused() is not None:
                raise Paused
            loading = True
            try:
                client, loaded = self._keeper.ready(info, self._around.clock())
                loading = False
                self._around.tell(
                    {
                        "model": info.name,
                        "model_revision": info.revision,
                        "device_path": loaded.device_path,
                    }
                )
                begun = self._around.clock()
                enhanced = client.enhance(
                    part, tail, on_progress=lambda tokens: self._around.alive()
                )
            except PartError as error:
                # The same part would end the same way: there is nothing to wait for.
                log.warning("part.fell_back", part=part.index, reason=error.reason)
                return pipeline.keep(part, "fallback"), error
            except ChildError as error:
                if self._around.stopping():
                    raise Stopped from error
                tries = self._count(job, part, error, log, loading=loading)
                if tries >= TRIES and loading:
                    raise _never_began(error, tries) from error
                if tries >= TRIES:
                    log.warning("part.fell_back", part=part.index, reason=error.reason)
                    return pipeline.keep(part, "fallback"), error
                self._around.pause(BACKOFF_S[min(tries, len(BACKOFF_S)) - 1])
            else:
                now = self._around.clock()
                self._keeper.touch(now)
                self._measure(len(part.words), now - begun)
                return enhanced, None

    def _count(self, job: Job, part: Part, error: ChildError, log: Log, *, loading: bool) -> int:
        tries = (
            self._queue.load_failed(job) if loading else self._queue.part_failed(job, part.index)
        )
        log.warning(
            "model.failed" if loading else "part.failed",
            part=part.index,
            tries=tries,
            reason=error.reason,
            detail=str(error)[:_DETAIL],
        )
        return tries

    def _save(self, job: Job, part: Part, enhanced: EnhancedPart) -> None:
        self._queue.save_part(
            job,
            part.index,
            status=enhanced.status,
            payload=checkpoint.dump(enhanced),
            words=len(part.words),
            decode_s=enhanced.decode_s,
        )
        self._around.step("part_saved")

    def _measure(self, words: int, spent_s: float) -> None:
        """Keep the rate of the last parts, in words of the source a second."""
        if spent_s <= 0:
            return
        rate, before = words / spent_s, self._words_per_s
        self._words_per_s = rate if before is None else before + _NEWEST * (rate - before)
        self._around.tell(
            {
                "words_per_s": round(self._words_per_s, 2),
                "memory_bytes": self._keeper.memory_bytes(),
            }
        )


def _never_began(error: ChildError, tries: int) -> ChildError:
    # A ChildDied of its own kind would be taken for a failed part again.
    return ChildError(
        f"The model child ended {tries} times before its first part: {error}", reason=error.reason
    )


def _restored(part: Part, payload: str | None) -> EnhancedPart | None:
    """Return a part from its checkpoint, None where there is none that fits."""
    if payload is None:
        return None
    try:
        return checkpoint.load(part, payload)
    except (AlignmentError, ValueError, KeyError, TypeError):
        return None
