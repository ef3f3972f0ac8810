"""A finished text -> who speaks in it: turns found in the recording, and the text written again.

This is a step of its own, after the text is done: the text stands whatever happens here. It runs
between two jobs, so files that arrive meanwhile go first.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.files.recordings import recording_beside
from daemon.log import Log
from daemon.work.child import ModelKeeper
from daemon.work.context import Interrupted, WorkerContext
from daemon.work.kept import profile_of
from daemon.work.names import shown_names
from daemon.work.rerender import render_again
from daemon.work.trouble import Trouble, trouble_of
from engine import sidecars, speakers
from engine.audio.prepare import Progress, prepare
from engine.audio.work_folder import work_folder
from engine.diarize import beside
from engine.diarize.backends import MEMORY_BYTES, find
from engine.diarize.records import MOST_SPEAKERS, Count
from engine.errors import RecordingMissing
from state.errors import JobMoved, StateError
from state.job import Job, Reason
from state.queue import Queue

_CHECK_S: Final = 1.0


def count_from_names(source: Path, config: Config) -> Count:
    """Return how many speakers the nearest file of names has, for whoever knows no better.

    Raises `SpeakersError` for a file with a mistake.
    """
    home = config.home.path / speakers.FOLDER_FILE
    for path in (speakers.file_for(source), source.with_name(speakers.FOLDER_FILE), home):
        names = set(speakers.read(path).values())
        if len(names) > 1:
            return Count.exactly(min(len(names), MOST_SPEAKERS))
    return Count()


def find_beside(
    source: Path,
    config: Config,
    count: Count,
    *,
    progress: Progress = lambda done_s, total_s: None,
    check: Callable[[], None] = lambda: None,
) -> sidecars.Written:
    """Find who speaks in the recording beside a transcript, and write the turns beside it.

    Raises `RecordingMissing`, `SoundError` and `OutputError`; then nothing is changed.
    """
    recording = recording_beside(source)
    if recording is None:
        raise RecordingMissing()
    python = config.audio_python
    with work_folder(config.home.state) as folder:
        sound = prepare(recording, folder, python=python, check=check)
        found = find(
            sound,
            folder,
            recording=recording.name,
            count=count,
            python=python,
            progress=progress,
            check=check,
        )
    sidecars.remove_stale_temps(source.parent)
    return beside.write(source, found, mode=source.stat().st_mode)


class SpeakerFinder:
    """Finds the speakers of the texts for which a profile wants them; for the worker's thread."""

    def __init__(
        self,
        config: Config,
        queue: Queue,
        keeper: ModelKeeper,
        log: Log,
        context: WorkerContext,
    ) -> None:
        self._config = config
        self._queue = queue
        self._keeper = keeper
        self._log = log
        self._context = context

    def step(self) -> bool:
        """Find the speakers of one text; return whether there was one.

        Never raises for anything that happens to a text. Raises StateError.
        """
        job = self._queue.begin_speaker_search()
        if job is None:
            return False
        log = self._log.bind(job_id=job.id)
        self._context.step("search_begun")
        self._keeper.close("finding_speakers")
        self._context.progress.begin_activity("speakers", job.id)
        try:
            self._find(job, log)
        except Interrupted:
            self._queue.put_off_speaker_search(job)
            return False
        except StateError:
            raise
        # Catch everything here: a bug met in one recording must not block the others.
        except Exception as error:
            self._fail(job, trouble_of(error), log)
        finally:
            self._context.progress.end_activity()
        return True

    def _find(self, job: Job, log: Log) -> None:
        source = Path(job.path)
        begun = self._context.clock()
        count = count_from_names(source, self._config)
        told = self._context.progress.report_activity
        written = find_beside(source, self._config, count, progress=told, check=self._check())
        self._context.step("turns_written")
        detail = None
        if written.displaced:
            detail = f"Turns that were edited stay; the new ones are in {Path(written.path).name}."
        else:
            names = shown_names(job.path, self._config, profile_of(job, self._config))
            latest = self._queue.job(job.id) or job
            render_again(self._queue, latest, self._config, names)
        self._context.step("rendered")
        self._queue.end_speaker_search(job, found=True, detail=detail)
        log.info("speakers.found", spent_s=round(self._context.clock() - begun, 1))

    def _fail(self, job: Job, trouble: Trouble, log: Log) -> None:
        try:
            self._queue.end_speaker_search(job, found=False, detail=trouble.detail)
        except JobMoved:
            return
        log.warning("speakers.not_found", reason=trouble.reason)

    def _check(self) -> Callable[[], None]:
        """Return what ends the tool when the daemon stops or a pause begins.

        Whoever asks for the model meanwhile gets it where both fit into the memory.
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
                self._context.lend_beside(MEMORY_BYTES)

        return check
