"""Both sides of lending in one process, with a clock that the test moves."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import LogCapture

from daemon.home import Home
from daemon.lock import HomeLock
from daemon.machine import birth_of
from daemon.operations import lending
from daemon.operations.errors import ModelBusy
from daemon.operations.lending import Lease, Waiting
from daemon.work.lending import SETTLE_S, SILENCE_S, Lender, RequestLine
from state.database import Database, open_database
from state.errors import SchemaTooOld
from state.job import Reason, Status
from state.lending import LendingRows, ModelRequest
from state.queue import Queue
from tests.daemon.conftest import Clock, WorkerRig
from tests.daemon.making import dropped, events, now, talk
from tests.state.making import claimed, queued


@pytest.fixture
def rows(database: Database) -> LendingRows:
    return LendingRows(database)


@pytest.fixture
def lender(rig: WorkerRig, rows: LendingRows, home: Home) -> Lender:
    return Lender(rows, rig.keeper, rig.log, rig.context(), lock=home.model_lock)


@pytest.fixture
def daemon_works(home: Home, queue: Queue) -> Iterator[None]:
    """Hold the home as a daemon does, which is at work on a job."""
    queued(queue)
    claimed(queue)
    lock = HomeLock(home.lock)
    lock.acquire()
    yield
    lock.release()


def ask(rows: LendingRows, who: str = "chat") -> ModelRequest:
    """Ask as a process that runs."""
    return rows.ask(who=who, pid=os.getpid(), birth=birth_of(os.getpid()) or "")


def has_ended(rows: LendingRows, request: ModelRequest) -> None:
    """Make a request one of a process that has ended, whose id another has now."""
    rows.database.execute(
        "UPDATE model_requests SET birth = 'another life' WHERE id = ?", (request.id,)
    )


# The worker's side


def test_the_child_is_closed_before_the_model_is_lent(
    rig: WorkerRig, lender: Lender, rows: LendingRows, captured: LogCapture
) -> None:
    """Two models are never in memory, and the log says who has the model and for how long."""
    dropped(rig)
    rig.worker().run_one()
    assert not lender.lend()
    captured.entries.clear()
    rig.steps.clear()
    request = ask(rows)
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
    request, other = ask(rows), ask(rows, "other")
    assert lender.lend()
    has_ended(rows, request)
    assert lender.lend()
    assert rows.requests()[0].id == other.id
    assert rows.requests()[0].granted
    assert [e.get("reason") for e in captured.entries] == [None, "process_gone", None]


def test_the_worker_waits_for_the_child_of_a_process_that_ended(
    lender: Lender, rows: LendingRows, home: Home, rig: WorkerRig
) -> None:
    """For a while: a child that never ends is a matter for the hold of the queue."""
    request = ask(rows)
    assert lender.lend()
    with open(home.model_lock, "w") as child:
        fcntl.flock(child, fcntl.LOCK_EX)
        has_ended(rows, request)
        assert lender.lend()
        rig.clock.pass_by(SETTLE_S - 1)
        assert lender.lend()
        rig.clock.pass_by(1)
        assert not lender.lend()


def test_silence_ends_a_request_unless_its_child_has_a_model(
    rows: LendingRows, home: Home, clock: Clock
) -> None:
    """A suspended process cannot be asked for the model, and two do not fit."""
    ended: list[str] = []
    line = RequestLine(
        rows, home.model_lock, clock=clock, ended=lambda request, reason: ended.append(reason)
    )
    request = ask(rows)
    rows.grant(request.id)

    def look_for(seconds: float) -> bool:
        for _ in range(int(seconds)):
            clock.pass_by(1)
            found = line.first()
        return found is not None

    line.first()
    for _ in range(3):
        assert look_for(SILENCE_S - 1)
        rows.beat(request.id)
    assert look_for(1)
    clock.pass_by(24 * 3600)  # the machine was stopped
    assert line.first() is not None
    with open(home.model_lock, "w") as child:
        fcntl.flock(child, fcntl.LOCK_EX)
        assert look_for(2 * SILENCE_S)
    assert line.first() is None
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
                alive.append(ask(rows).id)
            elif action == "look":
                first = line.first()
                assert (first.id if first else None) == (alive[0] if alive else None)
                if first is not None and not first.granted:
                    assert rows.grant(first.id) is not None
            elif number < len(alive):
                found = rows.request(alive.pop(number))
                assert found is not None
                if action == "kill":
                    has_ended(rows, found)
                else:
                    assert rows.end(found.id)
        for request in rows.requests():
            has_ended(rows, request)
        assert line.first() is None
        assert rows.requests() == []


# The borrower's side


def test_without_a_home_nobody_is_asked(tmp_path: Path) -> None:
    """And nothing is made there."""
    home = Home(tmp_path / "none", "--home")
    with lending.model(home, who="chat") as lease:
        assert (lease.lock_path, lease.lent) == (None, False)
    assert list(tmp_path.iterdir()) == []


def test_without_a_database_only_the_lock_counts(home: Home) -> None:
    """No daemon has ever run in this home."""
    with lending.model(home, who="chat") as lease:
        assert lease.lock_path == home.model_lock
    assert not home.database.exists()


def test_without_a_daemon_the_model_is_lent_at_once(home: Home, rows: LendingRows) -> None:
    """By a request, so that a daemon that starts now waits for us."""
    with lending.model(home, who="chat", on_wait=never) as lease:
        assert lease.lent
        (request,) = rows.requests()
        assert (request.who, request.pid, request.granted) == ("chat", os.getpid(), True)
    assert rows.requests() == []


def never(waiting: Waiting) -> None:
    """Fail: there is nothing to wait for."""
    raise AssertionError(waiting)


def test_without_a_daemon_borrowers_queue_too(home: Home, rows: LendingRows, clock: Clock) -> None:
    """The request of one that has ended is passed over."""
    gone, other = ask(rows, "gone"), ask(rows, "other")
    has_ended(rows, gone)
    told: list[str] = []

    def wait(waiting: Waiting) -> None:
        told.append(waiting.reason)
        assert rows.requests()[0].id == other.id
        if len(told) == 3:
            rows.end(other.id)

    lease = Lease(home, who="chat", on_wait=wait, clock=clock, pause=clock.wait)
    with lease, lease.turn():
        assert lease.lent
    assert told[-1] == f"other (pid {os.getpid()}) has the model"


def test_an_idle_daemon_need_not_be_waited_for(
    home: Home, rows: LendingRows, rig: WorkerRig, lender: Lender
) -> None:
    """While it has no model loaded it cannot be in the way, and it claims nothing meanwhile."""
    lock = HomeLock(home.lock)
    lock.acquire()
    with lending.model(home, who="chat", on_wait=never):
        job = dropped(rig)
        assert lender.lend()
        assert not rig.worker().run_one()
    assert not lender.lend()
    assert rig.worker().run_one()
    assert now(rig.queue, job).status is Status.DONE
    lock.release()


@pytest.mark.usefixtures("daemon_works")
def test_a_running_daemon_is_waited_for(
    home: Home, rows: LendingRows, lender: Lender, clock: Clock
) -> None:
    """The caller is told what for, and how long."""
    told: list[Waiting] = []

    def pause(seconds: float) -> None:
        clock.wait(seconds)
        if len(told) == 3:
            lender.lend()

    with Lease(home, who="chat", on_wait=told.append, clock=clock, pause=pause) as lease:
        with lease.turn():
            assert lease.lent
        assert lender.lend()
    assert not lender.lend()
    assert {waiting.reason for waiting in told} == {"the daemon finishes a part"}
    assert [waiting.waited_s for waiting in told] == pytest.approx([0, 0.1, 0.2])


@pytest.mark.usefixtures("daemon_works")
def test_a_wait_ends_at_its_limit_and_leaves_no_request(
    home: Home, rows: LendingRows, clock: Clock
) -> None:
    """The error says what had the model and what to do."""
    with Lease(home, who="chat", limit_s=60, clock=clock, pause=clock.wait) as lease:
        busy = pytest.raises(ModelBusy, match=r"not free within 60 s: the daemon")
        with busy as caught, lease.turn():
            raise AssertionError("the turn must not begin")
        assert rows.requests() == []
    assert "llasactl status" in caught.value.hint


@pytest.mark.usefixtures("daemon_works")
def test_an_interrupt_ends_the_wait_and_its_request(home: Home, rows: LendingRows) -> None:
    """Ctrl-C; a conversation may go on and ask again."""

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with Lease(home, who="chat", pause=interrupt) as lease:
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt), lease.turn():
                raise AssertionError("the turn must not begin")
            assert rows.requests() == []


def test_a_child_that_still_has_a_model_is_waited_for(
    home: Home, rows: LendingRows, clock: Clock
) -> None:
    """A child whose parent was killed ends a moment later than it."""
    child = open(home.model_lock, "w")  # noqa: SIM115 - closed while the lease waits
    fcntl.flock(child, fcntl.LOCK_EX)
    told: list[str] = []

    def wait(waiting: Waiting) -> None:
        told.append(waiting.reason)
        child.close()

    lease = Lease(home, who="chat", on_wait=wait, clock=clock, pause=clock.wait)
    with lease, lease.turn():
        assert lease.lent
    assert told == ["another process has a model loaded"]


def test_an_idle_lease_gives_the_model_back_when_it_is_wanted(
    home: Home, rig: WorkerRig, rows: LendingRows, clock: Clock
) -> None:
    """Its clients are closed first; not in a turn, not too soon, and not for nobody."""
    closed: list[bool] = []
    with Lease(home, who="chat", idle_s=20, clock=clock, pause=clock.wait) as lease:
        lease.attach(lambda: closed.append(rows.asked()))
        with lease.turn():
            clock.pass_by(60)
            dropped(rig)
            lease.beat()
            assert lease.lent
        lease.beat()
        clock.pass_by(19)
        rig.queue.pause()
        lease.beat()
        clock.pass_by(60)
        lease.beat()
        assert lease.lent
        closed.clear()
        rig.queue.resume()
        lease.beat()
        assert not lease.lent
        assert rows.requests() == []
        assert closed == [True]
        with lease.turn():
            assert lease.lent


def test_a_request_that_was_ended_is_made_again_at_the_next_turn(
    home: Home, rows: LendingRows, clock: Clock
) -> None:
    """We were suspended, and somebody else had the model meanwhile."""
    closed: list[bool] = []
    with Lease(home, who="chat", clock=clock, pause=clock.wait) as lease:
        lease.attach(lambda: closed.append(True))
        with lease.turn():
            pass
        closed.clear()
        rows.end(rows.requests()[0].id)
        with lease.turn():
            assert closed == [True]
            assert lease.lent
            rows.end(rows.requests()[0].id)
            lease.beat()
            assert not lease.lent
        with lease.turn():
            assert lease.lent


def test_an_older_database_is_left_to_the_daemon(
    home: Home, rows: LendingRows, database: Database
) -> None:
    """Without a daemon nobody needs to be asked; with one it says what to run."""
    database.execute("DELETE FROM _sqlite_migrations WHERE name = 'm005_model_requests'")
    database.execute("DROP TABLE model_requests")
    with lending.model(home, who="chat") as lease:
        assert not lease.lent
    lock = HomeLock(home.lock)
    lock.acquire()
    try:
        with pytest.raises(SchemaTooOld) as caught, lending.model(home, who="chat"):
            raise AssertionError("the turn must not begin")
    finally:
        lock.release()
    assert "llasactl restart" in caught.value.hint
