"""Speakers are named and the outputs written anew: no model, whether a daemon runs or not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.errors import CannotRender
from daemon.home import Home
from daemon.lock import HomeLock
from daemon.operations.rerender import names_for, render_again, restore
from daemon.work.child import ModelKeeper
from state.job import Job, Status
from tests.daemon.conftest import Ask, Bench
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


def done(bench: Bench, name: str = "talk.json") -> Job:
    """Return the finished job of a diarized file."""
    path = bench.config.watch[0] / name
    path.write_bytes(diarized())
    job = offered(bench.queue, path)
    bench.worker().run_one()
    return now(bench.queue, job)


def test_the_nearest_names_win_label_by_label(bench: Bench, home: Home) -> None:
    """Beside the file, its folder, the home, llasa.toml."""
    folder = bench.config.watch[0]
    (home.path / "speakers.toml").write_text('A = "home"\nB = "home"\nC = "home"\n')
    (folder / "speakers.toml").write_text('A = "folder"\nB = "folder"\n')
    (folder / "talk.speakers.toml").write_text('A = "file"\n')
    profile = replace(bench.config.default, speakers=dict.fromkeys("ABCD", "settings"))
    assert names_for(folder / "talk.json", bench.config, profile) == {
        "A": "file",
        "B": "folder",
        "C": "home",
        "D": "settings",
    }


def test_a_job_takes_the_names_that_lie_beside_its_file(bench: Bench) -> None:
    """In the text and in the metadata; turns of one speaker in a row are one paragraph."""
    (bench.config.watch[0] / "talk.speakers.toml").write_text('SPEAKER_00 = "Ada"\n')
    job = done(bench)
    assert [line.split(":")[0] for line in text_of(job).split("\n\n")] == ["Ada", "SPEAKER_01"]
    described = json.loads(Path(job.path).with_name("talk.metadata.json").read_text())
    assert [s["label"] for s in described["speakers"]] == ["Ada", "SPEAKER_01"]


def test_a_mistake_in_a_names_file_costs_nobody_the_text(
    bench: Bench, captured: LogCapture
) -> None:
    """The labels stand, and the job says what to mend; the log does not quote the file."""
    names = bench.config.watch[0] / "talk.speakers.toml"
    names.write_text('# who\nSPEAKER_00 = ["Ada"]\n')
    job = done(bench)
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
    ask: Ask, bench: Bench, home: Home, monkeypatch: pytest.MonkeyPatch, daemon_runs: bool
) -> None:
    """The names lie beside the source for all to see, and every output has them."""
    job = done(bench)
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
    after = now(bench.queue, job)
    assert (after.status, after.attempt, after.claims) == (job.status, job.attempt, job.claims)
    assert {o.path for o in after.outputs} == {o.path for o in job.outputs}
    assert {o.sha256 for o in after.outputs}.isdisjoint(o.sha256 for o in job.outputs)
    assert Path(job.path).read_bytes() == diarized()


def test_a_redo_after_naming_replaces_its_own_files(ask: Ask, bench: Bench) -> None:
    """What was written anew was recorded: it is nobody's edit."""
    job = done(bench)
    ask("speakers", "talk.json", "SPEAKER_00=Ada")
    again = bench.queue.redo(job.id)
    bench.worker().run_one()
    assert [o.displaced for o in now(bench.queue, again).outputs] == [False, False]
    assert text_of(job).startswith("Ada: ")


def test_an_edited_output_is_kept_when_speakers_are_named(ask: Ask, bench: Bench) -> None:
    """The new one lies beside it, as after a redo, and the screen and the job say so."""
    job = done(bench)
    edited = Path(job.path).with_name("talk.enhanced.txt")
    edited.write_text("My own words.\n")
    answer = ask("speakers", "talk.json", "SPEAKER_00=Ada")
    assert answer.code == 0
    assert "beside a file that was edited" in answer.out
    assert edited.read_text() == "My own words.\n"
    assert edited.with_name("talk.enhanced.1.txt").read_text().startswith("Ada: ")
    assert "kept" in (now(bench.queue, job).detail or "")


def test_names_are_taken_back_one_by_one_and_all(ask: Ask, bench: Bench) -> None:
    """`LABEL=` takes back one, --clear the whole file."""
    job = done(bench)
    ask("speakers", "talk.json", "SPEAKER_00=Ada", "SPEAKER_01=Bo")
    ask("speakers", "talk.json", "SPEAKER_01=")
    assert [p.split(":")[0] for p in text_of(job).split("\n\n")] == ["Ada", "SPEAKER_01"]
    ask("speakers", "talk.json", "--clear")
    assert text_of(job).startswith("SPEAKER_00: ")
    assert not Path(job.path).with_name("talk.speakers.toml").exists()


def test_names_edited_by_hand_are_applied(ask: Ask, bench: Bench) -> None:
    """And a mistake in them is told with its line, as an environment error."""
    job = done(bench)
    names = Path(job.path).with_name("talk.speakers.toml")
    names.write_text("SPEAKER_00 = Ada\n")
    wrong = ask("speakers", "talk.json", "--apply")
    assert wrong.code == 3
    assert f"{names}, line 1" in wrong.err
    names.write_text('SPEAKER_00 = "Ada"\n')
    assert ask("speakers", "talk.json", "--apply").code == 0
    assert text_of(job).startswith("Ada: ")


def test_speakers_are_listed_with_what_they_said(ask: Ask, bench: Bench) -> None:
    """Label, name, words, seconds, and the beginning of their first words; nothing is written."""
    job = done(bench)
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


def test_a_file_that_waits_takes_its_names_when_it_is_done(ask: Ask, bench: Bench) -> None:
    """Who knows the names before the work is done says them then."""
    path = bench.config.watch[0] / "talk.json"
    path.write_bytes(diarized())
    job = offered(bench.queue, path)
    answer = ask("speakers", "talk.json", "SPEAKER_01=Bo")
    assert answer.code == 0
    assert f"Job {job.id} is not done yet" in answer.out
    bench.worker().run_one()
    assert "\n\nBo: " in text_of(job)


def test_a_text_whose_parts_are_gone_is_not_touched(ask: Ask, bench: Bench) -> None:
    """The names are kept for the next time, and the exit code says that they are not in yet."""
    job = done(bench)
    bench.queue.database.rows("UPDATE parts SET payload = NULL")
    before = text_of(job)
    answer = ask("speakers", "talk.json", "SPEAKER_00=Ada")
    assert answer.code == 1
    assert "Not written again" in answer.err
    assert text_of(job) == before
    assert Path(job.path).with_name("talk.speakers.toml").exists()


def test_parts_of_another_text_are_never_put_under_these_names(bench: Bench) -> None:
    """Word for word, or not at all."""
    job = done(bench)
    row = bench.queue.parts_done(job)[0]
    bench.queue.database.rows("UPDATE jobs SET status = 'running' WHERE id = ?", (job.id,))
    running = now(bench.queue, job)
    bench.queue.save_part(
        running, 0, status="enhanced", payload=row.replace("river", "bank"), words=1, decode_s=0
    )
    bench.queue.database.rows("UPDATE jobs SET status = 'done' WHERE id = ?", (job.id,))
    with pytest.raises(CannotRender, match="other words"):
        restore(bench.queue, now(bench.queue, job), bench.config)


def test_a_source_that_changed_is_not_rendered_with_old_parts(bench: Bench) -> None:
    """Its own job comes."""
    job = done(bench)
    Path(job.path).write_bytes(diarized(text="well "))
    with pytest.raises(CannotRender, match="other content"):
        render_again(bench.queue, job, bench.config, {})


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
    ask: Ask, bench: Bench, words: tuple[str, ...], told: str
) -> None:
    """Before anything is written."""
    job = done(bench)
    answer = ask("speakers", "talk.json", *words)
    assert answer.code == 2
    assert told in answer.err
    assert not Path(job.path).with_name("talk.speakers.toml").exists()


def test_a_text_made_with_a_glossary_is_rendered_anew_with_that_one_only(bench: Bench) -> None:
    """The replaced words stand and are listed; another glossary would be another text."""
    profile = replace(bench.config.default, glossary={"river": "Rhine"})
    bench.config = replace(bench.config, default=profile)
    job = done(bench)
    render_again(bench.queue, job, bench.config, {"SPEAKER_00": "Ada"})
    assert "down to the Rhine" in text_of(job)
    described = json.loads(Path(job.path).with_name("talk.metadata.json").read_text())
    assert [r["to"] for r in described["coverage"]["replaced"]] == ["Rhine"]
    other = replace(bench.config, default=replace(profile, glossary={"river": "Elbe"}))
    with pytest.raises(CannotRender, match="glossary"):
        render_again(bench.queue, now(bench.queue, job), other, {})
