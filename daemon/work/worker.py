"""Do one job from claim to done: from a row of the queue to finished sidecars.

The steps are claim, read, prepare, parts with a checkpoint each, finish, publish, done.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from daemon.config import Config
from daemon.errors import SourceError
from daemon.files import outlets
from daemon.files.listing import Listing
from daemon.files.recordings import MOST_BYTES
from daemon.files.source import Snapshot, hash_snapshot, read_snapshot, stat_file
from daemon.log import Log, place_of
from daemon.machine import give_back_memory
from daemon.work import describing, hearing
from daemon.work.child import ModelKeeper
from daemon.work.context import Interrupted, QueueHeld, WorkerContext
from daemon.work.decoding import BACKOFF_S, JobDecoder
from daemon.work.names import Beside, read_beside, revision_beside, spoken
from daemon.work.publish import outlet_for, publish, remark_on
from daemon.work.transcription import HasTranscript, Transcription
from engine import pipeline, sidecars
from engine.errors import (
    BadSound,
    EngineError,
    InvalidTranscript,
    ModelError,
    OutputError,
    TranscriptError,
)
from engine.records import Profile
from state.errors import DatabaseCorrupt, DatabaseError, DatabaseFull, JobMoved, StateError
from state.job import Job, Kind, Output, Reason, Status
from state.queue import Queue

DISK_PAUSE_S: Final = 60.0
_LARGE_BYTES: Final = 1 << 18  # a source of about an hour
_DETAIL: Final = 300  # characters of a reason in words
_LATE_CORRECTIONS: Final = 5  # times that the outputs are written again for one that came late


class Worker:
    """Runs jobs one at a time; `run_one` is the loop body."""

    def __init__(
        self, config: Config, queue: Queue, keeper: ModelKeeper, log: Log, context: WorkerContext
    ) -> None:
        self._config = config
        self._queue = queue
        self._keeper = keeper
        self._log = log
        self._context = context
        self._unreleased: Job | None = None  # could not be given back: the database failed
        self._swept: set[Path] = set()  # folders cleared of what a killed process left

    def run_one(self, *, cooled_down: bool = True) -> bool:
        """Claim a job and finish it or return it to the queue; return whether there was one.

        Never raises for anything that happens to a job. A damaged database is raised: the loop has
        it set aside. Jobs during which the machine went down twice wait until `cooled_down`.
        """
        job: Job | None = None
        log = self._log
        try:
            self._release_unreleased()
            job = self._queue.claim(boot_id=self._context.boot_id, restarted=cooled_down)
            if job is None:
                return False
            log = log.bind(job_id=job.id)
            log.info("job.claimed", path=job.path, attempt=job.attempt)
            self._context.step("claimed")
            self._run(job, log)
        except JobMoved as moved:
            log.info("job.dropped", status=str(moved.status))
        except DatabaseError as error:
            self._database_failed(job, error, log)
        # Catch everything here: a bug met in one transcript must not block the others.
        except Exception as error:
            self._record_bug(job, error, log)
        if job is not None:
            self._context.progress.report({"current_job": None, "current_part": None})
            if job.size > _LARGE_BYTES:
                give_back_memory()
        return job is not None

    def _run(self, job: Job, log: Log) -> None:
        """Enhance a job, or end it or give it back as what went wrong requires."""
        try:
            if job.kind is Kind.RECORDING:
                self._transcribe(job, log)
            else:
                self._enhance(job, log)
        except Interrupted as interrupted:
            self._queue.release(job, reason=interrupted.reason)
            log.info("job.released", reason=str(interrupted.reason))
        except QueueHeld as held:
            self._hold(job, held.reason, held.hint, log)
        except SourceError as error:
            self._end_without_source(job, error, log)
        except TranscriptError as error:
            invalid = isinstance(error, InvalidTranscript)
            self._end(job, Status.INVALID if invalid else Status.IGNORED, error, log)
        except (BadSound, HasTranscript) as error:
            invalid = isinstance(error, BadSound)
            self._end(job, Status.INVALID if invalid else Status.IGNORED, error, log)
        except ModelError as error:
            self._end_without_model(job, error, log)
        except OutputError as error:
            if error.reason == "disk_full" and self._disk_is_watched(job):
                hint = f"{error}. Free some space; the queue then continues by itself."
                self._hold(job, Reason.DISK_FULL, hint, log)
            else:
                self._end(job, Status.FAILED, error, log)
        except EngineError as error:
            self._end(job, Status.FAILED, error, log)

    # The work

    def _enhance(self, job: Job, log: Log) -> None:
        context = self._context
        begun = context.clock()
        job = self._with_profile_of_the_hour(job)
        source = self._read(job)
        profile = self._profile(job)
        outlet_for(job, self._config, profile)  # raises before any work where it is missing
        info = self._keeper.describe(profile.model)
        plan = pipeline.prepare(
            source.data, name=os.path.basename(job.path), profile=profile, info=info
        )
        source = replace(source, data=b"")  # not kept in memory while the parts are decoded
        words = sum(len(part.words) for part in plan.parts)
        self._queue.begin_parts(job, total=len(plan.parts), recipe=plan.recipe, words=words)
        context.step("prepared")
        parts = JobDecoder(self._queue, self._keeper, context, job, plan, info, log).decode()
        loaded = self._keeper.loaded
        plan, parts, unspoken = spoken(job.path, plan, parts, log)
        if plan.profile.diarize and not plan.transcript.has_speakers:
            self._queue.want_speakers(job)
        hearing.offer(self._queue, job, plan)

        def finished() -> tuple[pipeline.Result, Beside]:
            # Read at the end, because the user may write beside the file while the job runs.
            written = read_beside(job.path, self._config, plan.profile, log)
            written = replace(written, problem=written.problem or unspoken)
            named = replace(plan.profile, speakers=written.names)
            result = pipeline.finish(
                replace(plan, profile=named, corrections=written.corrections),
                parts,
                load_s=loaded.load_s if loaded else 0.0,
                total_s=context.clock() - begun,
                created_at=context.now(),
            )
            context.step("finished")
            return result, written

        self._publish(job, source, finished, log)

    def _transcribe(self, job: Job, log: Log) -> None:
        """Do the job of a recording: its transcript is written and becomes the next job."""
        source, profile = self._read(job), self._profile(job)
        stage = Transcription(self._config, self._queue, self._keeper, self._context, log)
        follows = stage.run(job, profile, source)
        log.info("recording.done", transcript=follows.id if follows is not None else None)
        if follows is not None:
            log.info("job.queued", path=follows.path, origin=str(follows.origin))

    def _read(self, job: Job) -> Snapshot:
        """Read the source of a job; raise SourceError unless it holds what the job is for.

        The content of a recording is compared and not kept.
        """
        try:
            if job.kind is Kind.RECORDING:
                source = hash_snapshot(job.path, max_bytes=MOST_BYTES)
            else:
                source = read_snapshot(job.path, max_bytes=self._config.max_bytes)
        except SourceError as error:
            missing = error.reason in {"source_gone", "unreadable"}
            if missing and not self._context.root_is_there(job.path):
                self._refuse_missing_root(job, error)
            raise
        if source.sha256 != job.sha256:
            raise SourceError("The content of the file has changed.", reason="source_changed")
        return source

    def _refuse_missing_root(self, job: Job, error: SourceError) -> NoReturn:
        """Hold the queue when no watched folder is there; otherwise only this file has to wait.

        Such a job ends with a reason after which the next scan that finds the file queues it again.
        """
        if any(self._context.root_is_there(f"{root}/") for root in self._config.watch):
            # What the scan remembers of the file would keep it from being offered again.
            self._queue.forget_seen([job.path])
            raise SourceError(
                "The watched folder of this file is missing or cannot be read.",
                reason=error.reason,
                hint="It is queued again when the folder is back.",
            ) from error
        hint = f"The watched folder of {job.path} is missing or cannot be read."
        raise QueueHeld(Reason.FOLDER_UNREADABLE, hint) from error

    def _with_profile_of_the_hour(self, job: Job) -> Job:
        """Keep the profile that the hour gives a job: it holds to the end, whenever that is.

        Otherwise a job that was begun at night would begin again in the morning.
        """
        if job.profile is not None:
            return job
        rule, _ = self._config.rule_for(job.path, at=self._context.now().timestamp())
        if rule is None or not rule.hours:
            return job
        return self._queue.keep_profile(job, rule.profile.name)

    def _profile(self, job: Job) -> Profile:
        """Return the profile for a job; raise EngineError when it names one that is gone."""
        profile = self._config.profile_for(job.path)
        if job.profile is not None:
            named = self._config.profile_named(job.profile)
            if named is None:
                raise EngineError(
                    f"There is no profile {job.profile} in llasa.toml.",
                    reason="bad_profile",
                    hint="Add it, or redo the file with another one.",
                )
            profile = named
        return replace(profile, model=job.model) if job.model is not None else profile

    def _publish(
        self,
        job: Job,
        source: Snapshot,
        finished: Callable[[], tuple[pipeline.Result, Beside]],
        log: Log,
    ) -> None:
        """Write the sidecars; then, and only then, mark the job as done.

        A correction that is saved meanwhile is not left out: the outputs are written again.
        """
        result, written = finished()
        if stat_file(job.path) != source.fingerprint:
            self._read(job)  # touched: raises unless the bytes are still the same
        self._context.check_can_continue(self._queue, job)
        outlet = outlet_for(job, self._config, self._profile(job))
        self._sweep(outlet.parent)
        step = self._context.step

        def publish_all() -> list[Output]:
            return publish(
                self._queue, job, result.files, outlet=outlet, mode=source.mode, step=step
            )

        outputs = publish_all()
        for _ in range(_LATE_CORRECTIONS):
            if revision_beside(job.path) == written.revision:
                break
            result, written = finished()
            outputs = publish_all()
        step("before_commit")
        language = result.document.language
        describing.offer(self._queue, self._config, job, self._profile(job), language)
        partial = result.status == "partial"
        reason = Reason.PARTS_FELL_BACK if partial else None
        self._queue.finish(
            job,
            status=Status.PARTIAL if partial else Status.DONE,
            reason=reason or (Reason(result.reason) if result.reason else None),
            detail=written.problem or remark_on(outputs, result.metadata),
            outputs=outputs,
            figures={key: result.metadata[key] for key in ("coverage", "timings", "model")},
        )
        log.info(
            "job.done",
            status=result.status,
            reason=result.reason,
            words=result.metadata["coverage"]["words_out"],
            parts=result.metadata["coverage"]["parts"]["total"],
            total_s=round(result.metadata["timings"]["total_s"], 2),
        )

    def _sweep(self, folder: Path) -> None:
        """Remove what a killed process left, once a folder: listing a full one per job is slow."""
        if folder not in self._swept:
            sidecars.remove_stale_temps(folder)
            self._swept.add(folder)

    # Other ends

    def _end(self, job: Job, status: Status, error: EngineError, log: Log) -> None:
        self._queue.finish(job, status=status, reason=error.reason, detail=_detail(error))
        log.info("job.ended", status=str(status), reason=error.reason)

    def _end_without_model(self, job: Job, error: ModelError, log: Log) -> None:
        """Hold the queue for the default model; fail a job that has one of its own.

        Such a job must not stop the others.
        """
        job = self._queue.job(job.id) or job  # with the profile that it has got meanwhile
        own = self._profile(job).model != self._config.default.model
        if own and error.reason != Reason.MODEL_LOCKED:
            error.hint = f"{error.hint} Then run `llasactl retry {job.id}`."
            self._end(job, Status.FAILED, error, log)
        else:
            self._hold(job, error.reason, f"{error} {error.hint}", log)

    def _end_without_source(self, job: Job, error: SourceError, log: Log) -> None:
        changed = error.reason == "source_changed"
        if changed and not Listing(self._config, self._log).wants(job.path):
            # The intake does not look there: nothing would offer the new content.
            error.hint = "Run `llasactl add` with the file again, for its new content."
            changed = False
        invalid = error.reason == "too_large"
        status = Status.SUPERSEDED if changed else Status.INVALID if invalid else Status.FAILED
        self._queue.finish(job, status=status, reason=Reason(error.reason), detail=_detail(error))
        if changed:
            self._context.nudge(job.path)
        log.info("job.ended", status=str(status), reason=error.reason)

    def _hold(self, job: Job, reason: str, hint: str, log: Log) -> None:
        """Give the job back and stop claiming until the cause is gone; this costs no attempt."""
        self._queue.release(job, reason=Reason.HELD)
        self._queue.hold(reason, hint[:_DETAIL])
        log.warning("queue.held", reason=str(reason))

    def _disk_is_watched(self, job: Job) -> bool:
        """Return whether the outputs go to a disk whose free space lifts the hold again."""
        root = outlets.root_of(self._config, self._profile(job))
        folders = (self._config.home.state, *self._config.watch, *outlets.roots_of(self._config))
        disk = _disk_of(root if root is not None else os.path.dirname(job.path))
        return disk in {None, *map(_disk_of, folders)}

    # When even that fails

    def _database_failed(self, job: Job | None, error: StateError, log: Log) -> None:
        """Remember the job and wait; it is given back when the database can be written again.

        Raises DatabaseCorrupt: waiting does not help, the loop has the file set aside.
        """
        if isinstance(error, DatabaseCorrupt):
            raise error
        self._unreleased = job or self._unreleased
        log.error("database.failed", kind=type(error).__name__, detail=str(error)[:_DETAIL])
        self._context.pause(DISK_PAUSE_S if isinstance(error, DatabaseFull) else BACKOFF_S[0])

    def _release_unreleased(self) -> None:
        if self._unreleased is None:
            return
        job, self._unreleased = self._unreleased, None
        try:
            self._queue.release(job)
        except DatabaseError:
            self._unreleased = job
            raise
        except JobMoved:
            return

    def _record_bug(self, job: Job | None, error: Exception, log: Log) -> None:
        """Record an unexpected error: its kind and place, never what the transcript said."""
        place = place_of(error)
        log.error("job.crashed", kind=type(error).__name__, place=place)
        if job is None:
            self._context.pause(BACKOFF_S[0])
            return
        try:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                hint = "Free some space; the queue then continues by itself."
                self._hold(job, Reason.DISK_FULL, hint, log)
                return
            detail = f"A bug in llasa: {type(error).__name__} in {place}."
            self._queue.finish(
                job, status=Status.FAILED, reason=Reason.INTERNAL_ERROR, detail=detail[:_DETAIL]
            )
        except StateError as second:
            self._database_failed(job, second, log)


def _detail(error: EngineError | SourceError) -> str:
    return f"{error} {error.hint}".strip()[:_DETAIL]


def _disk_of(folder: str | Path) -> int | None:
    try:
        return os.stat(folder).st_dev
    except OSError:
        return None
