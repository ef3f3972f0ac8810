"""A recording from the folder to its transcript, and on to the enhanced text."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.files.source import hash_snapshot
from state.job import Job, Kind, Offer, Origin, Reason, Status
from tests import light_whisper
from tests.daemon.conftest import IntakeRig, WorkerRig
from tests.daemon.making import dropped, events, now, talk, text_of

AUDIO = ("*.wav", "*.m4a")


class LightWhisper:
    """The tool of a test: how often it fails or hangs, and how often it ran."""

    def __init__(self, plan: Path) -> None:
        self.plan = plan

    def misbehave(self, what: str, times: int) -> None:
        self.plan.write_text(json.dumps(self.state() | {what: times}))

    def state(self) -> dict[str, int]:
        state: dict[str, int] = json.loads(self.plan.read_text())
        return state


@pytest.fixture
def whisper(rig: WorkerRig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LightWhisper:
    """Put a light whisper-cli on the path, and have the home take recordings."""
    plan = tmp_path / "whisper.json"
    light_whisper.install(tmp_path / "bin", rig.config.home.path / "var" / "models", plan)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    rig.config = replace(rig.config, audio=AUDIO, transcriber="whisper.cpp")
    return LightWhisper(plan)


def recorded(rig: WorkerRig, name: str = "talk.wav", seconds: float = 20.0) -> Job:
    """Put a recording into the watched folder and queue it."""
    path = light_whisper.recording(rig.config.watch[0] / name, seconds)
    snapshot = hash_snapshot(str(path), max_bytes=1 << 30)
    job = rig.queue.offer(
        Offer(
            path=path,
            sha256=snapshot.sha256,
            fingerprint=snapshot.fingerprint,
            origin=Origin.EVENT,
            kind=Kind.RECORDING,
        )
    )
    assert job is not None
    return job


def transcript_of(rig: WorkerRig, name: str = "talk.json") -> Job:
    """Return the job of a transcript."""
    found = rig.queue.job_by_path(str(rig.config.watch[0] / name))
    assert found is not None
    return found


def listed(rig: WorkerRig) -> list[str]:
    """Return the names in the watched folder."""
    return sorted(os.listdir(rig.config.watch[0]))


def test_a_recording_becomes_a_transcript_and_that_an_enhanced_text(
    rig: WorkerRig, whisper: LightWhisper, captured: LogCapture
) -> None:
    """Two jobs, one after the other; the words have the times that the tool gave."""
    job = recorded(rig)
    worker = rig.worker()
    assert worker.run_one()
    done = now(rig.queue, job)
    assert (done.status, done.reason) == (Status.DONE, None)
    assert [Path(output.path).name for output in done.outputs] == ["talk.json"]
    follows = transcript_of(rig)
    assert (follows.kind, follows.status) == (Kind.TRANSCRIPT, Status.QUEUED)
    assert worker.run_one()
    assert now(rig.queue, follows).status is Status.DONE
    assert text_of(follows).startswith("So we went down to the river")
    metadata = json.loads((rig.config.watch[0] / "talk.metadata.json").read_text())
    assert metadata["source"]["producer"] == "whisper.cpp"
    assert metadata["source"]["timing"] == "word"
    assert not worker.run_one()
    assert "recording.done" in events(captured)
    assert os.listdir(rig.config.home.state / "sound") == []


class Killed(BaseException):
    """Stands in for SIGKILL: nothing catches it."""


STEPS = (
    "claimed", "prepared", "converted", "transcribed", "part_saved", "temp_written:", "renamed:",
    "synced", "before_commit",
)  # fmt: skip


def test_the_steps_of_a_recording_happen_in_order(rig: WorkerRig, whisper: LightWhisper) -> None:
    """The transcript is saved, then written, and then the job is done."""
    recorded(rig)
    rig.worker().run_one()
    assert rig.steps == list(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_of_a_recording_leads_to_the_same_end(
    rig: WorkerRig, whisper: LightWhisper, step: str
) -> None:
    """One transcript, one text, no leftover; what was transcribed is not transcribed again."""
    job, fired = recorded(rig), []

    def kill(name: str) -> None:
        if name == step and not fired:
            fired.append(name)
            raise Killed

    rig.at_step = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        rig.worker().run_one()
    assert fired == [step]
    assert now(rig.queue, job).status is Status.RUNNING
    rig.queue.requeue_orphans("boot-1")
    worker = rig.worker()
    while worker.run_one():
        pass
    assert now(rig.queue, job).status is Status.DONE
    assert now(rig.queue, transcript_of(rig)).status is Status.DONE
    assert listed(rig) == ["talk.enhanced.txt", "talk.json", "talk.metadata.json", "talk.wav"]
    saved_before = STEPS.index(step) >= STEPS.index("part_saved")
    assert whisper.state()["runs"] == (1 if saved_before or step in STEPS[:3] else 2)


def test_a_tool_that_fails_is_tried_three_times(rig: WorkerRig, whisper: LightWhisper) -> None:
    """Then the job fails with the tool's own words, and the others go on."""
    whisper.misbehave("fail", 3)
    job, other = recorded(rig), dropped(rig, "other.json")
    worker = rig.worker()
    assert worker.run_one()
    assert worker.run_one()
    failed = now(rig.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.TOOL_FAILED)
    assert "whisper.cpp ended with exit code 1: error: failed to process" in (failed.detail or "")
    assert whisper.state()["runs"] == 3
    assert rig.clock.waits == [5.0, 30.0]
    assert now(rig.queue, other).status is Status.DONE
    rig.queue.retry(job.id)
    assert worker.run_one()
    assert now(rig.queue, job).status is Status.DONE


def test_a_stop_ends_the_tool_and_gives_the_recording_back(
    rig: WorkerRig, whisper: LightWhisper
) -> None:
    """Without an attempt, and nothing of the tool goes on."""
    whisper.misbehave("hang", 1)
    job = recorded(rig)

    def stop(name: str) -> None:
        rig.stop = rig.stop or name == "converted"

    rig.at_step = stop  # type: ignore[method-assign]
    rig.worker().run_one()
    queued = now(rig.queue, job)
    assert (queued.status, queued.reason, queued.attempt) == (Status.QUEUED, Reason.STOPPED, 0)
    assert listed(rig) == ["talk.wav"]
    pid = whisper.state().get("pid")
    if pid is not None:  # it had begun
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_the_model_child_is_ended_before_the_tool_starts(
    rig: WorkerRig, whisper: LightWhisper, captured: LogCapture
) -> None:
    """The two are never in memory together."""
    dropped(rig, "other.json")
    worker = rig.worker()
    worker.run_one()
    assert rig.keeper.loaded is not None
    loaded = []
    recorded(rig)

    def look(name: str) -> None:
        if name == "transcribed":
            loaded.append(rig.keeper.loaded)

    rig.at_step = look  # type: ignore[method-assign]
    worker.run_one()
    assert loaded == [None]
    ended = [entry for entry in captured.entries if entry["event"] == "model.ended"]
    assert [entry["reason"] for entry in ended] == ["transcribing"]


def test_a_recording_with_a_transcript_beside_it_is_left_alone(
    rig: WorkerRig, whisper: LightWhisper
) -> None:
    """Somebody else has transcribed it; a redo writes another one beside theirs."""
    (rig.config.watch[0] / "talk.json").write_bytes(talk())
    job = recorded(rig)
    worker = rig.worker()
    worker.run_one()
    ignored = now(rig.queue, job)
    assert (ignored.status, ignored.reason) == (Status.IGNORED, Reason.HAS_TRANSCRIPT)
    assert whisper.state()["runs"] == 0
    again = rig.queue.redo(job.id)
    worker.run_one()
    done = now(rig.queue, again)
    assert [Path(output.path).name for output in done.outputs] == ["talk.1.json"]
    assert (rig.config.watch[0] / "talk.json").read_bytes() == talk()
    assert transcript_of(rig, "talk.1.json").status is Status.QUEUED


def test_a_transcript_that_was_edited_is_kept_when_the_recording_changes(
    rig: WorkerRig, whisper: LightWhisper
) -> None:
    """And one that nobody touched is replaced."""
    worker = rig.worker()
    for seconds in (20, 30):
        recorded(rig, seconds=seconds)
        while worker.run_one():
            pass
    transcript = rig.config.watch[0] / "talk.json"
    assert len(json.loads(transcript.read_text())["transcription"]) == 3
    edited = transcript.read_text().replace("river", "RIVER")
    transcript.write_text(edited)
    recorded(rig, seconds=40)
    while worker.run_one():
        pass
    assert transcript.read_text() == edited
    assert len(json.loads(transcript.with_name("talk.1.json").read_text())["transcription"]) == 4


def test_a_file_without_sound_is_invalid(rig: WorkerRig, whisper: LightWhisper) -> None:
    """It is named, and no tool is started."""
    path = rig.config.watch[0] / "talk.wav"
    job = recorded(rig)
    path.write_bytes(b"")
    fresh = hash_snapshot(str(path), max_bytes=1 << 20)
    rig.queue.cancel(job.id)
    job = rig.queue.offer(
        Offer(
            path=path,
            sha256=fresh.sha256,
            fingerprint=fresh.fingerprint,
            origin=Origin.EVENT,
            kind=Kind.RECORDING,
        )
    )  # type: ignore[assignment]
    rig.worker().run_one()
    ended = now(rig.queue, job)
    assert (ended.status, ended.reason) == (Status.INVALID, Reason.BAD_SOUND)
    assert whisper.state()["runs"] == 0


def test_recordings_are_passed_over_unless_the_settings_ask_for_them(
    intake_rig: IntakeRig,
) -> None:
    """The default; with patterns, each becomes a job of its own kind."""
    light_whisper.recording(intake_rig.folder / "talk.wav")
    intake_rig.run()
    assert intake_rig.rows() == []
    intake_rig.config = replace(intake_rig.config, audio=AUDIO)
    intake_rig.intake = intake_rig.fresh()
    intake_rig.run(20)
    assert intake_rig.rows() == [("talk.wav", Status.QUEUED)]
    assert intake_rig.job("talk.wav").kind is Kind.RECORDING


def test_a_recording_that_is_still_copied_waits(intake_rig: IntakeRig) -> None:
    """Its header says that there is more to come."""
    intake_rig.config = replace(intake_rig.config, audio=AUDIO)
    intake_rig.intake = intake_rig.fresh()
    whole = light_whisper.recording(intake_rig.folder.parent / "whole.wav").read_bytes()
    path = intake_rig.folder / "talk.wav"
    path.write_bytes(whole[: len(whole) // 2])
    intake_rig.run(30)
    assert intake_rig.rows() == []
    path.write_bytes(whole)
    intake_rig.run(30)
    assert intake_rig.rows() == [("talk.wav", Status.QUEUED)]
