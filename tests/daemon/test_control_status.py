"""`status` tells the truth about a working daemon, what waits and which edits were kept."""

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
from tests.daemon.conftest import Ask, ServiceRig, WorkerRig
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
    """Make the screen so wide that no line is wrapped."""
    monkeypatch.setenv("COLUMNS", "300")


def begun(queue: Queue, *, words: int, parts: int, done: int = 0) -> Job:
    """Claim the next job, cut it into parts of ten words, and save some of them."""
    job = queue.claim(boot_id="boot-1")
    assert job is not None
    job = queue.begin_parts(job, total=parts, recipe="r", words=words)
    for index in range(done):
        job = queue.save_part(job, index, status="enhanced", payload="{}", words=10, decode_s=0.5)
    return job


def kept(rig: WorkerRig) -> Path:
    """Do a file, edit its text, do the file again; return the text."""
    job = dropped(rig)
    rig.worker().run_one()
    text = Path(job.path).with_suffix(".enhanced.txt")
    text.write_text("As I want it.\n")
    rig.queue.redo(job.id)
    rig.worker().run_one()
    return text


def test_a_paused_job_counts_with_the_words_that_are_left(
    ask: Ask, rig: WorkerRig, row: ServiceRow
) -> None:
    """They are recorded; an estimate from its bytes would be wrong."""
    dropped(rig, "done.json")
    rig.worker().run_one()
    dropped(rig, "long.json", talk())
    rig.queue.release(begun(rig.queue, words=390, parts=39, done=27), reason=Reason.PAUSED)
    row.update(words_per_s=10.0)

    queue = ask("status", "--json").json["queue"]
    assert (queue["jobs"], queue["words"], queue["left_s"]) == (1, 120, 12.0)
    assert "about 120 words, 12 s for all" in ask("status").out


def test_a_redo_counts_with_the_words_of_the_first_time(ask: Ask, rig: WorkerRig) -> None:
    """The same bytes have as many words."""
    short = dropped(rig, "short.json")
    dropped(rig, "long.json", talk(parts=30))
    worker = rig.worker()
    while worker.run_one():
        pass
    rig.queue.redo(short.id)

    words = now(rig.queue, short).words_total
    assert words == 20
    assert ask("status", "--json").json["queue"]["words"] == words
    assert "about 20 words" in ask("status").out


def test_a_kept_edit_is_reported_and_the_list_marks_it(ask: Ask, rig: WorkerRig) -> None:
    """Showing it only with the job is not enough: the user may never ask for that job."""
    dropped(rig, "other.json")
    rig.worker().run_one()
    assert ask("status", "--json").json["edits_kept"] == 0
    assert "edited" not in ask("status").out
    text = kept(rig)

    assert text.read_text() == "As I want it.\n"
    assert ask("status", "--json").json["edits_kept"] == 1
    screen = [line.rstrip() for line in ask("status").out.splitlines()]
    assert "edited    1 file whose edited output was kept; see which: llasactl jobs" in screen
    marked = [line for line in ask("jobs").out.splitlines() if "an edited output was kept" in line]
    assert len(marked) == 1


def test_a_list_that_is_cut_off_says_how_to_see_all_of_it(
    ask: Ask, rig: WorkerRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job of last year is not on the first screen."""
    monkeypatch.setattr("daemon.control.status.SHOWN", 1)
    kept(rig)
    assert "see which: llasactl jobs --limit 0" in ask("status").out


def test_an_edit_is_shown_beside_the_reason(ask: Ask, rig: WorkerRig) -> None:
    """Neither replaces the other."""
    kept(rig)
    rig.queue.database.execute("UPDATE jobs SET reason = 'uncovered_language'")
    assert "does not know the language; an edited output was kept" in ask("jobs").out


def test_a_part_that_was_not_plausible_is_told(ask: Ask, rig: WorkerRig) -> None:
    """With what to do about it."""
    kept(rig)
    rig.queue.database.execute("UPDATE jobs SET reason = 'implausible'")
    assert "was not plausible" in ask("jobs").out


@pytest.mark.parametrize("reported", ["starting", "idle", "paused", "held"])
def test_a_running_job_is_shown_as_working(
    ask: Ask, rig: WorkerRig, row: ServiceRow, reported: str
) -> None:
    """The phase that the daemon reports is up to two seconds old, its job's status is not."""
    dropped(rig)
    row.update(phase=reported)
    assert ask("status", "--json").json["phase"] == reported
    begun(rig.queue, words=340, parts=34)
    assert ask("status", "--json").json["phase"] == "working"
    screen = ask("status").out
    assert "part 1 of 34" in screen
    assert "daemon    working" in screen


def test_a_hold_is_shown_while_a_job_runs(ask: Ask, rig: WorkerRig, row: ServiceRow) -> None:
    """A disk may fill up while a part is decoded: then both are true."""
    dropped(rig)
    begun(rig.queue, words=20, parts=2)
    rig.queue.hold(Reason.DISK_FULL)
    row.update(phase="held")
    assert ask("status", "--json").json["phase"] == "held"


def test_a_drain_is_shown_as_ending_and_not_watching(
    ask: Ask, service_rig: ServiceRig, home: Home
) -> None:
    """It watches nothing, so that no event can come."""
    lock = HomeLock(home.lock)
    lock.acquire()
    for drain in (False, True):
        service_rig.start(drain=drain)
        service_rig.service.tick(service_rig.clock.pass_by(1))
        report, screen = ask("status", "--json").json, ask("status").out
        service_rig.service.watch.close()
        assert report["draining"] is drain
        assert ("watching  " in screen) is not drain
        assert ("no event yet" in screen) is not drain
        assert (f"pid {os.getpid()}" in screen) is True
        assert ("ends when done (--drain)" in screen) is drain
        assert ("not watched; " in screen) is drain
    lock.release()


def test_the_speed_of_a_job_is_that_of_its_decoded_parts(ask: Ask, rig: WorkerRig) -> None:
    """A part in a language that the model does not know took no time and does not count."""
    dropped(rig)
    job = begun(rig.queue, words=1000, parts=3, done=1)
    rig.queue.save_part(job, 1, status="uncovered", payload="{}", words=990, decode_s=0.0)
    assert "20 words/s, 0 s of decoding" in ask("show", "1").out


def test_the_demo_says_what_it_measured(rig: WorkerRig) -> None:
    """Its seconds are those of the whole demo, its rate that of the decoding alone."""
    dropped(rig)
    job = begun(rig.queue, words=20, parts=2, done=2)
    assert _speed([job], 4.0) == "20 words in 4 s (decoding alone: 20 words/s)"
    assert _speed([], 4.0) == "0 words in 4 s"
