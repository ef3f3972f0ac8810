"""Who speaks: turns beside a source give its words their speakers, and are taken back."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import LogCapture

from daemon.lock import HomeLock
from daemon.work import finding
from daemon.work.finding import SpeakerFinder, count_from_names
from engine import sidecars
from engine.audio.prepare import Progress, Sound
from engine.diarize import beside
from engine.diarize.records import Count, Found, Turn
from state.job import Job
from state.service import ServiceRow
from tests import light_whisper
from tests.daemon.conftest import Answer, Ask, WorkerRig
from tests.daemon.making import dropped, events, metadata_of, now, text_of, transcript

FIRST = "my name is Ada and we went down to the river with all of it"
SECOND = "thank you and then the water was warm because they liked it there"
TURNS = (Turn(0.0, 2.8, "SPEAKER_00", 0.9), Turn(2.9, 6.0, "SPEAKER_01", 0.8))


class Voices:
    """What the tool finds in the next search, and what it was told."""

    def __init__(self) -> None:
        self.turns = TURNS
        self.told: list[Count] = []

    def find(self, sound: Sound, folder: Path, *, count: Count, **more: object) -> Found:
        self.told.append(count)
        return Found(self.turns, "light 1", count, "talk.wav", 6.0)


@pytest.fixture
def voices(rig: WorkerRig, monkeypatch: pytest.MonkeyPatch) -> Voices:
    """Stand in for the models, which are an extra; tests/acceptance has the real ones."""
    found = Voices()
    monkeypatch.setattr(finding, "find", found.find)
    return found


def finder(rig: WorkerRig) -> SpeakerFinder:
    return SpeakerFinder(rig.config, rig.queue, rig.keeper, rig.log, rig.context())


def done_talk(rig: WorkerRig, *, diarize: bool = True) -> Job:
    """Return the finished job of a talk with its recording beside it."""
    rig.config = replace(rig.config, default=replace(rig.config.default, diarize=diarize))
    light_whisper.recording(rig.config.watch[0] / "talk.wav", 6.0)
    job = dropped(rig, data=transcript(FIRST, SECOND))
    assert rig.worker().run_one()
    return now(rig.queue, job)


def words_of(text: str) -> list[str]:
    """Return the words of a text without its speakers, marks and case."""
    lines = [line.split(": ", 1)[-1] for line in text.splitlines()]
    return [word.strip(".,?!:").lower() for word in " ".join(lines).split()]


def test_speakers_are_found_once_the_text_is_done(
    rig: WorkerRig, voices: Voices, captured: LogCapture
) -> None:
    """The words are the same ones, hash by hash; the paragraphs have speakers now."""
    job = done_talk(rig)
    before = text_of(job)
    assert "SPEAKER" not in before
    assert finder(rig).step()
    after = text_of(job)
    assert "SPEAKER_00: " in after
    assert "SPEAKER_01: " in after
    hashes = [hashlib.sha256(" ".join(words_of(t)).encode()).hexdigest() for t in (before, after)]
    assert hashes[0] == hashes[1]
    found = rig.queue.speaker_search(job.id)
    assert found is not None
    assert (found.state, found.attempts) == ("found", 1)
    assert not finder(rig).step()
    assert "speakers.found" in events(captured)
    assert [entry["label"] for entry in metadata_of(job)["speakers"]] == [  # type: ignore[attr-defined]
        "SPEAKER_00",
        "SPEAKER_01",
    ]
    names = sorted(os.listdir(rig.config.watch[0]))
    assert names == [
        "talk.enhanced.txt", "talk.json", "talk.metadata.json", "talk.speakers.json", "talk.wav",
    ]  # fmt: skip


def test_speakers_are_looked_for_only_where_a_profile_wants_them(
    rig: WorkerRig, voices: Voices
) -> None:
    """The default is not to."""
    done_talk(rig, diarize=False)
    assert not finder(rig).step()
    assert voices.told == []


def test_status_says_that_speakers_are_looked_for(
    rig: WorkerRig, voices: Voices, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon is not idle then; afterwards it is."""
    job = done_talk(rig)
    lock = HomeLock(rig.config.home.lock)
    lock.acquire()
    seen: list[Answer] = []

    def looking(sound: Sound, folder: Path, *, progress: Progress, **more: Any) -> Found:
        rig.clock.pass_by(2)
        progress(3.0, 6.0)
        seen.extend((ask("status", "--json"), ask("status", "--line"), ask("status")))
        return voices.find(sound, folder, **more)

    monkeypatch.setattr(finding, "find", looking)
    context = rig.context()
    context.progress.row = ServiceRow(rig.queue.database)
    context.progress.report({"phase": "idle"})  # as the main thread has last said
    assert SpeakerFinder(rig.config, rig.queue, rig.keeper, rig.log, context).step()
    report = seen[0].json
    assert report["phase"] == "working"
    assert report["activity"] == {
        "kind": "speakers", "id": job.id, "path": job.path, "done": 3.0, "total": 6.0,
    }  # fmt: skip
    assert seen[1].out == "talk.json finding who speaks 50%\n"
    assert "finding who speaks, 3 s of 6 s" in seen[2].out
    assert ask("status", "--json").json["activity"] is None
    lock.release()


def test_the_text_stands_when_the_search_fails(rig: WorkerRig, voices: Voices, ask: Ask) -> None:
    """No recording lies there; the reason is kept, and the search is not repeated for ever."""
    job = done_talk(rig)
    before = text_of(job)
    (rig.config.watch[0] / "talk.wav").unlink()
    assert finder(rig).step()
    found = rig.queue.speaker_search(job.id)
    assert found is not None
    assert found.state == "failed"
    assert "There is no recording beside this transcript." in (found.detail or "")
    assert text_of(job) == before
    assert not finder(rig).step()
    assert "looked for and not found: There is no recording" in ask("speakers", "talk.json").out


class Killed(BaseException):
    """Stands in for SIGKILL: nothing catches it."""


@pytest.mark.parametrize("step", ["search_begun", "turns_written", "rendered"])
def test_a_kill_at_any_step_of_a_search_leads_to_the_same_end(
    rig: WorkerRig, voices: Voices, step: str
) -> None:
    """The search is begun again, and the text has its speakers once."""
    job, fired = done_talk(rig), []

    def kill(name: str) -> None:
        if name == step and not fired:
            fired.append(name)
            raise Killed

    rig.at_step = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        finder(rig).step()
    assert finder(rig).step()
    assert not finder(rig).step()
    found = rig.queue.speaker_search(job.id)
    assert found is not None
    assert (found.state, found.attempts) == ("found", 2)
    assert text_of(job).count("SPEAKER_01: ") == 1
    assert not [n for n in os.listdir(rig.config.watch[0]) if "enhanced.1" in n or ".tmp" in n]


def test_a_search_that_kills_the_daemon_is_given_up(rig: WorkerRig, voices: Voices) -> None:
    """After three that were begun without an end."""
    job = done_talk(rig)

    def kill(name: str) -> None:
        raise Killed

    rig.at_step = kill  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(Killed):
            finder(rig).step()
    assert not finder(rig).step()
    found = rig.queue.speaker_search(job.id)
    assert found is not None
    assert found.state == "failed"


def test_the_number_of_names_in_the_nearest_file_is_the_number_of_speakers(
    rig: WorkerRig, voices: Voices
) -> None:
    """Its own file first, then the folder's; one name says nothing."""
    source = rig.config.watch[0] / "talk.json"
    assert count_from_names(source, rig.config) == Count()
    source.with_name("speakers.toml").write_text('A = "Ada"\nB = "Bo"\nC = "Cy"\n')
    assert count_from_names(source, rig.config) == Count.exactly(3)
    source.with_name("talk.speakers.toml").write_text('A = "Ada"\nB = "Bo"\n')
    assert count_from_names(source, rig.config) == Count.exactly(2)
    source.with_name("talk.speakers.toml").write_text('A = "Ada"\n')
    assert count_from_names(source, rig.config) == Count.exactly(3)


def test_turns_are_our_own_file_and_no_transcript(rig: WorkerRig, voices: Voices) -> None:
    """The watched folder takes every JSON file; this one makes no work."""
    job = done_talk(rig)
    finder(rig).step()
    content = beside.file_for(Path(job.path)).read_bytes()
    assert sidecars.is_ours_content(content)


def test_a_search_by_hand_finds_and_proposes_and_undo_restores(
    rig: WorkerRig, voices: Voices, ask: Ask
) -> None:
    """The text is what it was, byte for byte; a name is proposed with its words and time."""
    job = done_talk(rig, diarize=False)
    before = text_of(job)
    answer = ask("speakers", "talk.json", "--find", "--speakers", "2")
    assert answer.code == 0, answer.err
    assert voices.told == [Count.exactly(2)]
    assert "SPEAKER_00 may be Ada" in answer.out
    assert "at 0:00" in answer.out
    assert "SPEAKER_01: " in text_of(job)
    found = ask("speakers", "talk.json", "--json").json
    assert [speaker["label"] for speaker in found["speakers"]] == ["SPEAKER_00", "SPEAKER_01"]
    assert [(p["label"], p["name"]) for p in found["proposals"]] == [("SPEAKER_00", "Ada")]
    undone = ask("speakers", "talk.json", "--undo")
    assert undone.code == 0, undone.err
    assert text_of(job) == before
    assert not beside.file_for(Path(job.path)).exists()
    assert ask("speakers", "talk.json", "--undo").code == 2


def test_undo_puts_the_search_before_back(rig: WorkerRig, voices: Voices, ask: Ask) -> None:
    """One step, as it was."""
    job = done_talk(rig, diarize=False)
    ask("speakers", "talk.json", "--find", "--speakers", "2")
    first = text_of(job)
    voices.turns = (Turn(0.0, 6.0, "SPEAKER_00", 1.0),)
    ask("speakers", "talk.json", "--find", "--between", "1", "3")
    assert text_of(job) != first
    assert voices.told[-1] == Count(1, 3)
    assert ask("speakers", "talk.json", "--undo").code == 0
    assert text_of(job) == first


def test_turns_that_were_edited_count_and_stay(rig: WorkerRig, voices: Voices, ask: Ask) -> None:
    """A later search writes its own beside them, and the text keeps the user's."""
    job = done_talk(rig, diarize=False)
    ask("speakers", "talk.json", "--find")
    path = beside.file_for(Path(job.path))
    value = json.loads(path.read_text())
    value["turns"][1]["speaker"] = "Grace"
    path.write_text(json.dumps(value))
    assert ask("speakers", "talk.json", "--apply").code == 0
    assert "Grace: " in text_of(job)
    answer = ask("speakers", "talk.json", "--find")
    assert "talk.speakers.1.json" in answer.err
    assert "Grace: " in text_of(job)
    assert json.loads(path.read_text()) == value
    assert ask("speakers", "talk.json", "--undo").code != 0
    assert path.exists()


@pytest.mark.parametrize(
    "words",
    [
        ("--find", "--undo"),
        ("--find", "--speakers", "2", "--between", "2", "3"),
        ("--find", "--speakers", "0"),
        ("--find", "--between", "4", "2"),
        ("--speakers", "2"),
        ("--find", "SPEAKER_00=Ada"),
    ],
)
def test_requests_that_mean_nothing_are_refused(
    rig: WorkerRig, voices: Voices, ask: Ask, words: tuple[str, ...]
) -> None:
    """With the command's usage, and nothing is searched."""
    done_talk(rig, diarize=False)
    assert ask("speakers", "talk.json", *words).code == 2
    assert voices.told == []
