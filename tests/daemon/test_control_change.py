"""What the user changes about jobs: redo, cancel, prioritize, forget, pause, resume."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlite_utils

from daemon.home import Home
from daemon.lock import HomeLock, holder
from daemon.operations.errors import InvalidMoment
from daemon.operations.pausing import moment_of
from state import migrations
from state.job import Job, Status
from state.queue import Queue
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import dropped
from tests.state.making import claim_order


def done(rig: WorkerRig, name: str) -> Job:
    job = dropped(rig, name)
    rig.worker().run_one()
    return job


def latest(rig: WorkerRig, name: str) -> Job:
    job = rig.queue.job_by_path(str(rig.config.watch[0] / name))
    assert job is not None
    return job


def test_redo_keeps_the_old_outputs_until_the_new_are_complete(ask: Ask, rig: WorkerRig) -> None:
    """They are then replaced, and the old job stays in the database."""
    done(rig, "talk.json")
    text = rig.config.watch[0] / "talk.enhanced.txt"
    before = text.stat().st_ino
    answer = ask("redo", "talk.json")
    assert answer.code == 0
    assert "queued again: 2  talk.json" in answer.out
    assert text.exists()
    rig.worker().run_one()
    assert text.stat().st_ino != before
    assert latest(rig, "talk.json").generation == 1
    assert [job.status for job in rig.queue.jobs()] == [Status.DONE, Status.DONE]
    assert sorted(path.name for path in text.parent.iterdir()) == [
        "talk.enhanced.txt",
        "talk.json",
        "talk.metadata.json",
    ]


def test_redo_with_a_profile_or_a_model_keeps_to_it(
    ask: Ask, rig: WorkerRig, home: Home, model_folder: Path
) -> None:
    """The settings of the folder do not count then."""
    done(rig, "talk.json")
    home.settings.write_text('[profile.calls]\nfolders = ["calls"]\ncleaning = "thorough"\n')
    assert ask("redo", "1", "--profile", "calls", "--model", str(model_folder)).code == 0
    job = latest(rig, "talk.json")
    assert (job.profile, job.model) == ("calls", str(model_folder))


def test_redo_refuses_what_would_fail_every_job(ask: Ask, rig: WorkerRig, home: Home) -> None:
    """For a missing profile or model nothing is queued."""
    done(rig, "talk.json")
    home.settings.write_text('[profile.calls]\nfolders = ["calls"]\n')
    answer = ask("redo", "1", "--profile", "call")
    assert answer.code == 2
    assert "no profile 'call'" in answer.err
    assert "default, calls" in answer.err
    answer = ask("redo", "1", "--model", "no/such")
    assert answer.code == 3
    assert "model pull no/such" in answer.err
    assert len(rig.queue.jobs()) == 1


def test_redo_all_takes_every_file_once(ask: Ask, rig: WorkerRig) -> None:
    """It redoes the latest job of each."""
    done(rig, "one.json")
    done(rig, "two.json")
    assert "queued again: 2 files" in ask("redo", "--all").out
    assert "queued again: 0 files" in ask("redo", "--all").out
    assert ask("redo").code == 2
    assert ask("redo", "1", "--all").code == 2


def test_cancel_stops_a_waiting_job_and_retry_queues_it_again(ask: Ask, rig: WorkerRig) -> None:
    """A job that is done cannot be cancelled."""
    dropped(rig, "talk.json")
    assert "cancelled: 1  talk.json" in ask("cancel", "talk.json").out
    assert not rig.worker().run_one()
    assert ask("retry", "1").code == 0
    rig.worker().run_one()
    refused = ask("cancel", "1")
    assert refused.code == 3
    assert "job 1 is done" in refused.err
    assert "`llasactl show 1`" in refused.err


def test_prioritized_jobs_go_first_in_the_order_named(ask: Ask, rig: WorkerRig) -> None:
    """A priority can be given instead."""
    for name in ("a.json", "b.json", "c.json", "d.json"):
        dropped(rig, name)
    assert ask("prioritize", "c.json", "b.json").code == 0
    assert "priority 50: 4" in ask("prioritize", "4", "--priority", "50").out
    order = [Path(job.path).name for job in claim_order(rig.queue)]
    assert order == ["d.json", "c.json", "b.json", "a.json"]


def test_forget_removes_the_jobs_of_a_file_and_touches_no_file(ask: Ask, rig: WorkerRig) -> None:
    """All its jobs are removed; one that runs has to be cancelled first."""
    done(rig, "talk.json")
    ask("redo", "talk.json")
    claimed = rig.queue.claim(boot_id="boot-1")
    assert claimed is not None
    refused = ask("forget", "talk.json")
    assert refused.code == 3
    assert "llasactl cancel 2" in refused.err
    rig.queue.cancel(2)
    assert "forgotten: 2 jobs of talk.json" in ask("forget", "talk.json").out
    assert rig.queue.jobs() == []
    assert len(list(rig.config.watch[0].iterdir())) == 3


def test_pause_is_kept_with_its_reason_until_resume(ask: Ask, rig: WorkerRig) -> None:
    """`status` shows it, and the worker claims nothing."""
    dropped(rig, "talk.json")
    answer = ask("pause", "on \x1b[31mbattery")
    assert "paused until `llasactl resume`" in answer.out
    assert not rig.worker().run_one()
    shown = ask("status").out
    assert "on \\x1b[31mbattery" in shown
    assert "llasactl resume" in shown
    assert "resumed" in ask("resume").out
    assert "was not paused" in ask("resume").out
    assert rig.worker().run_one()


def test_a_pause_with_an_end_says_when(ask: Ask, rig: WorkerRig) -> None:
    """The end is shown in local time, so that the user can check it."""
    answer = ask("pause", "--until", "90min")
    assert re.search(r"paused until \d{4}-\d\d-\d\d \d\d:\d\d", answer.out)
    paused = rig.queue.paused()
    assert paused is not None
    assert paused.until is not None
    assert rig.queue.expire_pause(paused.until + 1)


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
    """A time of day that has passed means tomorrow."""
    assert moment_of(text, NOW) == moment.timestamp()


@pytest.mark.parametrize("text", ["soon", "25:00", "2020-01-01", "-5min", ""])
def test_a_text_that_is_no_moment_is_refused(text: str) -> None:
    """So is a moment that has passed."""
    with pytest.raises(InvalidMoment):
        moment_of(text, NOW)


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this version one more migration."""

    def m999_mood(db: sqlite_utils.Database) -> None:
        db.execute("ALTER TABLE jobs ADD COLUMN mood TEXT")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, m999_mood))
    monkeypatch.setattr(migrations, "NAMES", (*migrations.NAMES, "m999_mood"))
    monkeypatch.setattr(migrations.migrate, "__defaults__", (migrations.STEPS,))


def test_a_newer_command_leaves_the_database_of_an_older_daemon_alone(
    ask: Ask, home: Home, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The running daemon could not read a migrated one any longer."""
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
    """It releases the home's lock afterwards."""
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
    """After such a pause every `status` failed."""
    answer = ask("pause", "--until", until)
    assert answer.code == 2
    assert "--until" in answer.err
    assert "bug" not in answer.err
    assert queue.paused() is None
    assert ask("status").code != 1


def test_a_pause_that_an_earlier_version_kept_too_far_away_is_shown(ask: Ask, queue: Queue) -> None:
    """Before, only `resume` helped, and nothing said so."""
    queue.pause("lunch", until=9e11)
    answer = ask("status")
    assert "lunch" in answer.out
    assert "bug" not in answer.err
