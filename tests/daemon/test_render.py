"""Outputs are written again without the model, for one file or for all."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.home import Home
from daemon.work.child import ModelKeeper
from state.job import Job
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import now, offered, talk, text_of


def done(rig: WorkerRig, name: str) -> Job:
    """Return the finished job of a new file."""
    path = rig.config.watch[0] / name
    path.write_bytes(talk())
    job = offered(rig.queue, path)
    rig.worker().run_one()
    return now(rig.queue, job)


def ask_for(home: Home, *formats: str) -> None:
    """Set `outputs` in llasa.toml."""
    text = home.settings.read_text() if home.settings.exists() else ""
    home.settings.write_text(f"outputs = {list(formats)!r}\n".replace("'", '"') + text)


def test_formats_that_are_asked_for_later_are_written_for_every_file(
    ask: Ask, rig: WorkerRig, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the finished parts: the text stays as it was, and no job is made."""
    jobs = [done(rig, "one.json"), done(rig, "two.json")]
    before = [text_of(job) for job in jobs]
    monkeypatch.delattr(ModelKeeper, "ready")
    ask_for(home, "txt", "srt", "html")
    answer = ask("render", "--all")
    assert answer.code == 0, answer.err
    assert "written again: 2 files" in answer.out
    assert "written: one.enhanced.srt" in answer.out
    for job in jobs:
        for kind in ("srt", "html"):
            assert Path(job.path).with_suffix(f".enhanced.{kind}").exists()
    assert [text_of(job) for job in jobs] == before
    assert len(rig.queue.jobs()) == 2


def test_one_file_is_named_by_its_job_its_name_or_an_output(ask: Ask, rig: WorkerRig) -> None:
    """All of them name the same job."""
    done(rig, "talk.json")
    for name in ("1", "talk.json", "talk.enhanced.txt", "talk.metadata.json"):
        answer = ask("render", name)
        assert answer.code == 0, answer.err
        assert "written: talk.enhanced.txt" in answer.out


def test_what_was_edited_is_kept(ask: Ask, rig: WorkerRig) -> None:
    """Ours is written beside it, as always."""
    job = done(rig, "talk.json")
    text = Path(job.path).with_name("talk.enhanced.txt")
    text.write_text("mine")
    assert "beside a file that was edited" in ask("render", "talk.json").out
    assert text.read_text() == "mine"


def test_a_file_that_changed_is_skipped_and_the_others_are_rendered(
    ask: Ask, rig: WorkerRig
) -> None:
    """The reason and a command are printed; the exit code says that one is missing."""
    first = done(rig, "one.json")
    done(rig, "two.json")
    Path(first.path).write_bytes(talk() + b" ")
    answer = ask("render", "--all")
    assert answer.code == 1
    assert "not written again: 1  one.json: The file has other content" in answer.err
    assert "llasactl redo 1" in answer.err
    assert "written: two.enhanced.txt" in answer.out


def test_transcripts_that_are_gone_are_counted(ask: Ask, rig: WorkerRig) -> None:
    """Keeping only the texts is no mistake; naming such a file is one."""
    job = done(rig, "talk.json")
    Path(job.path).unlink()
    answer = ask("render", "--all")
    assert answer.code == 0, answer.err
    assert "written again: 0 files; 1 transcript no longer there" in answer.out
    assert ask("render", "1").code == 1


def test_a_name_that_is_no_file_is_no_job(ask: Ask, rig: WorkerRig) -> None:
    """Nor is what remains of it without our suffix."""
    done(rig, "talk.json")
    for name in ("..enhanced.txt", "x/..metadata.json", "none.enhanced.txt"):
        assert ask("show", name).code == 2


def test_a_waiting_file_gets_its_outputs_when_it_is_done(ask: Ask, rig: WorkerRig) -> None:
    """They are written then anyway."""
    job = done(rig, "talk.json")
    rig.queue.redo(job.id)
    assert "Job 2 is not done yet" in ask("render", "talk.json").out
    assert "written again: 0 files" in ask("render", "--all").out


def test_render_needs_files_or_all(ask: Ask, rig: WorkerRig) -> None:
    """One or the other, not both."""
    done(rig, "talk.json")
    assert ask("render").code == 2
    assert ask("render", "1", "--all").code == 2
