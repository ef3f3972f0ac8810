"""What a person changes about jobs: redo, cancel, prioritize, forget, pause, resume."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import click
import pytest
import sqlite_utils

from daemon.control.rest import _moment
from daemon.home import Home
from daemon.lock import HomeLock, holder
from state import migrations
from state.job import Job, Status
from state.queue import Queue
from tests.daemon.conftest import Ask, Bench
from tests.daemon.making import dropped
from tests.state.making import claim_order


def done(bench: Bench, name: str) -> Job:
    job = dropped(bench, name)
    bench.worker().run_one()
    return job


def latest(bench: Bench, name: str) -> Job:
    job = bench.queue.job_by_path(str(bench.config.watch[0] / name))
    assert job is not None
    return job


def test_redo_keeps_the_old_outputs_until_the_new_are_complete(ask: Ask, bench: Bench) -> None:
    """They are replaced, not written beside, and the old job stays in the books."""
    done(bench, "talk.json")
    text = bench.config.watch[0] / "talk.enhanced.txt"
    before = text.stat().st_ino
    answer = ask("redo", "talk.json")
    assert answer.code == 0
    assert "queued anew: 2  talk.json" in answer.out
    assert text.exists()
    bench.worker().run_one()
    assert text.stat().st_ino != before
    assert latest(bench, "talk.json").generation == 1
    assert [job.status for job in bench.queue.jobs()] == [Status.DONE, Status.DONE]
    assert sorted(path.name for path in text.parent.iterdir()) == [
        "talk.enhanced.txt",
        "talk.json",
        "talk.metadata.json",
    ]


def test_redo_with_a_profile_or_a_model_keeps_to_it(
    ask: Ask, bench: Bench, home: Home, model_folder: Path
) -> None:
    """What the settings say of the folder does not count then."""
    done(bench, "talk.json")
    home.settings.write_text('[profile.calls]\nfolders = ["calls"]\ncleaning = "thorough"\n')
    assert ask("redo", "1", "--profile", "calls", "--model", str(model_folder)).code == 0
    job = latest(bench, "talk.json")
    assert (job.profile, job.model) == ("calls", str(model_folder))


def test_redo_refuses_what_would_fail_every_job(ask: Ask, bench: Bench, home: Home) -> None:
    """A profile that is not there, a model that is not there; nothing is queued."""
    done(bench, "talk.json")
    home.settings.write_text('[profile.calls]\nfolders = ["calls"]\n')
    answer = ask("redo", "1", "--profile", "call")
    assert answer.code == 2
    assert "no profile 'call'" in answer.err
    assert "default, calls" in answer.err
    answer = ask("redo", "1", "--model", "no/such")
    assert answer.code == 3
    assert "hf download no/such" in answer.err
    assert len(bench.queue.jobs()) == 1


def test_redo_all_takes_every_file_once(ask: Ask, bench: Bench) -> None:
    """The latest job of each."""
    done(bench, "one.json")
    done(bench, "two.json")
    assert "queued anew: 2 files" in ask("redo", "--all").out
    assert "queued anew: 0 files" in ask("redo", "--all").out
    assert ask("redo").code == 2
    assert ask("redo", "1", "--all").code == 2


def test_cancel_takes_back_what_waits_and_retry_takes_it_up(ask: Ask, bench: Bench) -> None:
    """What is done cannot be cancelled."""
    dropped(bench, "talk.json")
    assert "cancelled: 1  talk.json" in ask("cancel", "talk.json").out
    assert not bench.worker().run_one()
    assert ask("retry", "1").code == 0
    bench.worker().run_one()
    refused = ask("cancel", "1")
    assert refused.code == 3
    assert "job 1 is done" in refused.err
    assert "`llasactl show 1`" in refused.err


def test_prioritized_jobs_go_first_in_the_order_named(ask: Ask, bench: Bench) -> None:
    """Or by a figure."""
    for name in ("a.json", "b.json", "c.json", "d.json"):
        dropped(bench, name)
    assert ask("prioritize", "c.json", "b.json").code == 0
    assert "priority 50: 4" in ask("prioritize", "4", "--priority", "50").out
    order = [Path(job.path).name for job in claim_order(bench.queue)]
    assert order == ["d.json", "c.json", "b.json", "a.json"]


def test_forget_strikes_a_file_and_touches_none(ask: Ask, bench: Bench) -> None:
    """All its jobs go; one that runs has to be cancelled first."""
    done(bench, "talk.json")
    ask("redo", "talk.json")
    claimed = bench.queue.claim(boot_id="boot-1")
    assert claimed is not None
    refused = ask("forget", "talk.json")
    assert refused.code == 3
    assert "llasactl cancel 2" in refused.err
    bench.queue.cancel(2)
    assert "forgotten: 2 jobs of talk.json" in ask("forget", "talk.json").out
    assert bench.queue.jobs() == []
    assert len(list(bench.config.watch[0].iterdir())) == 3


def test_pause_is_kept_with_its_reason_until_resume(ask: Ask, bench: Bench) -> None:
    """Status shows it; the worker claims nothing."""
    dropped(bench, "talk.json")
    answer = ask("pause", "on \x1b[31mbattery")
    assert "paused until `llasactl resume`" in answer.out
    assert not bench.worker().run_one()
    shown = ask("status").out
    assert "on \\x1b[31mbattery" in shown
    assert "llasactl resume" in shown
    assert "goes on" in ask("resume").out
    assert "was not paused" in ask("resume").out
    assert bench.worker().run_one()


def test_a_pause_with_an_end_says_when(ask: Ask, bench: Bench) -> None:
    """In local time, in words a person can check."""
    answer = ask("pause", "--until", "90min")
    assert re.search(r"paused until \d{4}-\d\d-\d\d \d\d:\d\d", answer.out)
    paused = bench.queue.paused()
    assert paused is not None
    assert paused.until is not None
    assert bench.queue.expire_pause(paused.until + 1)


NOW = datetime(2026, 11, 20, 15, 30).astimezone()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("18:00", NOW.replace(hour=18, minute=0)),
        ("9:05", NOW.replace(hour=9, minute=5) + timedelta(days=1)),
        ("2026-12-24", datetime(2026, 12, 24).astimezone()),
        ("2026-12-24T18:00", datetime(2026, 12, 24, 18).astimezone()),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, moment: datetime) -> None:
    """A time of day that has passed is tomorrow's."""
    assert _moment(text, NOW) == moment.timestamp()


@pytest.mark.parametrize("text", ["soon", "25:00", "2020-01-01", "-5min", ""])
def test_a_moment_that_is_none_is_refused(text: str) -> None:
    """With the ways in which one is written, or because it has passed."""
    with pytest.raises(click.BadParameter):
        _moment(text, NOW)


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ours a version that has one more step."""

    def m999_mood(db: sqlite_utils.Database) -> None:
        db.execute("ALTER TABLE jobs ADD COLUMN mood TEXT")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, m999_mood))
    monkeypatch.setattr(migrations, "NAMES", (*migrations.NAMES, "m999_mood"))
    monkeypatch.setattr(migrations.migrate, "__defaults__", (migrations.STEPS,))


def test_a_newer_command_leaves_the_database_of_an_older_daemon_alone(
    ask: Ask, home: Home, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon that runs could not read it any longer."""
    before = migrations.applied(queue.database)
    later(monkeypatch)
    lock = HomeLock(home.lock)
    lock.acquire()
    answer = ask("pause")
    lock.release()
    assert answer.code == 3
    assert "llasactl restart" in answer.err
    assert migrations.applied(queue.database) == before


def test_without_a_daemon_a_newer_command_brings_the_database_up_to_date(
    ask: Ask, home: Home, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And leaves the lock to the next daemon."""
    later(monkeypatch)
    assert ask("pause").code == 0
    assert migrations.applied(queue.database)[-1] == "m999_mood"
    assert queue.paused() is not None
    assert holder(home.lock) is None


@pytest.mark.parametrize(
    "until",
    ["9999999d", "9" * 400 + "d", "9999-12-31T23:59", "3026-01-01", "0001-01-01", "99:99"],
)
def test_a_pause_until_no_moment_is_not_begun(ask: Ask, queue: Queue, until: str) -> None:
    """Every look at the status failed from then on."""
    answer = ask("pause", "--until", until)
    assert answer.code == 2
    assert "--until" in answer.err
    assert "bug" not in answer.err
    assert queue.paused() is None
    assert ask("status").code != 1


def test_a_pause_that_an_earlier_version_kept_too_far_away_is_shown(ask: Ask, queue: Queue) -> None:
    """Only `resume` helped, and nothing said so."""
    queue.pause("lunch", until=9e11)
    answer = ask("status")
    assert "lunch" in answer.out
    assert "bug" not in answer.err
