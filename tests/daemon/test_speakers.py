"""Speakers are named and the outputs written again: no model, whether a daemon runs or not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.errors import CannotRender
from daemon.home import Home
from daemon.lock import HomeLock
from daemon.operations.rerender import render_again
from daemon.work.child import ModelKeeper
from daemon.work.kept import restore
from daemon.work.names import names_for
from state.job import Job, Status
from state.queue import Queue
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import now, offered, text_of
from tests.daemon.test_control import documented

TURNS = (
    ("SPEAKER_00", "so we went down to the river with all of them there"),
    ("SPEAKER_00", "and the water was warm and they liked it there too"),
    ("SPEAKER_01", "did you swim in it or was it too cold for you"),
)


def diarized(*, text: str = "") -> bytes:
    """Return a diarized faster-whisper list of three turns, two of them of one speaker."""
    return json.dumps(
        [
            {"start": 4.0 * n, "end": 4.0 * n + 3.5, "text": f" {text}{said}", "speaker": speaker}
            for n, (speaker, said) in enumerate(TURNS)
        ]
    ).encode()


def done(rig: WorkerRig, name: str = "talk.json") -> Job:
    """Return the finished job of a diarized file."""
    path = rig.config.watch[0] / name
    path.write_bytes(diarized())
    job = offered(rig.queue, path)
    rig.worker().run_one()
    return now(rig.queue, job)


def test_the_nearest_names_win_label_by_label(rig: WorkerRig, home: Home) -> None:
    """Beside the file, its folder, the home, llasa.toml."""
    folder = rig.config.watch[0]
    (home.path / "speakers.toml").write_text('A = "home"\nB = "home"\nC = "home"\n')
    (folder / "speakers.toml").write_text('A = "folder"\nB = "folder"\n')
    (folder / "talk.speakers.toml").write_text('A = "file"\n')
    profile = replace(rig.config.default, speakers=dict.fromkeys("ABCD", "settings"))
    assert names_for(folder / "talk.json", rig.config, profile) == {
        "A": "file",
        "B": "folder",
        "C": "home",
        "D": "settings",
    }


def test_a_job_uses_the_names_beside_its_file(rig: WorkerRig) -> None:
    """In text and metadata; consecutive turns of one speaker are one paragraph."""
    (rig.config.watch[0] / "talk.speakers.toml").write_text('SPEAKER_00 = "Ada"\n')
    job = done(rig)
    assert [line.split(":")[0] for line in text_of(job).split("\n\n")] == ["Ada", "SPEAKER_01"]
    described = json.loads(Path(job.path).with_name("talk.metadata.json").read_text())
    assert [s["label"] for s in described["speakers"]] == ["Ada", "SPEAKER_01"]


def test_a_mistake_in_a_names_file_does_not_cost_the_text(
    rig: WorkerRig, captured: LogCapture
) -> None:
    """The labels stay, and the job says what to fix; the log does not quote the file."""
    names = rig.config.watch[0] / "talk.speakers.toml"
    names.write_text('# who\nSPEAKER_00 = ["Ada"]\n')
    job = done(rig)
    assert job.status is Status.DONE
    assert text_of(job).startswith("SPEAKER_00: ")
    assert job.detail is not None
    assert f"{names}, line 2" in job.detail
    assert "--apply" in job.detail
    (told,) = (entry for entry in captured.entries if entry["event"] == "speakers.refused")
    assert (told["key"], told["line"]) == ("SPEAKER_00", 2)
    assert "Ada" not in json.dumps(captured.entries)


@pytest.mark.parametrize("daemon_runs", [False, True])
def test_speakers_are_named_without_the_model(
    ask: Ask, rig: WorkerRig, home: Home, monkeypatch: pytest.MonkeyPatch, daemon_runs: bool
) -> None:
    """The names are written beside the source, and every output has them."""
    job = done(rig)
    monkeypatch.delattr(ModelKeeper, "ready")
    lock = HomeLock(home.lock)
    if daemon_runs:
        lock.acquire()
    answer = ask("speakers", "talk.json", "SPEAKER_00=Ada", "SPEAKER_01=Grace  Hopper")
    lock.release()
    assert answer.code == 0, answer.err
    names = Path(job.path).with_name("talk.speakers.toml").read_text()
    assert names.endswith('SPEAKER_00 = "Ada"\nSPEAKER_01 = "Grace Hopper"\n')
    assert [p.split(":")[0] for p in text_of(job).split("\n\n")] == ["Ada", "Grace Hopper"]
    after = now(rig.queue, job)
    assert (after.status, after.attempt, after.claims) == (job.status, job.attempt, job.claims)
    assert {o.path for o in after.outputs} == {o.path for o in job.outputs}
    assert {o.sha256 for o in after.outputs}.isdisjoint(o.sha256 for o in job.outputs)
    assert Path(job.path).read_bytes() == diarized()


def test_a_redo_after_naming_replaces_its_own_files(ask: Ask, rig: WorkerRig) -> None:
    """What was written again is recorded, so it is not taken for an edit."""
    job = done(rig)
    ask("speakers", "talk.json", "SPEAKER_00=Ada")
    again = rig.queue.redo(job.id)
    rig.worker().run_one()
    assert [o.displaced for o in now(rig.queue, again).outputs] == [False, False]
    assert text_of(job).startswith("Ada: ")


def test_an_edited_output_is_kept_when_speakers_are_named(ask: Ask, rig: WorkerRig) -> None:
    """The new one lies beside it, as after a redo; the command and the job say so."""
    job = done(rig)
    edited = Path(job.path).with_name("talk.enhanced.txt")
    edited.write_text("My own words.\n")
    answer = ask("speakers", "talk.json", "SPEAKER_00=Ada")
    assert answer.code == 0
    assert "beside a file that was edited" in answer.out
    assert edited.read_text() == "My own words.\n"
    assert edited.with_name("talk.enhanced.1.txt").read_text().startswith("Ada: ")
    assert "kept" in (now(rig.queue, job).detail or "")


class Killed(BaseException):
    """Stands in for SIGKILL: nothing catches it."""


def test_a_kill_after_the_outputs_were_written_again_leaves_no_edit(
    rig: WorkerRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their hashes were recorded before, so the next rendering replaces them."""
    job = done(rig)

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Queue, "rerendered", kill)
        with pytest.raises(Killed):
            render_again(rig.queue, job, rig.config, {"SPEAKER_00": "Ada"})
    assert text_of(job).startswith("Ada: ")
    outputs = render_again(rig.queue, now(rig.queue, job), rig.config, {"SPEAKER_00": "Bo"})
    assert not any(output.displaced for output in outputs)
    assert text_of(job).startswith("Bo: ")


def test_names_are_removed_one_by_one_and_all_at_once(ask: Ask, rig: WorkerRig) -> None:
    """`LABEL=` removes one, --clear the whole file."""
    job = done(rig)
    ask("speakers", "talk.json", "SPEAKER_00=Ada", "SPEAKER_01=Bo")
    ask("speakers", "talk.json", "SPEAKER_01=")
    assert [p.split(":")[0] for p in text_of(job).split("\n\n")] == ["Ada", "SPEAKER_01"]
    ask("speakers", "talk.json", "--clear")
    assert text_of(job).startswith("SPEAKER_00: ")
    assert not Path(job.path).with_name("talk.speakers.toml").exists()


def test_names_edited_by_hand_are_applied(ask: Ask, rig: WorkerRig) -> None:
    """A mistake in them is reported with its line, as an environment error."""
    job = done(rig)
    names = Path(job.path).with_name("talk.speakers.toml")
    names.write_text("SPEAKER_00 = Ada\n")
    wrong = ask("speakers", "talk.json", "--apply")
    assert wrong.code == 3
    assert f"{names}, line 1" in wrong.err
    names.write_text('SPEAKER_00 = "Ada"\n')
    assert ask("speakers", "talk.json", "--apply").code == 0
    assert text_of(job).startswith("Ada: ")


def test_speakers_are_listed_with_what_they_said(ask: Ask, rig: WorkerRig) -> None:
    """Label, name, words, seconds and their first words; nothing is written."""
    job = done(rig)
    before = text_of(job)
    report = ask("speakers", "talk.json", "--json").json
    assert set(report) == documented("speakers")
    assert [s["label"] for s in report["speakers"]] == ["SPEAKER_00", "SPEAKER_01"]
    assert set(report["speakers"][0]) == documented("speakers.speakers")
    assert [s["words"] for s in report["speakers"]] == [23, 12]
    assert report["speakers"][1]["quote"].startswith("did you swim")
    assert report["outputs"] == []
    assert "did you swim" in ask("speakers", "talk.json").out
    assert text_of(job) == before


def test_a_waiting_file_uses_its_names_when_it_is_done(ask: Ask, rig: WorkerRig) -> None:
    """The user may name the speakers before the work is done."""
    path = rig.config.watch[0] / "talk.json"
    path.write_bytes(diarized())
    job = offered(rig.queue, path)
    answer = ask("speakers", "talk.json", "SPEAKER_01=Bo")
    assert answer.code == 0
    assert f"Job {job.id} is not done yet" in answer.out
    rig.worker().run_one()
    assert "\n\nBo: " in text_of(job)


def test_a_text_whose_parts_are_gone_is_not_touched(ask: Ask, rig: WorkerRig) -> None:
    """The names are kept for the next time; the exit code says that they are not used yet."""
    job = done(rig)
    rig.queue.database.execute("UPDATE parts SET payload = NULL")
    before = text_of(job)
    answer = ask("speakers", "talk.json", "SPEAKER_00=Ada")
    assert answer.code == 1
    assert "Not written again" in answer.err
    assert text_of(job) == before
    assert Path(job.path).with_name("talk.speakers.toml").exists()


def test_parts_of_another_text_are_never_rendered(rig: WorkerRig) -> None:
    """Every word must be the source's."""
    job = done(rig)
    row = rig.queue.parts_done(job)[0]
    rig.queue.database.execute("UPDATE jobs SET status = 'running' WHERE id = ?", (job.id,))
    running = now(rig.queue, job)
    rig.queue.save_part(
        running, 0, status="enhanced", payload=row.replace("river", "bank"), words=1, decode_s=0
    )
    rig.queue.database.execute("UPDATE jobs SET status = 'done' WHERE id = ?", (job.id,))
    with pytest.raises(CannotRender, match="other words"):
        restore(rig.queue, now(rig.queue, job), rig.config)


def test_a_source_that_changed_is_not_rendered_with_old_parts(rig: WorkerRig) -> None:
    """The new content has its own job."""
    job = done(rig)
    Path(job.path).write_bytes(diarized(text="well "))
    with pytest.raises(CannotRender, match="other content"):
        render_again(rig.queue, job, rig.config, {})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("SPEAKER_07=Ada",), "SPEAKER_00, SPEAKER_01"),
        (("SPEAKER_00",), "LABEL=NAME"),
        (("=Ada",), "LABEL=NAME"),
        ((f"SPEAKER_00={'x' * 81}",), "80 characters"),
    ],
)
def test_a_wrong_assignment_is_a_usage_error(
    ask: Ask, rig: WorkerRig, words: tuple[str, ...], told: str
) -> None:
    """It is refused before anything is written."""
    job = done(rig)
    answer = ask("speakers", "talk.json", *words)
    assert answer.code == 2
    assert told in answer.err
    assert not Path(job.path).with_name("talk.speakers.toml").exists()


def test_a_text_made_with_a_glossary_is_rendered_again_with_that_one_only(rig: WorkerRig) -> None:
    """The replaced words stay and are listed; another glossary would give another text."""
    profile = replace(rig.config.default, glossary={"river": "Rhine"})
    rig.config = replace(rig.config, default=profile)
    job = done(rig)
    render_again(rig.queue, job, rig.config, {"SPEAKER_00": "Ada"})
    assert "down to the Rhine" in text_of(job)
    described = json.loads(Path(job.path).with_name("talk.metadata.json").read_text())
    assert [r["to"] for r in described["coverage"]["replaced"]] == ["Rhine"]
    other = replace(rig.config, default=replace(profile, glossary={"river": "Elbe"}))
    with pytest.raises(CannotRender, match="glossary"):
        render_again(rig.queue, now(rig.queue, job), other, {})
