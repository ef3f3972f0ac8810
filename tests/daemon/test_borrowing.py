"""The borrower's side of lending, in the same process, with a clock that the test moves."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.home import Home
from daemon.lock import HomeLock
from daemon.operations import lending
from daemon.operations.errors import ModelBusy
from daemon.operations.lending import Lease, Waiting
from daemon.work.lending import Lender
from state.database import Database
from state.errors import SchemaTooOld
from state.job import Status
from state.lending import LendingRows
from state.queue import Queue
from state.service import ServiceRow
from tests.daemon.conftest import Clock, WorkerRig
from tests.daemon.making import ask_for_model, dropped, end_process, now
from tests.state.making import claimed, queued


@pytest.fixture
def daemon_works(home: Home, queue: Queue) -> Iterator[None]:
    """Hold the home as a daemon does, which is at work on a job."""
    queued(queue)
    claimed(queue)
    lock = HomeLock(home.lock)
    lock.acquire()
    yield
    lock.release()


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


def test_a_lease_says_whether_the_model_is_wanted_meanwhile(home: Home, rows: LendingRows) -> None:
    """A training of minutes tells its user that somebody waits."""
    with lending.model(home, who="llasa-cli tune train", on_wait=never) as lease:
        assert not lease.wanted()
        ask_for_model(rows, "other")
        assert lease.wanted()
    assert not lease.wanted()


def never(waiting: Waiting) -> None:
    """Fail: there is nothing to wait for."""
    raise AssertionError(waiting)


def test_without_a_daemon_borrowers_queue_too(home: Home, rows: LendingRows, clock: Clock) -> None:
    """The request of one that has ended is passed over."""
    gone, other = ask_for_model(rows, "gone"), ask_for_model(rows, "other")
    end_process(rows, gone)
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
            lease.tend()
            assert lease.lent
        lease.tend()
        clock.pass_by(19)
        rig.queue.pause()
        lease.tend()
        clock.pass_by(60)
        lease.tend()
        assert lease.lent
        closed.clear()
        rig.queue.resume()
        lease.tend()
        assert not lease.lent
        assert rows.requests() == []
        assert closed == [True]
        with lease.turn():
            assert lease.lent


def test_a_conversation_gives_the_model_back_before_it_is_suspended(
    home: Home, rows: LendingRows, clock: Clock
) -> None:
    """Between two turns, its client closed first; a turn keeps it. The next turn borrows again."""
    closed: list[bool] = []
    with Lease(home, who="chat", clock=clock, pause=clock.wait) as lease:
        lease.attach(lambda: closed.append(rows.asked()))
        with lease.turn():
            closed.clear()
            lease.rest()
            assert lease.lent
            assert closed == []
        lease.rest()
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
            lease.tend()
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


@pytest.mark.usefixtures("daemon_works")
def test_a_transcription_is_named_with_how_far_it_is(
    home: Home, rows: LendingRows, rig: WorkerRig, lender: Lender, clock: Clock
) -> None:
    """While it goes on, nobody gives up; when it stands still, the limit counts."""
    service, job = ServiceRow(rows.database), rig.queue.jobs()[0]
    service.update(current_job=job.id, heard_s=0.0, length_s=3600.0)
    told: list[Waiting] = []

    def pause(seconds: float) -> None:
        clock.wait(50)
        service.update(heard_s=60.0 * min(len(told), 4))

    lease = Lease(home, who="chat", on_wait=told.append, limit_s=60, clock=clock, pause=pause)
    with lease, pytest.raises(ModelBusy, match="the daemon transcribes"), lease.turn():
        raise AssertionError("the turn must not begin")
    assert told[0].reason == f"the daemon transcribes {Path(job.path).name}"
    assert [waiting.progress for waiting in told[:5]] == [
        f"{minutes} of 60 min heard" for minutes in range(5)
    ]
    assert len(told) == 6
    assert told[1].in_words.endswith("1 of 60 min heard; Ctrl-C ends the wait")


@pytest.mark.usefixtures("daemon_works")
def test_a_search_for_speakers_is_named(
    home: Home, rows: LendingRows, rig: WorkerRig, clock: Clock
) -> None:
    """It is no part of a job, and takes minutes too."""
    job = rig.queue.jobs()[0]
    activity = {"kind": "speakers", "job_id": job.id, "done": 12.0, "total": 48.0}
    ServiceRow(rows.database).update(activity=activity)
    told: list[Waiting] = []
    with (
        Lease(home, who="chat", on_wait=told.append, limit_s=1, clock=clock, pause=clock.wait) as x,
        pytest.raises(ModelBusy),
        x.turn(),
    ):
        raise AssertionError("the turn must not begin")
    assert told[0].reason == f"the daemon finds out who speaks in {Path(job.path).name}"
    assert told[0].progress == "12 of 48 s heard"


def test_a_borrower_says_how_much_memory_its_model_needs(home: Home, rows: LendingRows) -> None:
    """So that the model can be lent beside a tool for sound."""
    with Lease(home, who="chat") as lease:
        lease.needs_bytes = 123
        with lease.turn():
            assert [request.needs_bytes for request in rows.requests()] == [123]
