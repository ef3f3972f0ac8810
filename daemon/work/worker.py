"""Do one job from claim to done: the arrow from a row of the queue to finished sidecars.

The steps are claim, read, prepare, parts with a checkpoint each, finish, sidecars, done.
"""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from daemon.config import Config
from daemon.errors import SourceError
from daemon.files.listing import Listing
from daemon.files.source import Snapshot, look, read_snapshot
from daemon.log import Log, place_of
from daemon.machine import give_back_memory
from daemon.operations.rerender import DISPLACED, names_for
from daemon.work.child import ModelKeeper
from daemon.work.decoding import BACKOFF_S, Decoder, Paused, Stopped, Surroundings
from engine import pipeline, sidecars
from engine.errors import (
    EngineError,
    InvalidTranscript,
    ModelError,
    OutputError,
    SpeakersError,
    TranscriptError,
)
from engine.records import Profile
from state.errors import DatabaseCorrupt, DatabaseError, DatabaseFull, JobMoved, StateError
from state.job import Job, Output, Reason, Status
from state.queue import Queue
from state.service import ServiceFields

DISK_PAUSE_S: Final = 60.0
_LARGE_BYTES: Final = 1 << 18  # a source of about an hour
_DETAIL: Final = 300  # characters of a reason in words


class _Held(Exception):
    """Nothing can be done until something outside the job is mended."""

    def __init__(self, reason: Reason, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


class Worker:
    """The one that works: `run_one` is the body of its loop."""

    def __init__(
        self, config: Config, queue: Queue, keeper: ModelKeeper, log: Log, around: Surroundings
    ) -> None:
        self._config = config
        self._queue = queue
        self._keeper = keeper
        self._log = log
        self._around = around
        self._decoder = Decoder(queue, keeper, around)
        self._owed: Job | None = None  # could not be given back, because the database failed
        self._swept: set[Path] = set()  # folders looked through for what a killed process left

    def run_one(self, *, cooled_down: bool = True) -> bool:
        """Claim a job and bring it to an end, or back to the queue; return whether there was one.

        Never raises for anything that happens to a job; a damaged database is the loop's matter.
        Jobs during which the machine went down twice are left out until `cooled_down`.
        """
        job: Job | None = None
        log = self._log
        try:
            self._give_back_owed()
            job = self._queue.claim(boot_id=self._around.boot_id, restarted=cooled_down)
            if job is None:
                return False
            log = log.bind(job_id=job.id)
            log.info("job.claimed", path=job.path, attempt=job.attempt)
            self._around.step("claimed")
            self._do(job, log)
        except JobMoved as moved:
            log.info("job.dropped", status=str(moved.status))
        except DatabaseError as error:
            self._database_failed(job, error, log)
        # The one broad net: a bug met in one transcript must not keep all others from being done.
        except Exception as error:
            self._fell(job, error, log)
        if job is not None:
            self._around.tell({"current_job": None, "current_part": None})
            if job.size > _LARGE_BYTES:
                give_back_memory()
        return job is not None

    def tell(self, fields: ServiceFields) -> None:
        """Say something of the work in the service row."""
        self._around.tell(fields)

    # The job

    def _do(self, job: Job, log: Log) -> None:
        try:
            self._enhance(job, log)
        except Stopped:
            self._queue.release(job, reason=Reason.STOPPED)
            log.info("job.released", reason="stopped")
        except Paused:
            self._queue.release(job, reason=Reason.PAUSED)
            log.info("job.released", reason="paused")
        except _Held as held:
            self._hold(job, held.reason, held.hint, log)
        except SourceError as error:
            self._end_source(job, error, log)
        except TranscriptError as error:
            invalid = isinstance(error, InvalidTranscript)
            self._end(job, Status.INVALID if invalid else Status.IGNORED, error, log)
        except ModelError as error:
            self._end_without_model(job, error, log)
        except OutputError as error:
            if error.reason == "disk_full" and self._disk_is_watched(job):
                self._hold(job, Reason.DISK_FULL, f"{error}. Make room; it goes on by itself.", log)
            else:
                self._end(job, Status.FAILED, error, log)
        except EngineError as error:
            self._end(job, Status.FAILED, error, log)

    def _enhance(self, job: Job, log: Log) -> None:
        begun = self._around.clock()
        source = self._snapshot(job)
        profile = self._profile(job)
        info = self._keeper.describe(profile.model)
        plan = pipeline.prepare(
            source.data, name=os.path.basename(job.path), profile=profile, info=info
        )
        source = replace(source, data=b"")  # not kept in memory while the parts are decoded
        words = sum(len(part.words) for part in plan.parts)
        self._queue.begin_parts(job, total=len(plan.parts), recipe=plan.recipe, words=words)
        self._around.step("prepared")
        parts = self._decoder.decode(job, plan, info, log)
        loaded = self._keeper.loaded
        names, problem = self._names(job, plan.profile, log)
        plan = replace(plan, profile=replace(plan.profile, speakers=names))
        result = pipeline.finish(
            plan,
            parts,
            load_s=loaded.load_s if loaded else 0.0,
            total_s=self._around.clock() - begun,
            created_at=self._around.now(),
        )
        self._around.step("finished")
        self._publish(job, source, result, log, problem)

    def _snapshot(self, job: Job) -> Snapshot:
        try:
            source = read_snapshot(job.path, max_bytes=self._config.max_bytes)
        except SourceError as error:
            away = error.reason in {"source_gone", "unreadable"}
            if away and not self._around.root_is_there(job.path):
                self._miss_root(job, error)
            raise
        if source.sha256 != job.sha256:
            raise SourceError("The file has other content by now.", reason="source_changed")
        return source

    def _miss_root(self, job: Job, error: SourceError) -> NoReturn:
        """Hold the queue when no watched folder is there; else only this file has to wait.

        Such a job ends with a reason after which the next scan that finds the file queues it again.
        """
        if any(self._around.root_is_there(f"{root}/") for root in self._config.watch):
            # What the scan remembers of the file would keep it from being offered again.
            self._queue.forget_seen([job.path])
            raise SourceError(
                "The watched folder of this file is not there, or may not be read.",
                reason=error.reason,
                hint="It is queued again when the folder is back.",
            ) from error
        hint = f"The watched folder of {job.path} is not there, or may not be read."
        raise _Held(Reason.FOLDER_UNREADABLE, hint) from error

    def _profile(self, job: Job) -> Profile:
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

    def _names(self, job: Job, profile: Profile, log: Log) -> tuple[dict[str, str], str | None]:
        """Return the speakers' names, asked for at the end: they may be given during the work.

        A names file with a mistake costs nobody the text: the labels stand in it until it is
        mended.
        """
        try:
            return names_for(job.path, self._config, profile), None
        except SpeakersError as error:
            log.warning("speakers.refused", key=error.key, line=error.line)
            return profile.speakers, f"Names not taken: {error} {error.hint}"[:_DETAIL]

    # The end

    def _publish(
        self,
        job: Job,
        source: Snapshot,
        result: pipeline.Result,
        log: Log,
        problem: str | None,
    ) -> None:
        """Write the sidecars, then, and only then, call the job done."""
        if look(job.path) != source.fingerprint:
            self._snapshot(job)  # touched: raises unless the bytes are still the same
        self._decoder.refuse_to_go_on(job)
        path = Path(job.path)
        planned = sidecars.paths_for(path, [file.suffix for file in result.files])
        # Recorded before anything is written: after a kill, what we wrote is not taken for an edit.
        self._queue.intend_outputs(
            job,
            [
                Output(file.suffix, str(planned[file.suffix]), _sha256(file.content))
                for file in result.files
            ],
        )
        self._sweep(path.parent)
        written = sidecars.write(
            path,
            result.files,
            mode=source.mode,
            previous=self._queue.recorded_outputs(job.path),
            step=self._around.step,
        )
        self._around.step("before_commit")
        outputs = [Output(w.suffix, w.path, w.sha256, displaced=w.displaced) for w in written]
        partial = result.status == "partial"
        reason = Reason.PARTS_FELL_BACK if partial else None
        self._queue.finish(
            job,
            status=Status.PARTIAL if partial else Status.DONE,
            reason=reason or (Reason(result.reason) if result.reason else None),
            detail=problem or (DISPLACED if any(output.displaced for output in outputs) else None),
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
        """Take away what a killed process left, once: to list a full folder for each job costs."""
        if folder not in self._swept:
            sidecars.remove_stale_temps(folder)
            self._swept.add(folder)

    def _end(self, job: Job, status: Status, error: EngineError, log: Log) -> None:
        self._queue.finish(job, status=status, reason=error.reason, detail=_detail(error))
        log.info("job.ended", status=str(status), reason=error.reason)

    def _end_without_model(self, job: Job, error: ModelError, log: Log) -> None:
        """Hold the queue for the default model; a job with one of its own must not stop others."""
        own = self._profile(job).model != self._config.default.model
        if own and error.reason != Reason.MODEL_LOCKED:
            error.hint = f"{error.hint} Then run `llasactl retry {job.id}`."
            self._end(job, Status.FAILED, error, log)
        else:
            self._hold(job, error.reason, f"{error} {error.hint}", log)

    def _disk_is_watched(self, job: Job) -> bool:
        """Tell whether the outputs go to a disk whose room lifts the hold again."""
        folders = (self._config.home.state, *self._config.watch)
        return _disk_of(os.path.dirname(job.path)) in {None, *map(_disk_of, folders)}

    def _end_source(self, job: Job, error: SourceError, log: Log) -> None:
        changed = error.reason == "source_changed"
        if changed and not Listing(self._config, self._log).wants(job.path):
            # Nobody would offer what it holds now, and nobody waits until it has settled.
            error.hint = "Run `llasactl add` with the file again, for what it holds now."
            changed = False
        invalid = error.reason == "too_large"
        status = Status.SUPERSEDED if changed else Status.INVALID if invalid else Status.FAILED
        self._queue.finish(job, status=status, reason=Reason(error.reason), detail=_detail(error))
        if changed:
            self._around.nudge(job.path)
        log.info("job.ended", status=str(status), reason=error.reason)

    def _hold(self, job: Job, reason: str, hint: str, log: Log) -> None:
        """Give the job back and stop claiming until what is wrong is mended; costs no attempt."""
        self._queue.release(job, reason=Reason.HELD)
        self._queue.hold(reason, hint[:_DETAIL])
        log.warning("queue.held", reason=str(reason))

    # When even that fails

    def _database_failed(self, job: Job | None, error: StateError, log: Log) -> None:
        """Keep the job in mind, wait, and give it back when the database can be written again.

        Raises DatabaseCorrupt: waiting mends nothing, the loop has it set aside.
        """
        if isinstance(error, DatabaseCorrupt):
            raise error
        self._owed = job or self._owed
        log.error("database.failed", kind=type(error).__name__, detail=str(error)[:_DETAIL])
        self._around.pause(DISK_PAUSE_S if isinstance(error, DatabaseFull) else BACKOFF_S[0])

    def _give_back_owed(self) -> None:
        if self._owed is None:
            return
        job, self._owed = self._owed, None
        try:
            self._queue.release(job)
        except DatabaseError:
            self._owed = job
            raise
        except JobMoved:
            return

    def _fell(self, job: Job | None, error: Exception, log: Log) -> None:
        """Record a bug: where it was, never what the transcript said."""
        place = place_of(error)
        log.error("job.crashed", kind=type(error).__name__, place=place)
        if job is None:
            self._around.pause(BACKOFF_S[0])
            return
        try:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                self._hold(job, Reason.DISK_FULL, "Make room; it goes on by itself.", log)
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


def _sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
