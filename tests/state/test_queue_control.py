"""What the user does with the queue."""

from __future__ import annotations

from pathlib import Path

import pytest

from state.database import open_database
from state.errors import IllegalMove, NoSuchJob
from state.job import RETRYABLE, Hold, Origin, Pause, Reason, Status, Verdict
from state.queue import Queue
from tests.state.making import (
    claim_order,
    claimed,
    fingerprint,
    offered,
    part,
    queued,
    running,
    with_status,
)


@pytest.mark.parametrize("status", list(Status))
def test_only_a_job_that_gave_no_full_result_is_retried(queue: Queue, status: Status) -> None:
    """A retry restores all attempts, or says why the job cannot be retried."""
    job = with_status(queue, status)
    queue.database.execute(
        "UPDATE jobs SET attempt = 5, restarts = 3, tried_last = 1, load_failures = 2"
    )

    if status in RETRYABLE:
        again = queue.retry(job.id)
        assert (again.status, again.attempt, again.restarts) == (Status.QUEUED, 0, 0)
        assert (again.tried_last, again.load_failures) == (False, 0)
    else:
        with pytest.raises(IllegalMove, match=f"job 1 is {status}: it cannot be retried"):
            queue.retry(job.id)


def test_a_retry_keeps_good_parts_and_redoes_fallbacks(queue: Queue) -> None:
    """Parts that the model enhanced are not done again; those that fell back are."""
    job = queue.begin_parts(running(queue), total=3, recipe="r")
    part(queue, job, 0)
    part(queue, job, 1, status="fallback")
    queue.part_failed(job, 2)
    queue.finish(job, status=Status.PARTIAL, reason=Reason.PARTS_FELL_BACK)

    assert queue.retry(job.id).parts_done == 1

    assert [(row.index, row.attempts) for row in queue.parts(job.id)] == [(0, 0)]
    again = queue.begin_parts(claimed(queue), total=3, recipe="r")
    assert queue.parts_done(again) == {0: "payload 0"}
    assert again.parts_done == 1


def test_all_failed_jobs_are_retried_and_no_others(queue: Queue) -> None:
    """Invalid, ignored and cancelled files are left alone."""
    for number, status in enumerate(Status):
        with_status(queue, status, f"/t/{number}.json")
    with_status(queue, Status.FAILED, "/t/second.json")
    before = queue.counts()

    assert queue.retry_failed() == 2
    assert queue.counts() == {**before, Status.FAILED: 0, Status.QUEUED: before[Status.QUEUED] + 2}


@pytest.mark.parametrize("status", list(Status))
def test_only_a_job_that_waits_or_runs_is_cancelled(queue: Queue, status: Status) -> None:
    """A job that has ended stays as it is."""
    job = with_status(queue, status)

    if status in {Status.QUEUED, Status.RUNNING}:
        assert queue.cancel(job.id).status is Status.CANCELLED
        assert queue.offer_many([offered()]) == [None]
    else:
        with pytest.raises(IllegalMove, match="cannot be cancelled"):
            queue.cancel(job.id)


def test_a_prioritized_job_goes_before_all_others(queue: Queue) -> None:
    """The one prioritized last goes first; a number can be given instead."""
    first, second, third, fourth = (queued(queue, f"/{n}", origin=Origin.SCAN) for n in range(4))
    queue.prioritize(third.id)
    queue.prioritize(fourth.id)
    queue.prioritize(first.id, -1)

    order = [job.id for job in claim_order(queue)]
    assert order == [fourth.id, third.id, second.id, first.id]
    with pytest.raises(IllegalMove, match="cannot be prioritized"):
        queue.prioritize(fourth.id)


def test_the_only_job_can_be_prioritized(queue: Queue) -> None:
    """There is no other job to go before, which is no error."""
    assert queue.prioritize(queued(queue).id).priority == 1


def test_a_redo_is_a_new_generation_of_the_latest_bytes(queue: Queue) -> None:
    """The finished job keeps its result; the new one has the model and profile given."""
    first = queue.finish(running(queue), status=Status.DONE)
    second = queue.finish(running(queue, sha256="b"), status=Status.DONE)

    redone = queue.redo(first.id, model="m", profile="p")

    assert (redone.sha256, redone.generation, redone.supersedes) == ("b", 1, second.id)
    assert (redone.model, redone.profile, redone.status) == ("m", "p", Status.QUEUED)
    assert queue.job(second.id) == second
    assert queue.offer_many([offered(sha256="b")]) == [None]


def test_a_redo_replaces_a_job_that_waits(queue: Queue) -> None:
    """A file never has two unfinished jobs."""
    first = queued(queue)
    second = queue.redo(first.id)
    third = queue.redo(first.id)

    assert [job.status for job in queue.jobs_of_path(first.path)] == [
        Status.QUEUED,
        Status.SUPERSEDED,
        Status.SUPERSEDED,
    ]
    assert (second.generation, third.generation) == (1, 2)


def test_redoing_all_means_the_latest_job_of_each_file_that_was_tried(queue: Queue) -> None:
    """Old versions, ignored files and queued jobs are left alone; live files go first."""
    queue.finish(running(queue, "/1", "a"), status=Status.DONE)
    queue.finish(running(queue, "/1", "b"), status=Status.DONE)
    queue.finish(running(queue, "/2"), status=Status.FAILED)
    queue.record(
        "/3",
        fingerprint(),
        Verdict(status=Status.IGNORED, reason=Reason.NOT_A_TRANSCRIPT, sha256="x"),
    )
    waits = queued(queue, "/4", origin=Origin.EVENT)

    assert queue.redo_all(model="m") == 2
    assert [(job.path, job.sha256, job.generation) for job in claim_order(queue)] == [
        (waits.path, "a", 0),
        ("/1", "b", 1),
        ("/2", "a", 1),
    ]
    assert queue.counts()[Status.SUPERSEDED] == 1


def test_redoing_all_of_nothing_is_nothing(queue: Queue) -> None:
    """No jobs to redo is no error."""
    assert queue.redo_all() == 0


def test_forgetting_leaves_no_trace_of_a_file(queue: Queue) -> None:
    """Jobs, parts, history and the file seen are deleted; ids are never reused."""
    part(queue, running(queue))
    last = queued(queue, sha256="b")

    assert queue.forget(last.id) == 2
    for table in ("jobs", "parts", "history", "seen"):
        assert queue.database.query(f"SELECT * FROM {table}") == []
    assert queued(queue).id == last.id + 1


def test_a_running_job_is_not_forgotten(queue: Queue) -> None:
    """The worker would write outputs that no job records."""
    job = running(queue)

    with pytest.raises(IllegalMove, match="cancel it first"):
        queue.forget(job.id)
    assert queue.still_mine(job)


def test_every_verb_says_so_when_there_is_no_such_job(queue: Queue) -> None:
    """An unknown id is an error with a message, not a crash."""
    for verb in (queue.retry, queue.cancel, queue.prioritize, queue.redo, queue.forget):
        with pytest.raises(NoSuchJob, match="there is no job 77"):
            verb(77)
    assert queue.job(77) is None
    assert queue.job_by_path("/nowhere") is None


def test_a_pause_outlives_the_process_and_ends_on_time(queue: Queue, path: Path) -> None:
    """Time is an argument; a pause without an end waits for `resume`."""
    queue.pause("recording", until=1000.0)
    with open_database(path) as other:
        pause = Queue(other).paused()
    assert pause is not None
    assert pause == Pause("recording", 1000.0, pause.since)

    assert [queue.expire_pause(now) for now in (999.9, 1000.0, 1000.1)] == [False, True, False]
    assert queue.paused() is None
    queue.pause()
    assert not queue.expire_pause(10.0**12)
    assert [queue.resume(), queue.resume()] == [True, False]


def test_a_hold_outlives_the_process_and_is_released_by_its_reason(
    queue: Queue, path: Path
) -> None:
    """Free disk space does not release a queue that waits for a model."""
    queue.hold(Reason.MODEL_MISSING, "download it")
    with open_database(path) as other:
        hold = Queue(other).held()
    assert hold is not None
    assert hold == Hold("model_missing", "download it", hold.since)

    queue.hold(Reason.MODEL_MISSING, "download it again")
    assert queue.held() == Hold("model_missing", "download it again", hold.since)
    assert not queue.release_hold(Reason.DISK_FULL)
    assert queue.release_hold(Reason.MODEL_MISSING)
    assert queue.held() is None
    assert not queue.release_hold()
