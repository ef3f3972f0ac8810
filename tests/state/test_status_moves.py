"""Every pair of statuses, and the guard of each move."""

from __future__ import annotations

from itertools import product

import pytest

from state.errors import IllegalMove, JobMoved
from state.job import MOVES, RETRYABLE, TERMINAL, UNFINISHED, Reason, Status
from state.queue import Queue
from tests.state.making import claimed, queued, standing


@pytest.mark.parametrize(("start", "to"), list(product(Status, Status)))
def test_a_job_moves_only_where_the_table_of_moves_lets_it(
    queue: Queue, start: Status, to: Status
) -> None:
    """Every pair of statuses is either a move that is made or an error that changes nothing."""
    job = standing(queue, start)

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
def test_a_job_that_stands_elsewhere_is_not_moved(
    queue: Queue, start: Status, elsewhere: Status
) -> None:
    """The move is guarded by the status that the caller saw, not by the one in the database."""
    job = standing(queue, start)
    queue.database.rows("UPDATE jobs SET status = ?", (elsewhere,))

    with pytest.raises(JobMoved) as caught:
        queue.move(job, next(iter(MOVES[start])))

    assert caught.value.status is elsewhere
    assert queue.counts()[elsewhere] == 1


def test_a_claim_that_was_taken_again_is_not_moved(queue: Queue) -> None:
    """A worker that comes back late cannot end the job that another claim is running."""
    queued(queue)
    late = claimed(queue)
    queue.requeue_orphans("boot-1")
    claimed(queue)

    with pytest.raises(JobMoved):
        queue.finish(late, status=Status.DONE)


def test_the_sets_of_statuses_agree_with_the_moves() -> None:
    """What is called retryable can be queued, what is unfinished superseded, all have a row."""
    assert set(MOVES) == set(Status)
    assert {s for s in Status if Status.QUEUED in MOVES[s]} == RETRYABLE | {Status.RUNNING}
    assert set(Status) - {Status.DONE, Status.PARTIAL, Status.SUPERSEDED} == UNFINISHED
    assert set(Status) - {Status.QUEUED, Status.RUNNING} == TERMINAL


def test_a_reason_out_of_the_list_is_kept_as_detail(queue: Queue) -> None:
    """An unknown reason must not keep a job from ending."""
    queued(queue)

    ended = queue.finish(claimed(queue), status=Status.FAILED, reason="gremlins", detail="three")

    assert (ended.reason, ended.detail) == (Reason.OTHER, "gremlins: three")


def test_every_move_is_in_the_history(queue: Queue) -> None:
    """The history is written by the database itself, whoever moves the job."""
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
