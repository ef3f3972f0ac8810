"""Decode the parts of a job with the model child: each is tried again if it fails, then saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from daemon.log import Log
from daemon.work.child import ModelKeeper
from daemon.work.context import Interrupted, WorkerContext
from engine import pipeline
from engine.child.retry import TRIES, try_part
from engine.errors import AlignmentError, ChildError, PartError
from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part
from engine.text import checkpoint
from state.job import Job, Reason
from state.queue import Queue

BACKOFF_S: Final = (5.0, 30.0)  # before the second and the third try of a part
_DETAIL: Final = 300  # characters of a reason in words


class JobDecoder:
    """Decodes the parts of one job, with a checkpoint in the database after each."""

    def __init__(
        self,
        queue: Queue,
        keeper: ModelKeeper,
        context: WorkerContext,
        job: Job,
        plan: pipeline.Plan,
        info: ModelInfo,
        log: Log,
    ) -> None:
        self._queue = queue
        self._keeper = keeper
        self._context = context
        self._job = job
        self._plan = plan
        self._info = info
        self._log = log
        self._loading = False  # the child has not yet been ready for the part in hand
        self._attempted = False  # whether this claim has tried any part
        self._failure: ChildError | PartError | None = None  # of the last part that fell back

    def decode(self) -> list[EnhancedPart]:
        """Return all parts of the job; those that an earlier run saved are taken as they are.

        Raises Interrupted when the job is to go back to the queue, JobMoved when it was taken from
        us, ModelError, and ChildError when the child cannot start or failed on every part.
        """
        try:
            return self._decode_all()
        finally:
            self._context.progress.end_decoding()

    def _decode_all(self) -> list[EnhancedPart]:
        saved = self._saved()
        finished: list[EnhancedPart] = []
        for enhanced in pipeline.run(self._plan, self._decode, done=saved, begin=self._begin):
            if enhanced.index not in saved:
                self._save(enhanced)
            finished.append(enhanced)
        if finished and all(part.status == "fallback" for part in finished):
            failure = self._failure
            raise ChildError(
                f"The model failed on every part. {failure or ''}".strip(),
                hint=failure.hint if failure is not None else "",
                reason=failure.reason if failure is not None else "",
            )
        return finished

    # Checkpoints

    def _saved(self) -> dict[int, EnhancedPart]:
        """Return the parts of an earlier run that fit; one that does not is decoded again."""
        payloads = self._queue.parts_done(self._job)
        parts = self._plan.parts
        restored = {part.index: _restored(part, payloads.get(part.index)) for part in parts}
        saved = {index: part for index, part in restored.items() if part is not None}
        if saved:
            self._log.info("job.resumed", part=len(saved) + 1, parts=len(parts))
        if misfits := len(payloads) - len(saved):
            self._log.warning("parts.refused", parts=misfits)
        return saved

    def _save(self, enhanced: EnhancedPart) -> None:
        self._queue.save_part(
            self._job,
            enhanced.index,
            status=enhanced.status,
            payload=checkpoint.dump(enhanced),
            words=len(enhanced.words),
            decode_s=enhanced.decode_s,
        )
        self._context.step("part_saved")

    # One part

    def _begin(self, part: Part) -> None:
        self._context.progress.report({"current_job": self._job.id, "current_part": part.index + 1})

    def _decode(self, part: Part, tail: Sequence[EnhancedWord]) -> EnhancedPart | None:
        return try_part(
            lambda: self._attempt(part, tail), failed=lambda error: self._failed(part, error)
        )

    def _attempt(self, part: Part, tail: Sequence[EnhancedWord]) -> EnhancedPart:
        context, info = self._context, self._info
        context.check_can_continue(self._queue, self._job)
        if self._queue.paused() is not None:
            raise Interrupted(Reason.PAUSED)
        if context.must_wait():
            raise Interrupted(Reason.WAITING)
        self._lend_between_parts()
        self._loading = True
        client, loaded = self._keeper.ready(info, context.clock())
        self._loading = False
        context.progress.report(
            {
                "model": info.name,
                "model_revision": info.revision,
                "device_path": loaded.device_path,
            }
        )
        begun = context.clock()
        enhanced = client.enhance(
            part, tail, on_progress=lambda tokens: context.progress.note_alive()
        )
        now = context.clock()
        self._keeper.touch(now)
        context.progress.measure(
            len(part.words), now - begun, memory_bytes=self._keeper.memory_bytes()
        )
        return enhanced

    def _lend_between_parts(self) -> None:
        """Raise Interrupted when another process waits for the model.

        Not before the first attempt of a claim: processes that ask again and again must not keep
        the job from going on.
        """
        if self._attempted and self._context.model_asked_for():
            raise Interrupted(Reason.LENT)
        self._attempted = True

    def _failed(self, part: Part, error: ChildError | PartError) -> int:
        """Count a failure in the database and wait before the next try; return the count.

        Raises Interrupted when the child died because the daemon stops, ChildError when the child
        never became ready.
        """
        if isinstance(error, PartError):
            self._fall_back(part, error)
            return TRIES
        if self._context.stopping():
            raise Interrupted(Reason.STOPPED) from error
        tries = self._count(part, error)
        if tries < TRIES:
            self._context.pause(BACKOFF_S[min(tries, len(BACKOFF_S)) - 1])
        elif self._loading:
            raise _never_ready(error, tries) from error
        else:
            self._fall_back(part, error)
        return tries

    def _count(self, part: Part, error: ChildError) -> int:
        loading = self._loading
        tries = (
            self._queue.load_failed(self._job)
            if loading
            else self._queue.part_failed(self._job, part.index)
        )
        self._log.warning(
            "model.failed" if loading else "part.failed",
            part=part.index,
            tries=tries,
            reason=error.reason,
            detail=str(error)[:_DETAIL],
        )
        return tries

    def _fall_back(self, part: Part, error: ChildError | PartError) -> None:
        self._failure = error
        self._log.warning("part.fell_back", part=part.index, reason=error.reason)


def _never_ready(error: ChildError, tries: int) -> ChildError:
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
