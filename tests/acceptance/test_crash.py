"""The daemon dies at the worst moment; the next one finds everything and finishes it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.intake.inbox import CANARY
from daemon.operations.session import Session
from daemon.operations.status import status_of
from state.job import ATTEMPT_CAP, Reason, Status
from tests.acceptance.harness import (
    STEPS,
    Home,
    same_but_times,
    talk,
    wait_for,
)
from tests.acceptance.invariants import check

HAMMER_S = int(os.environ.get("LLASA_TEST_HAMMER_S", "4"))


def test_a_kill_at_each_named_step_changes_nothing_in_the_end(tmp_path: Path) -> None:
    """Killed at every step, run again: the outputs equal an undisturbed run's."""
    undisturbed = Home(tmp_path / "undisturbed")
    wanted = undisturbed.drop("a.json", talk("a", 50))
    assert undisturbed.start("--drain", "--quiet").wait() == 0
    for number, step in enumerate(STEPS):
        home = Home(tmp_path / str(number))
        path = home.drop("a.json", talk("a", 50))
        running = home.start("--drain", "--quiet", kill_at=[step, 1])
        assert running.wait() == -signal.SIGKILL
        assert home.steps()[-2:] == [step, "KILLED"]
        job = home.job(path)
        assert job is not None
        assert job.status is Status.RUNNING, step
        check(home, unfinished=True)
        assert home.start("--drain", "--quiet").wait() == 0
        job = home.job(path)
        assert job is not None
        assert (job.status, job.claims, job.attempt) == (Status.DONE, 2, job.attempt)
        assert job.attempt <= 2
        assert home.text_of(path) == undisturbed.text_of(wanted)
        assert same_but_times(
            path.with_name("a.metadata.json"), wanted.with_name("a.metadata.json")
        )
        check(home)


def test_a_killed_job_goes_on_at_the_part_where_it_was(home: Home) -> None:
    """Three parts were finished: they are not decoded again."""
    path = home.drop("a.json", talk("a", 100))
    with home.daemon("--drain", kill_at=["part_saved", 3]) as running:
        assert running.wait() == -signal.SIGKILL
    assert home.drain().returncode == 0
    job = home.ended(path)
    assert job.status is Status.DONE
    assert home.steps().count("part_saved") == job.parts_total
    assert [record["part"] for record in home.log("job.resumed")] == [4]
    check(home)


def test_a_job_that_kills_the_daemon_each_time_is_given_up(home: Home) -> None:
    """Five claims without one finished part, then `failed`; the others are done."""
    bad = home.drop("bad.json", talk("bad"))
    killed = 0
    for _ in range(5):
        running = home.start("--drain", "--quiet", kill_at=["claimed", 1])
        killed += running.wait() == -signal.SIGKILL
    good = home.drop("good.json", talk("good"))
    assert home.start("--drain", "--quiet").wait() == 1
    assert killed == 5
    job = home.ended(bad)
    assert (job.status, job.reason) == (Status.FAILED, Reason.ATTEMPTS_EXHAUSTED)
    assert home.ended(good).status is Status.DONE
    check(home)


def test_kills_while_publishing_do_not_use_a_job_up(home: Home) -> None:
    """Every part is saved: after twice the attempts the others go first, and it is still done."""
    late = ["finished", *(step for step in STEPS if step.startswith(("temp", "renamed", "sync")))]
    late += ["before_commit", "claimed", "prepared"]
    bad = home.drop("bad.json", talk("bad", 50))
    running = home.start("--drain", "--quiet", kill_at=["finished", 1])
    killed = int(running.wait() == -signal.SIGKILL)
    saved = home.steps().count("part_saved")
    for number in range(2 * ATTEMPT_CAP - 1):
        step = late[number % len(late)]
        killed += home.start("--drain", "--quiet", kill_at=[step, 1]).wait() == -signal.SIGKILL
        assert home.steps()[-2:] == [step, "KILLED"]
    assert killed == 2 * ATTEMPT_CAP
    good = home.drop("good.json", talk("good"))
    with home.daemon("--quiet") as waiting:
        done = home.became(good, Status.DONE)
        job = home.job(bad)
        assert job is not None
        assert (job.status, job.tried_last) == (Status.QUEUED, True)  # it is to cool down
        assert job.reason is Reason.KILLED_WHILE_FINISHING
        assert waiting.stop() == 0
    assert done.claims == 1
    assert home.start("--drain", "--quiet").wait() == 0
    job = home.ended(bad)
    assert (job.status, job.reason, job.claims) == (Status.DONE, None, killed + 1)
    assert home.steps().count("part_saved") == saved + 1  # of the other file
    check(home)


def test_a_job_during_which_the_machine_restarted_twice_is_tried_last(home: Home) -> None:
    """Other files first, and the reason is told."""
    home.script(delay_s=0.05)
    bad = home.drop("bad.json", talk("bad", 60))
    for boot in ("first", "second"):
        running = home.start("--drain", "--quiet", boot_id=boot, kill_at=["prepared", 1])
        assert running.wait() == -signal.SIGKILL
    home.drop("good.json", talk("good"))
    running = home.start("--quiet", boot_id="third")
    good = home.became(home.transcripts / "good.json", Status.DONE)
    job = home.job(bad)
    assert job is not None
    assert (job.status, job.reason) == (Status.QUEUED, Reason.RESTART_DURING_JOB)
    assert job.tried_last
    assert running.stop() == 0
    assert home.start("--drain", "--quiet", boot_id="third").wait() == 0
    assert good.id > job.id
    assert home.ended(bad).status is Status.DONE
    check(home)


def test_no_canary_is_left_in_the_folder(home: Home) -> None:
    """A killed daemon leaves none; one that a polled folder kept goes with the next drain."""
    canary = home.transcripts / CANARY
    with home.daemon() as running:
        running.until_watching()
        wait_for(lambda: (row := home.row()) and row.canary_at, what="the canary is heard")
        running.signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
    assert not canary.exists()
    canary.touch(mode=0o600)
    home.drop("a.json", talk("a"))
    assert home.drain().returncode == 0
    assert not canary.exists()
    check(home)


def test_the_command_line_works_right_after_a_kill(home: Home) -> None:
    """The first hundred milliseconds after SIGKILL show a status, not an error."""
    home.script(delay_s=0.02)
    for n in range(40):
        home.drop(f"a{n}.json", talk(f"a{n}x", 40))
    looks = 0
    for number in range(8):
        running = home.start("--quiet", kill_at=["part_saved", 2 + number])
        assert running.wait() == -signal.SIGKILL
        for _ in range(5):
            report = status_of(Session(str(home.path)))
            assert not report.running
            assert sum(report.jobs.values()) == 40
            looks += 1
    assert home.start("--drain", "--quiet").wait() == 0
    assert looks == 40
    check(home)


_HAMMER = """
import sys, time
from pathlib import Path
from daemon.operations.status import status_of
from daemon.operations.session import Session
session, calls = Session(sys.argv[1]), 0
until = time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    status_of(session)
    with session.writing() as book:
        book.queue.retry_failed()
    calls += 2
print(calls)
"""


def test_eight_busy_command_lines_never_meet_a_locked_database(home: Home) -> None:
    """`status` and `retry --failed` in eight processes while the worker works: no error at all."""
    home.script({"word": "bad0", "do": "fail", "times": None}, delay_s=0.01)
    home.drop("bad.json", talk("bad"))
    for n in range(30):
        home.drop(f"a{n}.json", talk(f"a{n}x", 60))
    with home.daemon() as running:
        running.until_watching()
        hammers = [
            subprocess.Popen(
                [sys.executable, "-c", _HAMMER, str(home.path), str(HAMMER_S)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(8)
        ]
        calls = 0
        for hammer in hammers:
            said, complaint = hammer.communicate(timeout=60 + HAMMER_S)
            assert hammer.returncode == 0, complaint
            calls += int(said)
        home.script()
        wait_for(
            lambda: (c := home.with_queue(lambda q: q.counts())) and c[Status.DONE] >= 30,
            what="the work goes on",
        )
        assert running.stop() == 0
    assert calls > 40
    assert home.log("database.failed") == []
    check(home, unfinished=True)


def test_a_second_daemon_is_refused_and_says_who_works(home: Home) -> None:
    """Exit code 3, the pid of the first; the first goes on."""
    with home.daemon() as first:
        first.until_watching()
        with home.daemon() as second:
            assert second.wait(10) == 3
            assert str(first.pid) in second.output()
        home.was_killed = False
        path = home.drop("a.json", talk("a"))
        assert home.ended(path).status is Status.DONE
        assert first.stop() == 0
    check(home)


@pytest.mark.parametrize("pid", [1, os.getpid(), 4_000_000], ids=["init", "alive", "none"])
def test_a_stale_pid_in_the_lock_file_stops_nobody(home: Home, pid: int) -> None:
    """Dead, reused or absurd: the kernel's lock decides, never the number."""
    home.places.state.mkdir(parents=True, mode=0o700)
    home.places.lock.write_text(f"{pid}\n")
    home.drop("a.json", talk("a"))
    assert home.drain().returncode == 0
    check(home)


def test_a_corrupt_database_is_set_aside_and_the_folder_tells_what_is_done(home: Home) -> None:
    """Finished files are taken up as done, unfinished ones are queued; the old file is kept."""
    paths = [home.drop(f"a{n}.json", talk(f"a{n}x")) for n in range(3)]
    assert home.drain().returncode == 0
    database = home.places.database
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    size = database.stat().st_size
    database.write_bytes(b"\x00garbage\xff" * (size // 9))
    new = home.drop("new.json", talk("new"))
    claims = home.steps().count("claimed")
    assert home.drain().returncode == 0
    assert home.steps().count("claimed") == claims + 1
    assert [home.ended(path).status for path in (*paths, new)] == [Status.DONE] * 4
    assert len(home.log("database.recovered")) == 1
    assert len(list(home.places.state.glob("queue.db*corrupt*"))) >= 1
    check(home)


def test_an_edit_outlives_the_loss_of_the_database(home: Home) -> None:
    """The metadata knows what was written: a redo writes beside an edited text, over others."""
    home.places.settings.write_text(home.places.settings.read_text() + 'outputs = ["txt", "md"]\n')
    edited, left = (home.drop(name, talk(name[0])) for name in ("edited.json", "left.json"))
    assert home.drain().returncode == 0
    text = edited.with_name("edited.enhanced.txt")
    text.write_text("My own words.\n")
    home.places.database.unlink()
    assert home.drain().returncode == 0
    assert len(home.log("job.adopted")) == 2
    jobs = [home.ended(path) for path in (edited, left)]
    assert [(job.status, job.claims) for job in jobs] == [(Status.DONE, 0)] * 2
    check(home, edited=frozenset({text}))
    (home.transcripts / "speakers.toml").write_text('UNKNOWN = "Ada"\n')
    home.allowed.add(home.transcripts / "speakers.toml")
    with home.queue() as queue:
        assert queue.redo_all() == 2
    assert home.drain().returncode == 0
    assert text.read_text() == "My own words.\n"
    assert edited.with_name("edited.enhanced.1.txt").exists()
    assert not left.with_name("left.enhanced.1.txt").exists()
    assert not list(home.transcripts.glob("*.md.1")) + list(home.transcripts.glob("*.1.md"))
    check(home, edited=frozenset({text}))


def test_a_database_deleted_under_the_daemon_is_made_again(home: Home) -> None:
    """Noticed within seconds, rebuilt from the folder, work goes on without a restart."""
    first = home.drop("first.json", talk("first"))
    with home.daemon() as running:
        home.ended(first)
        for file in home.places.state.glob("queue.db*"):
            file.unlink()
        wait_for(lambda: home.log("database.lost"), what="the loss is noticed")
        second = home.drop("second.json", talk("second"))
        assert home.became(second, Status.DONE).claims == 1
        assert home.became(first, Status.DONE).claims == 0
        assert running.stop() == 0
    check(home)


def test_a_newer_schema_is_refused_and_left_as_it_is(home: Home) -> None:
    """A downgrade says so, with exit code 3, and touches nothing."""
    home.drop("a.json", talk("a"))
    assert home.drain().returncode == 0
    with sqlite3.connect(home.places.database) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('llasa', 'm999_future', 'today')"
        )
    connection.close()
    done = home.drain()
    assert done.returncode == 3
    assert "newer version" in done.stdout
    assert home.control("status").returncode == 3
    with sqlite3.connect(home.places.database) as connection:
        connection.execute("DELETE FROM _sqlite_migrations WHERE name = 'm999_future'")
    connection.close()
    assert home.drain().returncode == 0
    check(home)


def test_an_output_that_a_user_edited_is_never_overwritten(home: Home) -> None:
    """A new version of the source writes beside the edited text, and the job says so."""
    path = home.drop("a.json", talk("first"))
    assert home.drain().returncode == 0
    edited = path.with_name("a.enhanced.txt")
    edited.write_text("My own words.\n")
    home.drop("a.json", talk("second"))
    assert home.drain().returncode == 0
    assert edited.read_text() == "My own words.\n"
    assert "Second0" in path.with_name("a.enhanced.1.txt").read_text()
    job = home.ended(path)
    assert [output.displaced for output in job.outputs] == [True, False]
    check(home, edited=frozenset({edited}))
