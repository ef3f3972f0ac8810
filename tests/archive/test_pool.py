"""Files shared out over worker processes, with the real embedded model."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.archive import listing, pool
from engine.archive.pool import MakeWorker
from engine.archive.process import WorkerProcess
from engine.archive.records import Item
from engine.cli.main import llasa_cli
from tests.archive.making import outputs, settings, transcript


def batch(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(llasa_cli, ["batch", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.stdout, done.stderr


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_folder_is_done_by_two_processes_and_is_finished_the_next_time(tmp_path: Path) -> None:
    """A poisoned file is named and holds up nothing; what was written is not written again."""
    for n in range(3):
        transcript(tmp_path / f"in/{n}/talk.json")
    (tmp_path / "in/broken.json").write_text('{"segments": [')
    os.mkfifo(tmp_path / "in/pipe.json")
    out = tmp_path / "out"
    code, table, errors = batch(tmp_path / "in", "--output-dir", out, "--jobs", 2)
    assert code == 1
    assert "broken.json: The JSON ends too early" in errors
    assert "done" in table
    assert "4 of 4 files" in table
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    assert len(outputs(out)) == 6

    code, printed, _ = batch(tmp_path / "in", "--output-dir", out, "--json")
    *files, last = lines(printed)
    assert sorted((f["status"], f["reason"]) for f in files) == [
        ("failed", "truncated"),
        *[("skipped", "finished")] * 3,
    ]
    counts = {"files": 4, "done": 0, "partial": 0, "skipped": 3, "failed": 1, "not_tried": 0}
    assert last["summary"] == {**counts, "stopped_by": None}
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}


def test_an_archive_gets_what_one_file_gets(tmp_path: Path) -> None:
    """The same bytes as `enhance`, but for times."""
    one, many = tmp_path / "one", tmp_path / "many"
    for folder in (one, many):
        transcript(folder / "talk.json")
    assert CliRunner().invoke(llasa_cli, ["enhance", str(one / "talk.json")]).exit_code == 0
    assert batch(many)[0] == 0
    assert outputs(one) == outputs(many)
    assert len(outputs(one)) == 2


def test_a_source_that_changed_is_done_again_and_an_edited_text_is_kept(tmp_path: Path) -> None:
    """Our own text is replaced; one that the user changed stays, and ours gets a number."""
    for name in ("ours.json", "edited.json"):
        transcript(tmp_path / name)
    assert batch(tmp_path)[0] == 0
    edited = tmp_path / "edited.enhanced.txt"
    edited.write_text("My own words.")
    assert batch(tmp_path)[0] == 0
    assert edited.read_text() == "My own words."
    for name in ("ours.json", "edited.json"):
        transcript(tmp_path / name, said="and then we went home again in the evening")
    assert batch(tmp_path)[0] == 0
    assert edited.read_text() == "My own words."
    assert "evening" in (tmp_path / "edited.enhanced.1.txt").read_text()
    assert "evening" in (tmp_path / "ours.enhanced.txt").read_text()
    assert not (tmp_path / "ours.enhanced.1.txt").exists()


def test_a_model_that_is_not_there_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    """The exit code is 3, and nothing was tried."""
    transcript(tmp_path / "talk.json")
    code, printed, _ = batch(tmp_path, "--model", "someone/unknown-model", "--json")
    (last,) = lines(printed)
    assert code == 3
    assert last["summary"]["stopped_by"]["reason"] == "model_missing"


@pytest.mark.parametrize("source", ["empty", "full/*.srt", "gone/*.json"])
def test_sources_without_a_file_are_no_success(tmp_path: Path, source: str) -> None:
    """What was named and has nothing is named, and the exit code is that of what is not there."""
    (tmp_path / "empty").mkdir()
    transcript(tmp_path / "full/talk.json")
    code, printed, errors = batch(tmp_path / source, "--output-dir", tmp_path / "out", "--json")
    assert code == 2
    assert source.partition("/")[0] in errors
    (last,) = lines(printed)
    assert last["summary"]["stopped_by"]["reason"] == "nothing_found"


def test_one_source_without_a_file_does_not_keep_the_others_from_their_end(tmp_path: Path) -> None:
    """It is named, and the exit code says that not all is as it was meant."""
    (tmp_path / "empty").mkdir()
    transcript(tmp_path / "full/talk.json")
    code, table, errors = batch(tmp_path / "empty", tmp_path / "full")
    assert code == 1
    assert "empty has no *.json file" in errors
    assert "1 of 1 file in" in table


@pytest.mark.parametrize(
    "arguments", [["--address", "h:1"], ["--engine", "ray", "--jobs", "2"], ["--jobs", "0"]]
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    """The exit code is that of a mistake on the command line."""
    assert batch(tmp_path, *arguments)[0] == 2


def test_without_ray_the_command_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what works without."""
    transcript(tmp_path / "talk.json")
    monkeypatch.setitem(sys.modules, "ray", None)
    code, _, errors = batch(tmp_path, "--engine", "ray")
    assert code == 3
    assert "llasa[ray]" in errors
    assert "--jobs" in errors


def fake(number: int, *, silence_s: float = 120.0) -> WorkerProcess:
    command = [sys.executable, str(Path(__file__).with_name("dying_worker.py"))]
    return WorkerProcess(settings(), node=f"n{number}", silence_s=silence_s, command=command)


def impatient(number: int) -> WorkerProcess:
    return fake(number, silence_s=10.0)


def items(*names: str) -> Iterator[Item]:
    return (Item(name, name, 1) for name in names)


@pytest.mark.parametrize(
    ("bad", "reason", "make"),
    [("dies", "worker_died", fake), ("hangs", "worker_silent", impatient)],
)
def test_a_file_on_which_a_worker_dies_or_hangs_is_named_and_the_others_are_done(
    bad: str, reason: str, make: MakeWorker
) -> None:
    """Another worker takes its place."""
    found = list(pool.run(items("a", bad, "b", "c"), settings(), jobs=1, make=make))
    assert [(o.file, o.state) for o in found] == [
        ("a", "done"),
        (bad, "failed"),
        ("b", "done"),
        ("c", "done"),
    ]
    assert found[1].reason == reason
    assert not any(o.ends_run for o in found)


def test_files_are_taken_no_faster_than_they_are_done() -> None:
    """However many there are, few are held."""
    taken = 0

    def many() -> Iterator[Item]:
        nonlocal taken
        for n in range(10_000):
            taken += 1
            yield Item(str(n), str(n), 1)

    outcomes = pool.run(many(), settings(), jobs=2, make=fake)
    assert next(outcomes).state == "done"
    outcomes.close()
    assert taken < 20


def test_a_worker_with_another_recipe_ends_the_run(tmp_path: Path) -> None:
    """It would write another text than the command means."""
    import dataclasses

    other = dataclasses.replace(settings(), recipe="engine=0 other")
    path = str(transcript(tmp_path / "talk.json"))
    (outcome,) = pool.run(items(path, path), other, jobs=1)
    assert (outcome.state, outcome.reason, outcome.ends_run) == ("failed", "workers_differ", True)


def test_listing_and_pool_leave_no_file_out(tmp_path: Path) -> None:
    """Every file that is listed has one outcome."""
    names = {str(transcript(tmp_path / f"{n}.json")) for n in range(50)}
    walked = listing.walk([listing.parse(str(tmp_path))], into=None)
    found = [outcome.file for outcome in pool.run(walked, settings(), jobs=3, make=fake)]
    assert sorted(found) == sorted(names)
