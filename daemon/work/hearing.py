"""A finished text -> what is heard where its transcript has music, put into its metadata.

This is a step of its own, after the text and its speakers: the text stands whatever happens here.
Every stretch is kept when it is done, and files that arrive meanwhile go first. The music service
is asked by a process of its own, because the daemon opens no connection. Where none runs, that is
the answer, until somebody asks again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.files.recordings import recording_beside
from daemon.log import Log
from daemon.work.child import ModelKeeper
from daemon.work.context import Interrupted, WorkerContext
from daemon.work.kept import profile_of, restore
from daemon.work.names import shown_names
from daemon.work.rerender import render_again
from daemon.work.trouble import Trouble, trouble_of
from engine import pipeline
from engine.audio.prepare import prepare
from engine.audio.work_folder import work_folder
from engine.errors import EngineError, RecordingMissing
from engine.music import caption
from engine.music.stretches import Stretch, stretches
from state.errors import JobMoved, StateError
from state.job import Job, Reason
from state.queue import Queue
from state.sounds import SoundRows

_CHECK_S: Final = 1.0  # between two looks at the database while the service answers
_NOTHING: Final = "null"  # is kept of a stretch of which the model said nothing


def stretches_of(plan: pipeline.Plan) -> tuple[Stretch, ...]:
    """Return the stretches of a source that may be music."""
    return stretches(plan.transcript, plan.removals)


def offer(queue: Queue, job: Job, plan: pipeline.Plan) -> None:
    """Have the music of a job described once it is finished, where its profile wants that."""
    if plan.profile.describe_music and stretches_of(plan):
        SoundRows(queue.database).want(job.id)


class MusicHearer:
    """Has the music of finished jobs described; for the worker's thread."""

    def __init__(
        self, config: Config, queue: Queue, keeper: ModelKeeper, log: Log, context: WorkerContext
    ) -> None:
        self._config = config
        self._queue = queue
        self._rows = SoundRows(queue.database)
        self._keeper = keeper
        self._log = log
        self._context = context

    def step(self) -> bool:
        """Have the music of one job described; return whether there was one.

        Never raises for anything that happens to a job. Raises StateError.
        """
        job = self._rows.begin()
        if job is None:
            return False
        log = self._log.bind(job_id=job.id)
        self._context.step("hearing_begun")
        self._keeper.close("describing_music")
        self._context.progress.begin_activity("music", job.id)
        try:
            self._hear(job, log)
        except Interrupted as interrupted:
            self._rows.put_off(job.id)
            return interrupted.reason is Reason.LENT  # at once: somebody waits for it
        except JobMoved:
            return True
        except StateError:
            raise
        # Catch everything here: a bug met in one recording must not block the others.
        except Exception as error:
            self._fail(job, trouble_of(error), log)
        finally:
            self._context.progress.end_activity()
        return True

    def _hear(self, job: Job, log: Log) -> None:
        begun = self._context.clock()
        wanted = stretches_of(restore(self._queue, job, self._config).plan)
        done = self._rows.kept(job.id, stale=False)
        missing = [position for position in range(len(wanted)) if position not in done]
        try:
            self._hear_missing(job, wanted, missing)
        except EngineError:
            if len(self._rows.kept(job.id, stale=False)) > len(done):
                self._publish(job)  # what was heard before it went wrong is shown
            raise
        self._publish(job)
        self._rows.finish(job.id)
        spent_s = round(self._context.clock() - begun, 1)
        log.info("music.described", stretches=len(wanted), fresh=len(missing), spent_s=spent_s)

    def _hear_missing(self, job: Job, wanted: tuple[Stretch, ...], missing: list[int]) -> None:
        """Convert the recording once, have stretches of it heard, and keep what is said of each."""
        if not missing:
            return
        self._look()
        recording = recording_beside(Path(job.path))
        if recording is None:
            raise RecordingMissing()
        check = self._check()
        with work_folder(self._config.home.state) as folder:
            sound = prepare(recording, folder, python=self._config.audio_python, check=check)
            for position in missing:
                self._look()
                self._context.progress.report_activity(position, len(wanted))
                heard = caption.caption(sound, wanted[position], folder, check=check)
                kept = _NOTHING
                if heard is not None:
                    kept = json.dumps(caption.to_json(heard), ensure_ascii=False)
                self._rows.save(job.id, position, kept)
                self._context.step("stretch_saved")

    def _publish(self, job: Job) -> None:
        latest = self._queue.job(job.id) or job
        profile = profile_of(latest, self._config)
        names = shown_names(latest.path, self._config, profile)
        render_again(self._queue, latest, self._config, names, step=self._context.step)
        self._context.step("sounds_published")

    def _fail(self, job: Job, trouble: Trouble, log: Log) -> None:
        self._rows.fail(job.id, reason=trouble.reason, detail=trouble.detail)
        log.warning("music.not_described", reason=trouble.reason)

    def _look(self) -> None:
        """Raise Interrupted where something else goes first; asked between two stretches."""
        context = self._context
        if context.stopping():
            raise Interrupted(Reason.STOPPED)
        if context.model_asked_for():
            raise Interrupted(Reason.LENT)
        if self._queue.backlog().jobs or context.must_wait():
            raise Interrupted(Reason.WAITING)

    def _check(self) -> Callable[[], None]:
        """Return what ends the question when the daemon stops, a pause begins or a model is asked.

        The model that hears is not ours to lend, but whoever asks for ours need not wait for it.
        """
        looked_at = self._context.clock()

        def check() -> None:
            nonlocal looked_at
            if self._context.stopping():
                raise Interrupted(Reason.STOPPED)
            now = self._context.clock()
            if now - looked_at >= _CHECK_S:
                looked_at = now
                if self._queue.paused() is not None:
                    raise Interrupted(Reason.PAUSED)
                if self._context.model_asked_for():
                    raise Interrupted(Reason.LENT)

        return check
