"""Hooks are told what happened: together, once, at least once, and never in the way of the work."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import LogCapture

from daemon.announce.announcer import Announcer
from daemon.announce.documents import News, line
from daemon.announce.lane import AGAIN_S, BACKOFF_S, GATHER_S, SPACING_S, TRIES
from daemon.config import Config
from daemon.hooks.records import Hook
from daemon.log import Log
from state.announcements import AnnouncementRows
from state.job import Hold, Job, Reason, Status
from state.queue import Queue
from tests.daemon.conftest import Ask, Clock, ServiceRig, WorkerRig
from tests.daemon.making import documented, dropped, events, now, talk

# Keeps each document under a number of its own, as a user's script would.
KEEPING = 'n=$(ls got 2>/dev/null | wc -l); mkdir -p got; cat > "got/$n.new"; mv got/$n.new got/$n'


class Desk:
    """An announcer of a home, and what its command was given."""

    def __init__(self, config: Config, queue: Queue, log: Log, clock: Clock) -> None:
        self.config, self.queue, self.log, self.clock = config, queue, log, clock
        self.rows = AnnouncementRows(queue.database)
        self.announcer = self.make()

    def make(self, *, drain: bool = False, **hooks: Hook) -> Announcer:
        config = replace(self.config, **hooks)  # type: ignore[arg-type]
        self.announcer = Announcer(config, self.queue, self.log, wall=self.clock, drain=drain)
        return self.announcer

    def end(self, status: Status = Status.DONE, name: str = "talk.json", **more: Any) -> Job:
        """Queue a file and end its job."""
        rig = WorkerRig(self.config, self.queue, None, self.log, self.clock)  # type: ignore[arg-type]
        job = dropped(rig, name, talk())
        claimed = self.queue.claim(boot_id="boot-1")
        assert claimed is not None
        assert claimed.id == job.id
        return self.queue.finish(claimed, status=status, **more)

    def pass_by(self, seconds: float) -> None:
        """Tick, let time pass, tick; a process that was started has then ended."""
        self.announcer.tick(self.clock.now)
        self.clock.pass_by(seconds)
        self.announcer.tick(self.clock.now)
        self.settle()

    def settle(self) -> None:
        """Wait for the processes that run; the clock stands still."""
        while self.announcer.busy:
            for lane in self.announcer._lanes:
                if lane._process is not None and lane._process.pid is not None:
                    os.waitid(os.P_PID, lane._process.pid, os.WEXITED | os.WNOWAIT)
            self.announcer.tick(self.clock.now)

    def got(self) -> list[dict[str, Any]]:
        folder = self.config.home.path / "got"
        names = sorted(folder.iterdir(), key=lambda path: int(path.name)) if folder.exists() else []
        return [json.loads(path.read_text()) for path in names]


@pytest.fixture
def desk(config: Config, queue: Queue, log: Log, clock: Clock) -> Desk:
    return Desk(config, queue, log, clock)


def command(script: str, **more: Any) -> Hook:
    return Hook(command=("/bin/sh", "-c", script), **more)


def test_a_file_that_is_done_is_told_with_its_result(desk: Desk) -> None:
    """The names of its outputs, never its text."""
    desk.make(on_done=command(KEEPING))
    job = desk.end(reason=None)
    desk.pass_by(GATHER_S)

    (told,) = desk.got()
    assert told["schema"] == "llasa.hook/1"
    assert (told["event"], told["home"]) == ("done", str(desk.config.home.path))
    (entry,) = told["jobs"]
    assert (entry["id"], entry["path"], entry["status"]) == (job.id, job.path, "done")
    assert "text" not in entry
    assert "title" not in entry
    assert desk.announcer.idle()


def test_a_hundred_files_in_a_minute_are_told_together(desk: Desk) -> None:
    """What ends within the gathering, and while a process runs, goes into one document."""
    desk.make(on_done=command(KEEPING))
    for number in range(50):
        desk.end(name=f"{number}.json")
    desk.announcer.tick(desk.clock.now)
    for number in range(50, 100):
        desk.end(name=f"{number}.json")
    desk.clock.pass_by(GATHER_S)
    desk.announcer.tick(desk.clock.now)
    desk.settle()

    (told,) = desk.got()
    assert len(told["jobs"]) == 100


def test_one_process_at_a_time_runs_for_a_hook(desk: Desk) -> None:
    """What comes meanwhile waits for its end and is told then."""
    os.mkfifo(desk.config.home.path / "gate")
    desk.make(on_done=command("cat gate > /dev/null; " + KEEPING))
    desk.end(name="1.json")
    desk.announcer.tick(desk.clock.now)
    desk.announcer.tick(desk.clock.pass_by(GATHER_S))
    first = desk.announcer._lanes[0]._process
    assert first is not None
    desk.end(name="2.json")
    desk.end(name="3.json")
    desk.announcer.tick(desk.clock.pass_by(GATHER_S))
    assert desk.announcer._lanes[0]._process is first
    (desk.config.home.path / "gate").write_text("")
    desk.settle()
    desk.announcer.tick(desk.clock.pass_by(GATHER_S))
    (desk.config.home.path / "gate").write_text("")
    desk.settle()

    assert [len(told["jobs"]) for told in desk.got()] == [1, 2]


def test_notifications_keep_a_distance(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most one a minute, however many files there are; the second one names them all."""
    folder = desk.config.home.path / "programs"
    folder.mkdir()
    (folder / "notify-send").write_text('#!/bin/sh\necho "$4" >> "$PWD/shown"\n')
    (folder / "notify-send").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setattr("daemon.announce.start.notification", linux_notification)
    desk.make(on_done=Hook(notify=True))
    desk.end(name="1.json")
    desk.pass_by(GATHER_S)
    for number in range(2, 9):
        desk.end(name=f"{number}.json")
    desk.pass_by(SPACING_S / 2)
    shown = desk.config.home.path / "shown"
    assert shown.read_text().splitlines() == ["1.json is ready."]
    desk.pass_by(SPACING_S / 2)

    assert shown.read_text().splitlines() == [
        "1.json is ready.",
        "Ready: 2.json, 3.json, 4.json and 4 more.",
    ]


def linux_notification(title: str, text: str) -> list[str]:
    from daemon.hooks.notification import notification

    return notification(title, text, platform="linux")


def test_a_hook_that_fails_is_tried_again_and_then_given_up(
    desk: Desk, captured: LogCapture
) -> None:
    """It is logged and counted; the next files are told as before."""
    desk.make(on_done=command("exit 4"))
    desk.end()
    desk.pass_by(GATHER_S)
    for wait_s in BACKOFF_S:
        assert desk.rows.hooks()[0].lost == 0
        desk.pass_by(wait_s)

    (hook,) = desk.rows.hooks()
    assert (hook.lost, hook.files, hook.problem) == (1, 0, "it ended with exit code 4")
    assert events(captured) == ["hook.failed"] * TRIES + ["hook.gave_up"]
    assert desk.announcer.idle()


def test_a_hook_that_never_works_is_not_tried_three_times_for_every_file(
    desk: Desk, captured: LogCapture
) -> None:
    """Once it was given up, one try a time is enough until it works again."""
    desk.make(on_done=command("test -e works || exit 4; " + KEEPING))
    desk.end(name="1.json")
    desk.pass_by(GATHER_S)
    for wait_s in BACKOFF_S:
        desk.pass_by(wait_s)
    captured.entries.clear()
    desk.end(name="2.json")
    desk.pass_by(GATHER_S)
    assert events(captured) == ["hook.failed", "hook.gave_up"]
    (desk.config.home.path / "works").touch()
    desk.end(name="3.json")
    desk.pass_by(GATHER_S)

    (hook,) = desk.rows.hooks()
    assert (hook.files, hook.lost, hook.problem) == (1, 2, None)


def test_a_hook_that_hangs_costs_no_other_anything(desk: Desk) -> None:
    """The other hooks go on while it is waited for, and it is ended when its time is over."""
    desk.make(
        on_done=command("exec sleep 600", timeout_s=30), on_trouble=command(KEEPING, timeout_s=30)
    )
    desk.end(Status.DONE, "1.json")
    desk.announcer.tick(desk.clock.now)
    desk.announcer.tick(desk.clock.pass_by(GATHER_S))
    hanging = desk.announcer._lanes[0]._process
    desk.end(Status.FAILED, "2.json", reason=Reason.ENGINE_ERROR)
    desk.announcer.tick(desk.clock.now)
    desk.announcer.tick(desk.clock.pass_by(GATHER_S))
    trouble = desk.announcer._lanes[1]._process
    assert trouble is not None
    assert trouble.pid is not None
    os.waitid(os.P_PID, trouble.pid, os.WEXITED | os.WNOWAIT)
    desk.announcer.tick(desk.clock.now)
    assert [told["jobs"][0]["meaning"] for told in desk.got()] == ["the engine failed"]
    assert desk.announcer._lanes[0]._process is hanging
    desk.announcer.tick(desk.clock.pass_by(30))
    desk.announcer.tick(desk.clock.pass_by(30))
    desk.settle()
    assert desk.rows.hooks()[0].problem == "it was ended after 30 s"


def test_what_was_not_told_is_told_by_the_next_daemon(desk: Desk) -> None:
    """A kill at any moment loses nothing: only a success moves the hook on."""
    desk.make(on_done=command(KEEPING))
    first = desk.end(name="1.json")
    desk.announcer.tick(desk.clock.now)  # gathers; then the daemon is killed
    desk.make(on_done=command(KEEPING))
    desk.pass_by(GATHER_S)
    desk.make(on_done=command(KEEPING))
    desk.pass_by(GATHER_S)

    assert [[job["id"] for job in told["jobs"]] for told in desk.got()] == [[first.id]]


def test_a_stop_waits_a_little_for_a_process_that_runs(desk: Desk) -> None:
    """One that takes longer is ended, and what it told is told again."""
    desk.make(on_done=command(KEEPING), on_trouble=command("exec sleep 600"))
    desk.end(Status.DONE, "1.json")
    desk.end(Status.FAILED, "2.json")
    desk.announcer.tick(desk.clock.now)
    desk.announcer.tick(desk.clock.pass_by(GATHER_S))
    desk.announcer.close(desk.clock.now)

    done, trouble = desk.rows.hooks()
    assert (done.files, trouble.files, trouble.problem) == (1, 0, None)
    assert len(desk.rows.after(trouble.told, "trouble", limit=9)) == 1


def test_only_files_that_are_still_so_are_told(desk: Desk) -> None:
    """A failure that a retry has cured meanwhile is no news."""
    desk.make(on_trouble=command(KEEPING))
    job = desk.end(Status.FAILED)
    desk.queue.retry(job.id)
    desk.pass_by(GATHER_S)
    assert desk.got() == []
    assert desk.announcer.idle()


def test_a_hold_is_told_and_not_again_for_hours(desk: Desk) -> None:
    """A hold that is lifted and comes back every few minutes is one piece of news."""
    desk.make(on_trouble=command(KEEPING))
    for _ in range(3):
        desk.queue.hold("model_missing", "Download it.")
        desk.pass_by(GATHER_S)
        desk.queue.release_hold()
        desk.pass_by(300)
    assert [told["held"]["reason"] for told in desk.got()] == ["model_missing"]
    desk.clock.pass_by(AGAIN_S)
    desk.queue.hold("model_missing", "Download it.")
    desk.pass_by(GATHER_S)
    assert len(desk.got()) == 2


def test_a_hold_that_was_over_at_once_is_not_told(desk: Desk) -> None:
    """Nothing is left to be done about it."""
    desk.make(on_trouble=command(KEEPING))
    desk.queue.hold("model_locked", "")
    desk.queue.release_hold()
    desk.pass_by(GATHER_S)
    assert desk.got() == []


def test_the_text_is_told_only_if_the_settings_ask_for_it(desk: Desk, rig: WorkerRig) -> None:
    """With its title, from the files that were written."""
    desk.make(on_done=command(KEEPING, text=True))
    job = dropped(rig)
    rig.worker().run_one()
    assert now(rig.queue, job).status is Status.DONE
    desk.pass_by(GATHER_S)
    (told,) = desk.got()
    assert "went down to the river" in told["jobs"][0]["text"]
    assert "title" in told["jobs"][0]


def test_nothing_is_kept_where_there_is_no_hook(desk: Desk) -> None:
    """And a hook that finds old announcements begins after them."""
    desk.end()
    desk.make().tick(desk.clock.now)
    assert desk.rows.newest() == 0
    desk.end(name="2.json")
    desk.make(on_done=command(KEEPING))
    desk.pass_by(GATHER_S)
    assert desk.got() == []


def test_a_hook_with_nothing_to_tell_keeps_no_announcements(desk: Desk) -> None:
    """A home where nothing ever goes wrong would collect a row for each file."""
    desk.make(on_done=command("true"), on_trouble=command("true"))
    for number in range(3):
        desk.end(name=f"{number}.json")
        desk.pass_by(GATHER_S)
    desk.pass_by(120)
    assert desk.rows.newest() == 0


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a.json"], "a.json: the model's process ended."),
        (["a.json", "b.json"], "In trouble: a.json, b.json."),
    ],
)
def test_trouble_is_one_line(desk: Desk, names: list[str], said: str) -> None:
    """One file has its reason, several their names."""
    jobs = [desk.end(Status.FAILED, name, reason=Reason.MODEL_CHILD_DIED) for name in names]
    assert line(News(event="trouble", home="/h", at="", jobs=jobs)) == said
    held = Hold("disk_full", "", "")
    waits = line(News(event="trouble", home="/h", at="", jobs=jobs, held=held))
    assert waits.startswith("The queue waits: the disk is full. Also in trouble: a.json")


# In the daemon, and shown


def told_by(service_rig: ServiceRig) -> Callable[[], list[Path]]:
    folder = service_rig.config.home.path / "got"
    return lambda: sorted(folder.glob("[0-9]")) if folder.exists() else []


def test_a_drain_ends_when_its_last_file_was_told(service_rig: ServiceRig) -> None:
    """Otherwise a hook of `llasad --drain` would never be told."""
    patient = command(KEEPING, timeout_s=3_600.0)  # by a clock that runs faster than the process
    service_rig.config = replace(service_rig.config, on_done=patient)
    service_rig.write("talk.json")
    worker = service_rig.start(drain=True)
    service_rig.run(worker, 60)
    while service_rig.service.outcome is None:
        service_rig.service.tick(service_rig.clock.now)
    assert service_rig.service.outcome == "drained"
    assert len(told_by(service_rig)()) == 1


def test_a_hook_that_does_not_work_is_shown(ask: Ask, desk: Desk, queue: Queue) -> None:
    """By `status`, by `hooks`, which ends with 1, and by `doctor`."""
    (desk.config.home.settings).write_text(
        'model = "punct"\n[on_done]\ncommand = ["/nowhere/program"]\nnotify = false\n'
    )
    assert ask("hooks").out.count("not used yet") == 1
    desk.make(on_done=Hook(command=("/nowhere/program",)))
    desk.end()
    desk.pass_by(GATHER_S)
    for wait_s in BACKOFF_S:
        desk.pass_by(wait_s)

    shown = ask("hooks")
    assert shown.code == 1
    assert "program cannot be started" in shown.out
    assert "1 could not be told" in shown.out
    assert "on_done.command does not work" in " ".join(ask("status").out.split())
    (hook,) = ask("hooks", "--json").json
    assert set(hook) == documented("hooks")
    assert (hook["name"], hook["lost"], hook["files"]) == ("on_done.command", 1, 0)
    assert "on_done.command does not work" in ask("doctor", "--no-model").out


def test_a_hook_can_be_tried(ask: Ask, desk: Desk) -> None:
    """With the newest file; without one there is nothing to tell."""
    desk.config.home.settings.write_text(
        f"[on_done]\ncommand = ['/bin/sh', '-c', '''{KEEPING}''']\n"
    )
    assert ask("hooks", "--try", "trouble").code == 1
    assert ask("hooks", "--try", "done").code == 2
    job = desk.end()
    tried = ask("hooks", "--try", "done")
    assert tried.out.splitlines()[1] == "on_done.command: told"
    assert [told["jobs"][0]["id"] for told in desk.got()] == [job.id]
