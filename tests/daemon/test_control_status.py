"""What `status` says of a daemon that works, of what waits and of what was kept: what is true."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.control.demo import _speed
from daemon.home import Home
from daemon.lock import HomeLock
from state.job import Job, Reason
from state.queue import Queue
from state.service import ServiceRow
from tests.daemon.conftest import Ask, Bench, Stage
from tests.daemon.making import dropped, now, talk


@pytest.fixture
def row(home: Home, queue: Queue) -> Iterator[ServiceRow]:
    """Hold the home as a daemon does, and return its row."""
    lock = HomeLock(home.lock)
    lock.acquire()
    yield ServiceRow(queue.database)
    lock.release()


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no line of the screen be broken."""
    monkeypatch.setenv("COLUMNS", "300")


def begun(queue: Queue, *, words: int, parts: int, done: int = 0) -> Job:
    """Claim the next job, cut it into parts of ten words, and save some of them."""
    job = queue.claim(boot_id="boot-1")
    assert job is not None
    job = queue.begin_parts(job, total=parts, recipe="r", words=words)
    for index in range(done):
        job = queue.save_part(job, index, status="enhanced", payload="{}", words=10, decode_s=0.5)
    return job


def kept(bench: Bench) -> Path:
    """Do a file, edit its text, do the file anew; return the text."""
    job = dropped(bench)
    bench.worker().run_one()
    text = Path(job.path).with_suffix(".enhanced.txt")
    text.write_text("As I want it.\n")
    bench.queue.redo(job.id)
    bench.worker().run_one()
    return text


def test_of_a_paused_job_the_words_that_are_left_are_said(
    ask: Ask, bench: Bench, row: ServiceRow
) -> None:
    """They are recorded; its bytes would tell something else."""
    dropped(bench, "done.json")
    bench.worker().run_one()
    dropped(bench, "long.json", talk())
    bench.queue.release(begun(bench.queue, words=390, parts=39, done=27), reason=Reason.PAUSED)
    row.update(words_per_s=10.0)

    queue = ask("status", "--json").json["queue"]
    assert (queue["jobs"], queue["words"], queue["left_s"]) == (1, 120, 12.0)
    assert "about 120 words, 12 s for all" in ask("status").out


def test_of_a_redo_the_words_of_the_first_time_are_said(ask: Ask, bench: Bench) -> None:
    """The same bytes have as many."""
    short = dropped(bench, "short.json")
    dropped(bench, "long.json", talk(parts=30))
    worker = bench.worker()
    while worker.run_one():
        pass
    bench.queue.redo(short.id)

    words = now(bench.queue, short).words_total
    assert words == 20
    assert ask("status", "--json").json["queue"]["words"] == words
    assert "about 20 words" in ask("status").out


def test_a_kept_edit_is_said_and_the_list_marks_it(ask: Ask, bench: Bench) -> None:
    """Not only by the one job, for which nobody may ask."""
    dropped(bench, "other.json")
    bench.worker().run_one()
    assert ask("status", "--json").json["edits_kept"] == 0
    assert "edited" not in ask("status").out
    text = kept(bench)

    assert text.read_text() == "As I want it.\n"
    assert ask("status", "--json").json["edits_kept"] == 1
    screen = [line.rstrip() for line in ask("status").out.splitlines()]
    assert "edited    1 file whose edited output was kept; marked in: llasactl jobs" in screen
    marked = [line for line in ask("jobs").out.splitlines() if "an edited output was kept" in line]
    assert len(marked) == 1


def test_where_the_list_is_cut_the_way_to_all_of_it_is_said(
    ask: Ask, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job of last year stands on no first screen."""
    monkeypatch.setattr("daemon.control.status.SHOWN", 1)
    kept(bench)
    assert "marked in: llasactl jobs --limit 0" in ask("status").out


def test_an_edit_is_said_beside_the_reason(ask: Ask, bench: Bench) -> None:
    """Neither takes the other's place."""
    kept(bench)
    bench.queue.database.execute("UPDATE jobs SET reason = 'uncovered_language'")
    assert "does not know the language; an edited output was kept" in ask("jobs").out


@pytest.mark.parametrize("said", ["starting", "idle", "paused", "held"])
def test_what_runs_is_said_to_run(ask: Ask, bench: Bench, row: ServiceRow, said: str) -> None:
    """The daemon's word of itself is up to two seconds old, its job's is not."""
    dropped(bench)
    row.update(phase=said)
    assert ask("status", "--json").json["phase"] == said
    begun(bench.queue, words=340, parts=34)
    assert ask("status", "--json").json["phase"] == "working"
    screen = ask("status").out
    assert "part 1 of 34" in screen
    assert "daemon    working" in screen


def test_a_hold_is_said_while_a_job_runs(ask: Ask, bench: Bench, row: ServiceRow) -> None:
    """A disk may fill while a part is decoded: then both are so."""
    dropped(bench)
    begun(bench.queue, words=20, parts=2)
    bench.queue.hold(Reason.DISK_FULL)
    row.update(phase="held")
    assert ask("status", "--json").json["phase"] == "held"


def test_a_drain_is_said_to_end_and_not_to_watch(ask: Ask, stage: Stage, home: Home) -> None:
    """What it does not listen to has no event, not none yet."""
    lock = HomeLock(home.lock)
    lock.acquire()
    for drain in (False, True):
        stage.begin(drain=drain)
        stage.service.tick(stage.clock.pass_by(1))
        report, screen = ask("status", "--json").json, ask("status").out
        stage.service.watch.close()
        assert report["draining"] is drain
        assert ("watching  " in screen) is not drain
        assert ("no event yet" in screen) is not drain
        assert (f"pid {os.getpid()}" in screen) is True
        assert ("ends when done (--drain)" in screen) is drain
        assert ("not watched; " in screen) is drain
    lock.release()


def test_the_speed_of_a_job_is_that_of_what_was_decoded(ask: Ask, bench: Bench) -> None:
    """A part in a language that the model does not know took no time, and is not in the figure."""
    dropped(bench)
    job = begun(bench.queue, words=1000, parts=3, done=1)
    bench.queue.save_part(job, 1, status="uncovered", payload="{}", words=990, decode_s=0.0)
    assert "20 words/s, 0 s of decoding" in ask("show", "1").out


def test_the_demo_says_over_what_it_measured(bench: Bench) -> None:
    """Its seconds are those of the whole show, its rate is not."""
    dropped(bench)
    job = begun(bench.queue, words=20, parts=2, done=2)
    assert _speed([job], 4.0) == "20 words in 4 s (decoding alone: 20 words/s)"
    assert _speed([], 4.0) == "0 words in 4 s"
