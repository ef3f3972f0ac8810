"""A recording -> its transcript beside it, and the job that enhances it: the stage of sound.

The steps are choose, transcribe with a checkpoint, write, done. The model child is ended before the
Whisper tool starts: this daemon never has the two in memory together. A kill at any moment loses
the work on one piece at most, where the tool is faster-whisper, and the transcription where it is
another.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.errors import SourceError
from daemon.files.recordings import MOST_BYTES, transcripts_beside
from daemon.files.source import Snapshot, hash_snapshot, read_snapshot, stat_file
from daemon.log import Log
from daemon.work.child import ModelKeeper
from daemon.work.context import Interrupted, WorkerContext
from daemon.work.decoding import BACKOFF_S
from engine import sidecars
from engine.audio.backends import Chosen, choose
from engine.audio.prepare import prepare
from engine.audio.transcribe import MOST_BYTES as MOST_TRANSCRIPT_BYTES
from engine.audio.transcribe import transcribe
from engine.child.retry import TRIES
from engine.errors import EngineError, ToolError
from engine.records import Profile
from state.job import Job, Offer, Output, Reason
from state.queue import Queue

SUFFIX: Final = "json"
FOLDER: Final = "sound"  # in the home's state: converted sound and finished pieces
_CHECK_S: Final = 1.0  # between two looks at the database while a tool runs
_DETAIL: Final = 300


class HasTranscript(EngineError):
    """A transcript lies beside the recording already."""

    reason = "has_transcript"
    hint = "To transcribe it all the same, run `llasactl redo` with the recording."


class Transcription:
    """Does the one stage of a recording's job."""

    def __init__(
        self, config: Config, queue: Queue, keeper: ModelKeeper, context: WorkerContext, log: Log
    ) -> None:
        self._config = config
        self._queue = queue
        self._keeper = keeper
        self._context = context
        self._log = log

    def run(self, job: Job, profile: Profile, source: Snapshot) -> Job | None:
        """Transcribe a recording and queue its transcript; return the job of the transcript.

        Raises Interrupted, JobMoved, SourceError, HasTranscript, and SoundError when the recording
        or the tools do not allow it.
        """
        self._refuse_done(job)
        chosen = choose(self._config.sound, language=profile.language)
        recipe = _recipe(chosen, profile)
        self._queue.begin_parts(job, total=1, recipe=recipe)
        self._context.step("prepared")
        data = self._saved(job)
        if data is None:
            data = self._transcribed(job, chosen, profile)
        written = self._write(job, source, data)
        transcript = read_snapshot(written.path, max_bytes=MOST_TRANSCRIPT_BYTES)
        self._context.step("before_commit")
        follows = self._queue.finish_recording(
            job,
            Offer(
                path=written.path,
                sha256=transcript.sha256,
                fingerprint=transcript.fingerprint,
                origin=job.origin,
                priority=job.priority,
                profile=job.profile,
            ),
            outputs=[Output(SUFFIX, written.path, written.sha256, displaced=written.displaced)],
            figures={"transcription": {"tool": chosen.backend.name, "model": chosen.model.name}},
        )
        shutil.rmtree(self._folder(job), ignore_errors=True)
        return follows

    # Before

    def _refuse_done(self, job: Job) -> None:
        """Raise HasTranscript where somebody else's lies beside it; a redo asks for another."""
        if job.generation:
            return
        ours = self._queue.recorded_outputs(job.path)
        for path in transcripts_beside(Path(job.path), self._config):
            if str(path) not in ours:
                raise HasTranscript(f"{path.name} lies beside the recording.")

    def _saved(self, job: Job) -> str | None:
        """Return the transcript that an earlier run saved."""
        return self._queue.parts_done(job).get(0)

    # The tool

    def _transcribed(self, job: Job, chosen: Chosen, profile: Profile) -> str:
        """Return the transcript, saved in the database; try three times."""
        self._keeper.close("transcribing")
        context = self._context
        context.progress.report(
            {
                "current_job": job.id,
                "current_part": 1,
                "memory_bytes": None,
                "device_path": None,
            }
        )
        try:
            while True:
                try:
                    return self._attempt(job, chosen, profile)
                except ToolError as error:
                    if context.stopping():
                        raise Interrupted(Reason.STOPPED) from error
                    tries = self._queue.part_failed(job, 0)
                    self._log.warning("tool.failed", tries=tries, reason=error.reason)
                    if tries >= TRIES:
                        raise
                    context.pause(BACKOFF_S[min(tries, len(BACKOFF_S)) - 1])
        finally:
            context.progress.report({"heard_s": None, "length_s": None})
            context.progress.end_decoding()

    def _attempt(self, job: Job, chosen: Chosen, profile: Profile) -> str:
        context, begun = self._context, self._context.clock()
        check, progress = self._check(job, chosen.memory_bytes), self._progress()
        folder = self._make_folder(job)
        check()
        sound = prepare(
            Path(job.path), folder, python=self._config.audio_python, check=check, progress=progress
        )
        context.step("converted")
        self._log.info(
            "recording.begun",
            tool=chosen.backend.name,
            model=chosen.model.name,
            duration_s=round(sound.duration_s, 1),
            damage=sound.damage,
        )
        made = transcribe(
            sound, chosen, folder, language=profile.language, check=check, progress=progress
        )
        context.step("transcribed")
        spent_s = context.clock() - begun
        data = made.data.decode("utf-8", "replace")  # whisper.cpp cuts letters into tokens
        self._queue.save_part(
            job, 0, status="transcribed", payload=data, words=made.words, decode_s=spent_s
        )
        context.step("part_saved")
        return data

    def _check(self, job: Job, tool_bytes: int) -> Callable[[], None]:
        """Return what ends the tool when the daemon stops, or the job is paused or taken away.

        Whoever asks for the model meanwhile gets it where both fit into the memory.
        """
        looked_at = self._context.clock() - _CHECK_S

        def check() -> None:
            nonlocal looked_at
            if self._context.stopping():
                raise Interrupted(Reason.STOPPED)
            now = self._context.clock()
            if now - looked_at < _CHECK_S:
                return
            looked_at = now
            self._context.check_can_continue(self._queue, job)
            if self._queue.paused() is not None:
                raise Interrupted(Reason.PAUSED)
            self._context.lend_beside(tool_bytes)
            self._context.progress.note_alive()

        return check

    def _progress(self) -> Callable[[float, float | None], None]:
        """Return what writes how far the tool is, once a second."""
        reported_at = self._context.clock() - _CHECK_S

        def progress(done_s: float, total_s: float | None) -> None:
            nonlocal reported_at
            now = self._context.clock()
            if now - reported_at >= _CHECK_S:
                reported_at = now
                self._context.progress.report({"heard_s": done_s, "length_s": total_s})

        return progress

    def _folder(self, job: Job) -> Path:
        return self._config.home.state / FOLDER / (job.sha256 or "")[:16]

    def _make_folder(self, job: Job) -> Path:
        """Return the folder of a recording's bytes; those of other recordings are removed."""
        folder = self._folder(job)
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        for other in folder.parent.iterdir():
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    # After

    def _write(self, job: Job, source: Snapshot, data: str) -> sidecars.Written:
        """Write the transcript beside the recording, recorded first; never over another file."""
        if stat_file(job.path) != source.fingerprint:
            found = hash_snapshot(job.path, max_bytes=MOST_BYTES)
            if found.sha256 != job.sha256:
                raise SourceError("The content of the file has changed.", reason="source_changed")
        self._context.check_can_continue(self._queue, job)
        target = Path(job.path).with_suffix(f".{SUFFIX}")
        sidecars.remove_stale_temps(target.parent)
        sha256 = hashlib.sha256(data.encode()).hexdigest()
        self._queue.intend_outputs(job, [Output(SUFFIX, str(target), sha256)])
        return sidecars.write_new(
            target,
            data,
            mode=source.mode,
            previous=self._queue.recorded_outputs(job.path),
            step=self._context.step,
        )


def _recipe(chosen: Chosen, profile: Profile) -> str:
    tool, model = chosen.backend.name, chosen.model.name
    return f"transcriber={tool} model={model} language={profile.language or 'auto'}"
