"""Music in a finished text is described by the service: in the metadata alone, and never needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from structlog.testing import LogCapture

from daemon.work.hearing import MusicHearer
from engine.audio.prepare import Sound
from engine.errors import ToolFailed
from engine.music import caption
from engine.music.stretches import Stretch
from engine.records import HeardSound
from state.job import Job
from state.sounds import SoundRows, SoundSearch
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import DOCS, SENTENCE, dropped, events, metadata_of, now, text_of
from tests.engine.music import running, sounds

SCHEMA = json.loads((DOCS / "metadata.schema.json").read_text())
SETTING = "describe_music = true\n"


@pytest.fixture(autouse=True)
def no_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a user without a music service."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[None]:
    """Run the real service, with the stand-in for its model."""
    with running.light_service(tmp_path, port=18767):
        yield


def concert() -> bytes:
    """Return a transcript with music from 8 to 14 s and from 22 to 30 s."""
    said = ((0, 8, SENTENCE), (8, 14, "[Music]"), (14, 22, SENTENCE), (22, 30, "♪"))
    segments = [
        {
            "id": n, "start": start, "end": end, "text": f" {text}", "temperature": 0.0,
            "avg_logprob": -0.2, "compression_ratio": 1.2, "no_speech_prob": 0.01,
        }
        for n, (start, end, text) in enumerate(said)
    ]  # fmt: skip
    return json.dumps({"language": "en", "segments": segments}).encode()


def done_concert(rig: WorkerRig, *, wanted: bool = True, length_s: float = 30.0) -> Job:
    """Return the finished job of a talk with music, with its recording beside it."""
    rig.config.home.settings.write_text(SETTING if wanted else "")
    rig.config = replace(rig.config, default=replace(rig.config.default, describe_music=wanted))
    sounds.write(rig.config.watch[0] / "talk.wav", sounds.tone(440, length_s))
    job = dropped(rig, data=concert())
    assert rig.worker().run_one()
    return now(rig.queue, job)


def hearer(rig: WorkerRig) -> MusicHearer:
    return MusicHearer(rig.config, rig.queue, rig.keeper, rig.log, rig.context())


def search(rig: WorkerRig, job: Job) -> SoundSearch:
    found = SoundRows(rig.queue.database).row(job.id)
    assert found is not None
    return found


def sounds_of(job: Job) -> list[dict[str, Any]]:
    """Return the sounds of a job's metadata, which must keep its schema."""
    metadata: dict[str, Any] = metadata_of(job)
    jsonschema.validate(metadata, SCHEMA)
    return list(metadata.get("sounds", []))


def test_music_is_described_once_the_text_is_done(
    rig: WorkerRig, service: None, captured: LogCapture
) -> None:
    """Each stretch with its times, what was heard of it and by whom; the text is the same."""
    job = done_concert(rig)
    before = text_of(job)
    assert sounds_of(job) == []
    assert hearer(rig).step()
    first, second = sounds_of(job)
    assert (first["start_s"], first["end_s"], first["found_by"]) == (8, 14, "tag")
    assert first["text"].startswith("heard 6s asked This is a part of a longer recording")
    assert first["heard"] == {"start_s": 8, "end_s": 14}
    assert first["model"].startswith("music-flamingo")
    assert not first["cut_off"]
    assert (second["start_s"], second["end_s"]) == (22, 30)
    assert text_of(job) == before
    assert search(rig, job).status == "done"
    assert "music.described" in events(captured)
    assert not hearer(rig).step()
    left = [path.name for path in rig.config.home.state.iterdir() if "sound-" in path.name]
    assert left == []


def test_an_absent_service_costs_nothing_and_is_named(
    rig: WorkerRig, ask: Ask, captured: LogCapture
) -> None:
    """The job is done; what is missing is said, and how to ask again."""
    job = done_concert(rig)
    before = metadata_of(job)
    assert hearer(rig).step()
    found = search(rig, job)
    assert (found.status, found.reason) == ("failed", "service_missing")
    assert "llasa-music" in (found.detail or "")
    assert metadata_of(job) == before
    assert str(now(rig.queue, job).status) == "done"
    assert not hearer(rig).step()  # nobody is asked again and again
    assert "music.not_described" in events(captured)
    shown = ask("show", str(job.id), "--json").json["music"]
    assert (shown["status"], shown["reason"]) == ("failed", "service_missing")
    assert f"llasactl redo --stage music {job.id}" in " ".join(ask("show", str(job.id)).out.split())
    report = ask("status", "--json").json["music"]
    assert (report["failed"], report["reason"]) == (1, "service_missing")


def test_it_is_asked_again_by_hand(rig: WorkerRig, ask: Ask, tmp_path: Path) -> None:
    """When the service runs; one file, or all."""
    job = done_concert(rig)
    assert hearer(rig).step()
    with running.light_service(tmp_path, port=18768):
        answer = ask("redo", "--stage", "music", "talk.json")
        assert answer.code == 0, answer.err
        assert "to be described again: music of" in answer.out
        assert hearer(rig).step()
    assert len(sounds_of(job)) == 2
    assert "music of 1 file" in ask("redo", "--stage", "music", "--all").out
    assert search(rig, job).status == "waiting"
    assert ask("render", "talk.json").code == 0
    assert len(sounds_of(job)) == 2  # what was heard stays until it is heard again


def test_nothing_is_asked_unless_a_profile_wants_it(rig: WorkerRig, ask: Ask) -> None:
    """The default; and asking again says what to set."""
    done_concert(rig, wanted=False)
    assert not hearer(rig).step()
    answer = ask("redo", "--stage", "music", "talk.json")
    assert answer.code != 0
    assert "describe_music = true" in answer.err


def test_a_transcript_without_music_asks_nobody(rig: WorkerRig, ask: Ask) -> None:
    """Neither by itself nor by hand."""
    done_concert(rig)
    plain = dropped(rig, "plain.json")
    assert rig.worker().run_one()
    assert SoundRows(rig.queue.database).row(plain.id) is None
    assert "has no music" in ask("redo", "--stage", "music", "plain.json").err


class Answers:
    """Stands in for the process that asks: what it says of each stretch, in turn."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[float] = []

    def caption(self, sound: Sound, stretch: Stretch, folder: Path, **_: Any) -> HeardSound | None:
        self.asked.append(stretch.start_s)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        span = (stretch.start_s, stretch.end_s)
        return HeardSound(*span, answer, "light", *span, stretch.found_by) if answer else None


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Have two answers ready, where what the service says does not matter."""
    made = Answers("a harp", "a choir")
    monkeypatch.setattr(caption, "caption", made.caption)
    return made


def test_what_was_heard_before_it_went_wrong_is_shown(rig: WorkerRig, answers: Answers) -> None:
    """And asking again goes on from there."""
    answers.answers = ["a harp", ToolFailed(code=1, name="the service")]
    job = done_concert(rig)
    assert hearer(rig).step()
    assert [sound["text"] for sound in sounds_of(job)] == ["a harp"]
    assert search(rig, job).reason == "tool_failed"
    SoundRows(rig.queue.database).ask_again(job.id)
    answers.answers = ["a choir"]
    assert hearer(rig).step()
    assert answers.asked == [8, 22, 22]
    assert [sound["text"] for sound in sounds_of(job)] == ["a harp", "a choir"]


def test_a_model_that_says_nothing_leaves_nothing(rig: WorkerRig, answers: Answers) -> None:
    """An empty answer is no description."""
    answers.answers = ["", "a choir\x07"]
    job = done_concert(rig)
    assert hearer(rig).step()
    assert [sound["text"] for sound in sounds_of(job)] == ["a choir\ufffd"]


def test_a_file_that_arrives_goes_first(rig: WorkerRig, answers: Answers) -> None:
    """Between two stretches; the first is not heard again."""
    job = done_concert(rig)

    def arrive(name: str) -> None:
        if name == "stretch_saved" and len(answers.asked) == 1:
            dropped(rig, "other.json")

    rig.at_step = arrive  # type: ignore[method-assign]
    assert not hearer(rig).step()
    assert answers.asked == [8]
    assert rig.worker().run_one()
    assert hearer(rig).step()
    assert answers.asked == [8, 22]
    assert len(sounds_of(job)) == 2


def test_whoever_asks_for_the_model_does_not_wait_for_it(rig: WorkerRig, answers: Answers) -> None:
    """The model that hears is not in this home; ours is free at once."""
    done_concert(rig)
    rig.model_asked_for = True
    assert hearer(rig).step()
    assert answers.asked == []
    rig.model_asked_for = False
    assert hearer(rig).step()
    assert answers.asked == [8, 22]


class Killed(BaseException):
    """Stands in for SIGKILL: nothing catches it."""


@pytest.mark.parametrize(
    "step", ["hearing_begun", "stretch_saved", "renamed:metadata.json", "sounds_published"]
)
def test_a_kill_at_any_step_leads_to_the_same_end(
    rig: WorkerRig, answers: Answers, step: str
) -> None:
    """No stretch that was kept is heard again."""
    job, fired = done_concert(rig), []

    def kill(name: str) -> None:
        if name == step and not fired:
            fired.append(name)
            raise Killed

    rig.at_step = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        hearer(rig).step()
    assert hearer(rig).step()
    assert answers.asked == [8, 22]
    assert [sound["text"] for sound in sounds_of(job)] == ["a harp", "a choir"]
    assert search(rig, job).status == "done"
    assert not hearer(rig).step()


def test_a_recording_that_kills_the_daemon_is_given_up(rig: WorkerRig, answers: Answers) -> None:
    """After three that were begun without an end."""
    job = done_concert(rig)
    rows = SoundRows(rig.queue.database)
    for _ in range(3):
        assert rows.begin() is not None
    assert not hearer(rig).step()
    assert search(rig, job).reason == "attempts_exhausted"


def test_a_recording_that_is_too_short_or_away_is_named(rig: WorkerRig) -> None:
    """It may be another one; the text stands."""
    job = done_concert(rig, length_s=9.0)
    assert hearer(rig).step()
    assert search(rig, job).reason == "not_audio"
    (rig.config.watch[0] / "talk.wav").unlink()
    SoundRows(rig.queue.database).ask_again(job.id)
    assert hearer(rig).step()
    assert search(rig, job).reason == "recording_missing"


def test_a_bug_is_kept_to_its_job(rig: WorkerRig, answers: Answers, captured: LogCapture) -> None:
    """With its kind and place, never with what was heard."""
    answers.answers = [ZeroDivisionError("secret")]
    job = done_concert(rig)
    assert hearer(rig).step()
    found = search(rig, job)
    assert found.reason == "internal_error"
    assert "ZeroDivisionError" in (found.detail or "")
    assert "secret" not in (found.detail or "")
