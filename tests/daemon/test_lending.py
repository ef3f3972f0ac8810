"""The worker's side of lending, with a clock that the test moves."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import LogCapture

from daemon.home import Home
from daemon.machine import birth_of
from daemon.work.lending import PATIENCE_S, SETTLE_S, Lender, RequestLine
from state.database import open_database
from state.job import Reason, Status
from state.lending import LendingRows
from state.service import ServiceRow
from tests.daemon.conftest import Clock, WorkerRig
from tests.daemon.making import ask_for_model, dropped, end_process, events, now, talk

BIRTH = birth_of(os.getpid()) or ""


def test_the_child_is_closed_before_the_model_is_lent(
    rig: WorkerRig, lender: Lender, rows: LendingRows, captured: LogCapture
) -> None:
    """Two models are never in memory, and the log says who has the model and for how long."""
    dropped(rig)
    rig.worker().run_one()
    assert not lender.lend()
    captured.entries.clear()
    rig.steps.clear()
    request = ask_for_model(rows)
    rig.at_step = lambda name: assert_unloaded(rig)  # type: ignore[method-assign]
    assert lender.lend()
    assert lender.lend()
    rig.clock.pass_by(8)
    rows.end(request.id)
    assert not lender.lend()
    assert rig.steps == ["model_closed", "model_lent", "model_returned"]
    assert captured.entries == [
        {"event": "model.ended", "reason": "lent", "log_level": "info"},
        {
            "event": "model.lent",
            "who": "chat",
            "pid": os.getpid(),
            "found": False,
            "log_level": "info",
        },
        {
            "event": "model.returned",
            "who": "chat",
            "pid": os.getpid(),
            "reason": "given_back",
            "held_s": 8.0,
            "log_level": "info",
        },
    ]


def assert_unloaded(rig: WorkerRig) -> None:
    """Fail when a child runs."""
    assert rig.keeper.loaded is None


def test_a_job_stops_between_two_parts_and_goes_on_after(
    rig: WorkerRig, captured: LogCapture
) -> None:
    """It costs no attempt, and every claim does a part however often others ask."""
    job = dropped(rig, data=talk("one two three four"))
    rig.model_asked_for = True
    worker = rig.worker()
    for parts in (1, 2, 3):
        assert worker.run_one()
        waiting = now(rig.queue, job)
        assert (waiting.status, waiting.reason) == (Status.QUEUED, Reason.LENT)
        assert (waiting.parts_done, waiting.attempt) == (parts, 0)
    assert worker.run_one()
    assert (now(rig.queue, job).status, now(rig.queue, job).attempt) == (Status.DONE, 1)
    assert rig.steps.count("part_saved") == 4
    assert "job.resumed" in events(captured)


def test_a_process_that_has_ended_loses_the_model(
    lender: Lender, rows: LendingRows, captured: LogCapture, rig: WorkerRig
) -> None:
    """Its id may belong to another process by now."""
    request, other = ask_for_model(rows), ask_for_model(rows, "other")
    assert lender.lend()
    end_process(rows, request)
    assert lender.lend()
    assert rows.requests()[0].id == other.id
    assert rows.requests()[0].granted
    assert [e.get("reason") for e in captured.entries] == [None, "process_gone", None]


def test_the_worker_waits_for_the_child_of_a_process_that_ended(
    lender: Lender, rows: LendingRows, home: Home, rig: WorkerRig
) -> None:
    """For a while: a child that never ends is a matter for the hold of the queue."""
    request = ask_for_model(rows)
    assert lender.lend()
    with open(home.model_lock, "w") as child:
        fcntl.flock(child, fcntl.LOCK_EX)
        end_process(rows, request)
        assert lender.lend()
        rig.clock.pass_by(SETTLE_S - 1)
        assert lender.lend()
        rig.clock.pass_by(1)
        assert not lender.lend()


def test_a_suspended_process_loses_its_request_unless_its_child_has_a_model(
    rows: LendingRows, home: Home, clock: Clock
) -> None:
    """It cannot be asked for the model, and two do not fit."""
    ended: list[str] = []
    line = RequestLine(
        rows, home.model_lock, clock=clock, ended=lambda request, reason: ended.append(reason)
    )
    other = subprocess.Popen(["sleep", "60"])
    request = rows.ask(who="chat", pid=other.pid, birth=birth_of(other.pid) or "")
    rows.grant(request.id)

    def look_for(seconds: float) -> bool:
        for _ in range(int(seconds)):
            clock.pass_by(1)
            found = line.first()
        return found is not None

    def send(number: signal.Signals, *, stopped: bool) -> None:
        other.send_signal(number)
        os.waitid(os.P_PID, other.pid, (os.WSTOPPED if stopped else os.WCONTINUED))

    try:
        for _ in range(3):
            send(signal.SIGSTOP, stopped=True)
            assert look_for(PATIENCE_S)
            send(signal.SIGCONT, stopped=False)
            assert look_for(2)
        send(signal.SIGSTOP, stopped=True)
        assert look_for(2)
        clock.pass_by(24 * 3600)  # the machine was stopped
        assert line.first() is not None
        with open(home.model_lock, "w") as child:
            fcntl.flock(child, fcntl.LOCK_EX)
            assert look_for(2 * PATIENCE_S)
        assert line.first() is None
    finally:
        other.kill()
        other.wait()
    assert ended == ["process_suspended"]


DATABASE = tempfile.TemporaryDirectory()  # one for all examples
ACTIONS = st.lists(
    st.one_of(
        st.just(("ask", 0)),
        st.tuples(st.sampled_from(["kill", "release", "look"]), st.integers(0, 5)),
    ),
    max_size=25,
)


@given(ACTIONS)
def test_whatever_processes_do_the_oldest_that_runs_has_the_model(
    actions: list[tuple[str, int]],
) -> None:
    """One that has it keeps it until it ends, and the line empties when all have ended."""
    with open_database(Path(DATABASE.name) / "state" / "queue.db") as database:
        rows = LendingRows(database)
        database.execute("PRAGMA synchronous=OFF")  # a test need not survive a power cut
        database.execute("DELETE FROM model_requests")
        line = RequestLine(rows, Path(os.devnull), clock=lambda: 0.0)
        alive: list[int] = []
        for action, number in actions:
            if action == "ask":
                alive.append(ask_for_model(rows).id)
            elif action == "look":
                first = line.first()
                assert (first.id if first else None) == (alive[0] if alive else None)
                if first is not None and not first.granted:
                    assert rows.grant(first.id) is not None
            elif number < len(alive):
                found = rows.request(alive.pop(number))
                assert found is not None
                if action == "kill":
                    end_process(rows, found)
                else:
                    assert rows.end(found.id)
        for request in rows.requests():
            end_process(rows, request)
        assert line.first() is None
        assert rows.requests() == []


GIB = 1 << 30


def test_the_model_is_lent_beside_a_tool_where_both_fit(
    rig: WorkerRig, rows: LendingRows, home: Home, captured: LogCapture
) -> None:
    """A tool of three gigabytes and a model of four need 0.6 of twelve."""
    request = rows.ask(who="chat", pid=os.getpid(), birth=BIRTH, needs_bytes=4 * GIB)
    for memory, granted in ((11 * GIB, False), (12 * GIB, True)):
        lender = Lender(
            rows,
            rig.keeper,
            rig.log,
            rig.context(),
            lock=home.model_lock,
            memory_bytes=memory,
        )
        lender.lend_beside(3 * GIB)
        found = rows.request(request.id)
        assert found is not None
        assert found.granted is granted
    assert "model.lent" in events(captured)
    rows.end(request.id)
    lender.lend_beside(3 * GIB)
    assert "model.returned" in events(captured)


def test_who_does_not_say_what_a_model_needs_waits(lender: Lender, rows: LendingRows) -> None:
    """A training, a search for speakers: they may need anything."""
    request = ask_for_model(rows)
    lender.lend_beside(0)
    found = rows.request(request.id)
    assert found is not None
    assert not found.granted


def test_nobody_grants_themselves_the_model_while_speakers_are_looked_for(
    rig: WorkerRig, lender: Lender, rows: LendingRows
) -> None:
    """No job runs then and no model is loaded, and the tool is in memory all the same."""
    progress = rig.context().progress
    progress.row = ServiceRow(rig.queue.database)
    progress.begin_activity("speakers", 1)
    request = ask_for_model(rows)
    assert rows.grant_if_idle(request.id) is None
    progress.end_activity()
    assert rows.grant_if_idle(request.id) is not None
