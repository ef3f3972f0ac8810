"""Files wait for the hours and the power that the settings name, and go on from where they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from structlog.testing import LogCapture

from daemon.config import Config, Work
from daemon.doctor import machine
from daemon.home import Home
from daemon.hours import hours_of
from daemon.lock import HomeLock
from daemon.log import Log
from daemon.power.records import Reading
from daemon.work.gate import LOOK_S, Gate, Wait
from daemon.work.loop import WorkerLoop
from state.database import Database
from state.job import Reason, Status
from state.lending import LendingRows
from state.queue import Queue
from state.service import ServiceRow
from tests.daemon.conftest import Ask, Clock, LightChild, WorkerRig
from tests.daemon.making import ask_for_model, dropped, events, metadata_of, now, talk

NOON = datetime(2026, 6, 1, 12, 0).timestamp()
NIGHT = datetime(2026, 6, 1, 23, 0).timestamp()


class Machine:
    """A machine whose power and user the test plays."""

    def __init__(self) -> None:
        self.reading = Reading(True, 1000.0)
        self.wall = NOON
        self.asked = 0

    def read(self) -> Reading:
        self.asked += 1
        return self.reading


@pytest.fixture
def played() -> Machine:
    return Machine()


def gate(config: Config, clock: Clock, played: Machine, *, always: bool = False) -> Gate:
    return Gate(config, clock=clock, wall=lambda: played.wall, read=played.read, always=always)


@pytest.mark.parametrize(
    ("work", "on_power", "unused_s", "waits"),
    [
        ("always", False, 0.0, None),
        ("on_power", True, 0.0, None),
        ("on_power", False, 1000.0, "power"),
        ("on_power", None, None, None),
        ("idle", True, 299.0, "idle"),
        ("idle", True, 300.0, None),
        ("idle", False, 1000.0, "power"),
        ("idle", None, None, None),
    ],
)
def test_work_waits_for_power_and_an_unused_machine(
    config: Config,
    clock: Clock,
    played: Machine,
    work: Work,
    on_power: bool | None,
    unused_s: float | None,
    waits: str | None,
) -> None:
    """What the system does not say keeps nothing."""
    played.reading = Reading(on_power, unused_s)
    wait = gate(replace(config, work=work), clock, played).wait()
    assert (wait.rule if wait is not None else None) == waits


def test_work_waits_for_its_hours_and_says_until_when(
    config: Config, clock: Clock, played: Machine
) -> None:
    """Within them, the power decides."""
    asking = gate(replace(config, hours=hours_of(["22:00-07:00"]), work="on_power"), clock, played)
    assert asking.wait() == Wait("hours", datetime(2026, 6, 1, 22, 0).timestamp())
    assert played.asked == 0
    played.wall, played.reading = NIGHT, Reading(False, None)
    clock.pass_by(LOOK_S)
    assert asking.wait() == Wait("power", None)


def test_the_system_is_not_asked_for_every_part(
    config: Config, clock: Clock, played: Machine
) -> None:
    """Once in ten seconds is often enough; never, where the settings do not ask."""
    asking = gate(replace(config, work="idle"), clock, played)
    for _ in range(100):
        asking.wait()
    assert played.asked == 1
    gate(config, clock, played).wait()
    gate(replace(config, work="idle"), clock, played, always=True).wait()
    assert played.asked == 1


def test_a_running_file_stops_at_the_next_part_and_keeps_what_it_has(
    rig: WorkerRig, queue: Queue, clock: Clock, played: Machine
) -> None:
    """It costs no attempt, and no part is decoded again."""
    job = dropped(rig, data=talk(parts=4))
    rig.config = replace(rig.config, work="on_power")
    asking = gate(rig.config, clock, played)
    decoded: list[int] = []

    def at_step(name: str) -> None:
        if name == "part_saved":
            decoded.append(now(queue, job).parts_done)
            if len(decoded) == 2:
                played.reading = Reading(False, None)
                clock.pass_by(LOOK_S)

    rig.at_step = at_step  # type: ignore[method-assign]
    context = replace(rig.context(), must_wait=lambda: asking.wait() is not None)
    worker = rig.worker()
    worker._context = context
    worker.run_one()
    stopped = now(queue, job)
    assert (stopped.status, stopped.reason) == (Status.QUEUED, Reason.WAITING)
    assert (stopped.parts_done, stopped.attempt) == (2, 0)

    played.reading = Reading(True, None)
    clock.pass_by(LOOK_S)
    worker.run_one()
    assert now(queue, job).status is Status.DONE
    assert decoded == [1, 2, 3, 4]


@pytest.fixture
def loop(
    config: Config, log: Log, clock: Clock, child: LightChild, database: Database, played: Machine
) -> Iterator[WorkerLoop]:
    loop = WorkerLoop(
        replace(config, work="idle"),
        log,
        boot_id="boot-1",
        clock=clock,
        wall=lambda: played.wall,
        nudge=lambda path: None,
        wake_service=lambda: None,
        make_client=child.client,
        read_power=played.read,
    )
    loop.progress.row = ServiceRow(database)
    yield loop
    loop.keeper.close("stopped")


def test_the_wait_is_reported_once_and_ends_by_itself(
    loop: WorkerLoop, clock: Clock, played: Machine, captured: LogCapture, database: Database
) -> None:
    """The log has its beginning and its end, the service row its rule."""
    row = ServiceRow(database)
    assert loop._must_wait() is False
    played.reading = Reading(True, 0.0)
    for _ in range(5):
        clock.pass_by(LOOK_S)
        assert loop._must_wait() is True
    assert row.read().waiting == {"rule": "idle", "until": None}
    assert loop.progress.waiting
    played.reading = Reading(True, 9999.0)
    clock.pass_by(LOOK_S)
    assert loop._must_wait() is False
    assert row.read().waiting is None
    assert events(captured) == ["work.waits", "work.resumed"]


def test_a_job_that_waits_does_not_want_the_model_back(database: Database, rig: WorkerRig) -> None:
    """A conversation keeps it: nobody else has a use for it now."""
    dropped(rig)
    rows = LendingRows(database)
    request = ask_for_model(rows)
    assert rows.wanted(request.id)
    ServiceRow(database).update(waiting={"rule": "hours", "until": None})
    assert not rows.wanted(request.id)


def test_a_file_keeps_the_profile_of_the_hour_in_which_it_was_begun(
    rig: WorkerRig, queue: Queue, home: Home
) -> None:
    """It was begun at night with another cleaning, and is finished so in the morning."""
    from daemon import config as settings

    moment = [NIGHT]
    parsed = settings.parse(
        f'model = "{rig.config.default.model}"\ncleaning = "off"\n'
        '[profile.night]\nfolders = ["."]\nhours = ["22:00-07:00"]\ncleaning = "thorough"\n',
        home,
    )
    rig.config = replace(parsed, watch=rig.config.watch)
    rig.keeper._config = rig.config
    job = dropped(rig, data=talk(parts=3))
    worker = rig.worker()
    stop = [False]
    worker._context = replace(
        rig.context(),
        now=lambda: datetime.fromtimestamp(moment[0]).astimezone(),
        must_wait=lambda: stop[0],
    )

    def at_step(name: str) -> None:
        stop[0] = name == "part_saved" and moment[0] == NIGHT

    rig.at_step = at_step  # type: ignore[method-assign]
    worker.run_one()
    assert now(queue, job).profile == "night"
    assert now(queue, job).parts_done == 1
    moment[0], stop[0] = NIGHT + 12 * 3600, False
    worker.run_one()
    done = now(queue, job)
    assert done.status is Status.DONE
    assert "cleaning=thorough" in str(metadata_of(done)["recipe"])
    other = dropped(rig, "day.json", talk("day"))
    worker.run_one()
    assert now(queue, other).profile is None
    assert "cleaning=off" in str(metadata_of(other)["recipe"])


def test_status_says_what_is_waited_for(
    ask: Ask, home: Home, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And until when, where that is known."""
    monkeypatch.setenv("COLUMNS", "200")
    home.settings.write_text('hours = ["22:00-07:00"]\nwork = "idle"\n')
    lock = HomeLock(home.lock)
    lock.acquire()
    row = ServiceRow(database)
    row.update(phase="waiting", waiting={"rule": "hours", "until": NIGHT - 3600})
    shown = ask("status").out
    assert "outside the hours of work (22:00-07:00); until 2026-06-01 22:00" in shown
    assert "waiting" in shown
    row.update(waiting={"rule": "idle", "until": None})
    report = ask("status", "--json").json
    assert (report["phase"], report["waits"]["rule"]) == ("waiting", "idle")
    assert report["waits"]["until"] is None
    lock.release()


def test_the_settings_are_shown_as_they_could_be_written(ask: Ask, home: Home) -> None:
    """What `config show` prints is understood again, hours and hooks included."""
    home.settings.write_text(
        'work = "idle"\nhours = ["22:00-07:00"]\n[on_done]\ncommand = ["/bin/x", "y"]\n'
        '[profile.night]\nfolders = ["a"]\nhours = ["1:00-2:00"]\ncleaning = "off"\n'
    )
    first = ask("config", "show").out
    home.settings.write_text(first)
    assert ask("config", "show").out == first
    assert 'hours = ["22:00-07:00"]' in first
    assert 'command = ["/bin/x", "y"]' in first


def test_the_doctor_says_what_the_machine_tells(config: Config) -> None:
    """Only where the settings ask for it."""
    assert list(machine.power(config, Reading(None, None))) == []
    idle = replace(config, work="idle")
    (fine,) = machine.power(idle, Reading(True, 12.0))
    assert (fine.state, "last used 12 s ago" in fine.text) == ("ok", True)
    (silent,) = machine.power(idle, Reading(True, None))
    assert (silent.state, "counts as unused" in silent.advice) == ("warning", True)
    (unknown,) = machine.power(replace(config, work="on_power"), Reading(None, None))
    assert unknown.state == "warning"


def test_a_drain_works_at_any_hour(config: Config, clock: Clock, played: Machine) -> None:
    """It was asked for by hand."""
    assert gate(replace(config, work="idle"), clock, played, always=True).wait() is None
