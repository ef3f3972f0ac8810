"""Every pair of statuses, and the checks before each move."""

from __future__ import annotations

from itertools import product

import pytest

from state.errors import IllegalMove, JobMoved
from state.job import MOVES, RETRYABLE, TERMINAL, UNFINISHED, Reason, Status
from state.queue import Queue
from tests.state.making import claimed, queued, with_status


@pytest.mark.parametrize(("start", "to"), list(product(Status, Status)))
def test_a_job_moves_only_as_the_table_of_moves_allows(
    queue: Queue, start: Status, to: Status
) -> None:
    """Every pair of statuses is a move that is made, or an error that changes nothing."""
    job = with_status(queue, start)

    if to in MOVES[start]:
        assert queue.move(job, to).status is to
    else:
        with pytest.raises(IllegalMove) as caught:
            queue.move(job, to)
        assert (caught.value.job_id, caught.value.status, caught.value.to) == (job.id, start, to)
        assert queue.job(job.id) == job


@pytest.mark.parametrize(
    ("start", "elsewhere"), [(a, b) for a, b in product(Status, Status) if a != b and MOVES[a]]
)
def test_a_job_whose_status_has_changed_is_not_moved(
    queue: Queue, start: Status, elsewhere: Status
) -> None:
    """The move is checked against the status that the caller saw, not the one in the database."""
    job = with_status(queue, start)
    queue.database.execute("UPDATE jobs SET status = ?", (elsewhere,))

    with pytest.raises(JobMoved) as caught:
        queue.move(job, next(iter(MOVES[start])))

    assert caught.value.status is elsewhere
    assert queue.counts()[elsewhere] == 1


def test_a_job_that_was_claimed_again_is_not_moved(queue: Queue) -> None:
    """A late worker cannot end a job that runs under another claim."""
    queued(queue)
    late = claimed(queue)
    queue.requeue_orphans("boot-1")
    claimed(queue)

    with pytest.raises(JobMoved):
        queue.finish(late, status=Status.DONE)


def test_the_sets_of_statuses_agree_with_the_moves() -> None:
    """Retryable statuses can be queued, unfinished ones superseded, and all have a row."""
    assert set(MOVES) == set(Status)
    assert {s for s in Status if Status.QUEUED in MOVES[s]} == RETRYABLE | {Status.RUNNING}
    assert set(Status) - {Status.DONE, Status.PARTIAL, Status.SUPERSEDED} == UNFINISHED
    assert set(Status) - {Status.QUEUED, Status.RUNNING} == TERMINAL


def test_a_reason_outside_the_list_is_kept_as_detail(queue: Queue) -> None:
    """An unknown reason must not stop a job from ending."""
    queued(queue)

    ended = queue.finish(claimed(queue), status=Status.FAILED, reason="gremlins", detail="three")

    assert (ended.reason, ended.detail) == (Reason.OTHER, "gremlins: three")


def test_every_move_is_in_the_history(queue: Queue) -> None:
    """A trigger writes the history, whatever moves the job."""
    job = queued(queue)
    queue.finish(claimed(queue), status=Status.FAILED, reason=Reason.SOURCE_GONE)
    queue.retry(job.id)
    queue.cancel(job.id)

    assert [(move.status, move.reason, move.attempt) for move in queue.history(job.id)] == [
        (Status.QUEUED, None, 0),
        (Status.RUNNING, None, 1),
        (Status.FAILED, Reason.SOURCE_GONE, 1),
        (Status.QUEUED, None, 0),
        (Status.CANCELLED, None, 0),
    ]
