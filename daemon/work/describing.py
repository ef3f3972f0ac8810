"""Have a model write about finished jobs: a request at a time, while no job waits.

The text is published long before. Every request is kept when it is done, so a stop, a kill, a pause
or a lent model costs one request. What comes in the meantime goes first: the worker's loop calls
`step` only where there is no job to claim. Whatever goes wrong here, the job stays as it ended.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

from daemon.config import Config
from daemon.errors import CannotRender, SourceError
from daemon.log import Log, place_of
from daemon.work.child import ModelKeeper
from daemon.work.context import WorkerContext
from daemon.work.kept import profile_of, restore
from daemon.work.names import shown_names
from daemon.work.rerender import render_again
from engine import pipeline
from engine.chat import describing
from engine.chat.local import LocalBackend
from engine.chat.records import WritingOptions
from engine.claims.checks import Checker
from engine.errors import (
    ChildError,
    EngineError,
    ModelError,
    ModelRefused,
)
from engine.models import catalog
from engine.records import ModelInfo, Profile
from engine.written.material import Material, can_be_checked, speakers_in_order
from engine.written.plan import progress
from engine.written.records import Outcome, Writing
from engine.written.requests import PROMPT
from state.errors import JobMoved, StateError
from state.job import ATTEMPT_CAP, Job, Reason
from state.queue import Queue
from state.writings import TRIES, WritingRow, WritingRows

BACKOFF_S: Final = (5.0, 30.0)  # before the second and the third try of a request
LOCKED_S: Final = 10.0  # before a model that another process holds is tried again
LOOK_S: Final = 1.0  # between two looks whether the model is asked for, while it writes
DESCRIBE: Final = "describe"  # the task of a model that can write about a transcript
_DETAIL: Final = 300  # characters of a reason in words


def writer_for(config: Config, profile: Profile) -> str | None:
    """Return the model that writes about the files of a profile, None: their metadata is quoted.

    It is the home's `chat_model`, else the profile's own model if its llasa.json says that it can.
    """
    if not profile.write_metadata:
        return None
    if config.chat_model is not None:
        return config.chat_model
    if profile.model == catalog.EMBEDDED:
        return None
    try:
        info = catalog.describe(profile.model, base=config.home.path)
    except ModelError:
        return None
    return profile.model if info.converses and DESCRIBE in info.tasks else None


def offer(queue: Queue, config: Config, job: Job, profile: Profile, language: str | None) -> None:
    """Have a job written about once it is finished, where a model is named that can."""
    if can_be_checked(language) and writer_for(config, profile) is not None:
        WritingRows(queue.database).offer(job.id)


@dataclass(slots=True)
class _Open:
    """The writing in hand, kept from step to step."""

    job: Job
    info: ModelInfo
    material: Material
    checker: Checker
    names: dict[str, str]
    most_bytes: int


class Describer:
    """Writes about finished jobs; `step` does one request. For the worker's thread."""

    def __init__(
        self, config: Config, queue: Queue, keeper: ModelKeeper, log: Log, context: WorkerContext
    ) -> None:
        self._config = config
        self._queue = queue
        self._rows = WritingRows(queue.database)
        self._keeper = keeper
        self._log = log
        self._context = context
        self._open: _Open | None = None
        self._not_before = 0.0  # after a failure
        self._looked_at = 0.0  # whether the model is asked for
        self._asked = False

    def step(self) -> bool:
        """Do one request, or publish what was written; return whether there was anything to do.

        Raises the errors of the queue alone.
        """
        if self._must_wait():
            return False
        row = self._rows.next()
        if row is None:
            self._open = None
            return False
        log = self._log.bind(job_id=row.job_id)
        try:
            return self._advance(row, log)
        except describing.Cancelled:
            self._rows.release(row.job_id)
            return False
        except ChildError as error:
            return self._child_failed(row, error, log)
        except ModelRefused as error:
            if error.reason == Reason.MODEL_LOCKED:
                self._rows.release(row.job_id)
                self._not_before = self._context.clock() + LOCKED_S
                return False
            return self._fail(row, error.reason, f"{error} {error.hint}", log)
        except (EngineError, CannotRender, SourceError) as error:
            reason = str(getattr(error, "reason", "") or "cannot_render")
            return self._fail(row, reason, f"{error} {error.hint}", log)
        except JobMoved:
            self._open = None
            return True
        except StateError:
            raise
        # Catch everything here: a bug met in one transcript must not block the others.
        except Exception as error:
            kind, place = type(error).__name__, place_of(error)
            log.error("metadata.crashed", kind=kind, place=place)
            return self._fail(
                row, Reason.INTERNAL_ERROR, f"A bug in llasa: {kind} in {place}.", log
            )

    def _must_wait(self) -> bool:
        context = self._context
        if context.stopping() or context.clock() < self._not_before:
            return True
        return self._queue.paused() is not None or self._queue.held() is not None

    # One request

    def _advance(self, row: WritingRow, log: Log) -> bool:
        job = self._queue.job(row.job_id)
        if job is None:
            return True
        profile = profile_of(job, self._config)
        name = writer_for(self._config, profile)
        if name is None:
            return self._fail(
                row, Reason.MODEL_MISSING, "llasa.toml names no model that writes.", log
            )
        info = self._keeper.describe(name)
        if not info.converses:
            raise ModelRefused(f"{info.name} cannot write.", hint="Name a chat model.")
        backend = self._backend(info)
        if backend is None:
            return False
        attempts = self._rows.begin(job.id, f"{info.name}@{info.revision} prompt={PROMPT}")
        if attempts > ATTEMPT_CAP:
            detail = "The daemon or the machine went down with it too often."
            return self._fail(row, Reason.ATTEMPTS_EXHAUSTED, detail, log)
        found = self._opened(job, info, profile, backend)
        if found is None:
            detail = "Its language cannot be checked, so nothing is written about it."
            return self._fail(row, Reason.UNCOVERED_LANGUAGE, detail, log)
        return self._do(found, backend, log)

    def _backend(self, info: ModelInfo) -> LocalBackend | None:
        """Return the model, loaded; None where another process asks for it.

        The device is recorded before a child starts: nobody may grant themselves the model then.
        """
        context = self._context
        loaded = self._keeper.loaded
        device = loaded.device_path if loaded is not None else "loading"
        context.progress.report(
            {"model": info.name, "model_revision": info.revision, "device_path": device}
        )
        if context.model_asked_for():
            if loaded is None:
                context.progress.report({"device_path": None})
            return None
        client, loaded = self._keeper.ready(info, context.clock())
        context.progress.report({"device_path": loaded.device_path})
        context.step("writer_loaded")
        return LocalBackend(client)

    def _opened(
        self, job: Job, info: ModelInfo, profile: Profile, backend: LocalBackend
    ) -> _Open | None:
        found = self._open
        if found is not None and (found.job.id, found.info) == (job.id, info):
            return found
        kept = restore(self._queue, job, self._config)
        names = shown_names(job.path, self._config, profile)
        plan = pipeline.with_names(kept.plan, names)
        document = pipeline.join(plan, kept.parts)
        material = pipeline.material_of(plan, document, pipeline.quoted(plan, document))
        if material is None:
            return None
        size = describing.most_bytes(backend, material)
        self._open = _Open(
            job, info, material, Checker(material.paragraphs, material.known), names, size
        )
        return self._open

    def _do(self, found: _Open, backend: LocalBackend, log: Log) -> bool:
        done = self._outcomes(found.job)
        at = progress(found.material, done, most_bytes=found.most_bytes)
        if at.request is None:
            self._publish(found, done, log)
            return True
        begun, progress_of = self._context.clock(), self._context.progress
        progress_of.begin_activity("metadata", found.job.id, done=at.done, total=at.total)
        try:
            outcome = describing.fulfil(
                backend,
                at.request,
                found.checker,
                options=WritingOptions(),
                on_text=lambda text: progress_of.note_alive(),
                cancelled=self._cancelled,
            )
        finally:
            progress_of.end_activity()
        self._rows.save(
            found.job.id,
            at.request.key,
            json.dumps(outcome.to_json(), ensure_ascii=False),
            done=at.done + 1,
            total=at.total,
        )
        self._context.step("request_saved")
        now = self._context.clock()
        self._keeper.touch(now)
        self._context.progress.report({"memory_bytes": self._keeper.memory_bytes()})
        log.info(
            "metadata.written",
            request=at.request.key,
            done=at.done + 1,
            total=at.total,
            sentences=outcome.written,
            dropped=outcome.dropped,
            spent_s=round(now - begun, 2),
        )
        return True

    def _outcomes(self, job: Job) -> dict[str, Outcome]:
        """Return what was kept of earlier requests; what cannot be read is written again."""
        found = {}
        for key, payload in self._rows.outcomes(job.id).items():
            try:
                found[key] = Outcome.from_json(json.loads(payload))
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def _cancelled(self) -> bool:
        """Return whether the request in hand is to end: a stop, or the model is asked for."""
        now = self._context.clock()
        if now - self._looked_at >= LOOK_S:
            self._looked_at = now
            self._asked = self._context.model_asked_for()
        else:
            self._asked = False
        return self._context.stopping() or self._asked

    # The end

    def _publish(self, found: _Open, done: dict[str, Outcome], log: Log) -> None:
        """Write the outputs again with what the model wrote, and keep it."""
        writing = Writing(
            model=found.info.name,
            revision=found.info.revision,
            outcomes=done,
            prompt=PROMPT,
            names=speakers_in_order(found.material),
        )
        job = self._queue.job(found.job.id) or found.job
        render_again(
            self._queue, job, self._config, found.names, writing=writing, step=self._context.step
        )
        self._context.step("metadata_published")
        self._rows.finish(job.id, json.dumps(writing.to_json(), ensure_ascii=False))
        self._open = None
        totals = [asdict(outcome) for outcome in done.values()]
        log.info(
            "metadata.done",
            model=found.info.name,
            **{key: sum(t[key] for t in totals) for key in ("written", "rewritten", "dropped")},
        )

    def _child_failed(self, row: WritingRow, error: ChildError, log: Log) -> bool:
        """Count a failure of the model child and try the request again later."""
        if self._context.stopping():
            self._rows.release(row.job_id)
            return False
        failures = self._rows.count_failure(row.job_id)
        log.warning("metadata.failed", failures=failures, reason=error.reason)
        if failures >= TRIES:
            return self._fail(row, error.reason, f"{error} {error.hint}", log)
        self._not_before = self._context.clock() + BACKOFF_S[min(failures, len(BACKOFF_S)) - 1]
        return False

    def _fail(self, row: WritingRow, reason: str, detail: str, log: Log) -> bool:
        """Give the writing up; the quoted metadata stays, or what was written before."""
        self._open = None
        self._rows.fail(row.job_id, reason=str(reason), detail=detail.strip()[:_DETAIL])
        log.warning("metadata.given_up", reason=str(reason))
        return True
