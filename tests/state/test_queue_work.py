"""Claims, attempts and how jobs end."""

from __future__ import annotations

import pytest

from state.errors import IllegalMove, JobMoved, NoSuchJob
from state.job import ATTEMPT_CAP, FINISH_CAP, Job, Origin, Output, Reason, Status
from state.queue import Queue
from tests.state.making import claim_order, claimed, offered, part, queued, running


def test_a_claim_counts_the_attempt(queue: Queue) -> None:
    """A daemon that dies right after its claim has used an attempt."""
    queued(queue)

    job = claimed(queue)

    assert (job.status, job.attempt, job.claims, job.boot_id) == (Status.RUNNING, 1, 1, "boot-1")
    assert queue.claim(boot_id="boot-1") is None


def test_jobs_are_claimed_by_priority_then_backlog_last_then_arrival(queue: Queue) -> None:
    """The order depends on no clock."""
    queue.offer_many(
        [
            offered("/1", origin=Origin.SCAN),
            offered("/2"),
            offered("/3", priority=5, origin=Origin.SCAN),
            offered("/4", priority=5),
            offered("/5", priority=-1),
            offered("/6"),
        ]
    )

    assert [job.path for job in claim_order(queue)] == ["/4", "/3", "/2", "/6", "/1", "/5"]


def test_a_finished_part_restores_all_attempts_but_this_one(queue: Queue) -> None:
    """A job that makes progress never fails, however often the daemon dies."""
    queued(queue)
    for attempt in (1, 2, 3):
        job = claimed(queue)
        assert job.attempt == attempt
        queue.requeue_orphans("boot-1")
    job = queue.begin_parts(claimed(queue), total=2, recipe="r", words=20)
    queue.load_failed(job)

    job = part(queue, job)

    assert (job.attempt, job.restarts, job.load_failures) == (1, 0, 0)
    assert (job.parts_done, job.parts_total, job.words_done, job.words_total) == (1, 2, 10, 20)
    assert job.decode_s == 0.5


def test_an_orphan_is_requeued_until_its_attempts_are_used_up(queue: Queue) -> None:
    """Without a finished part a job is claimed five times and no more."""
    job = queued(queue)
    for _ in range(ATTEMPT_CAP - 1):
        claimed(queue)
        assert [orphan.status for orphan in queue.requeue_orphans("boot-1")] == [Status.QUEUED]
    claimed(queue)

    (orphan,) = queue.requeue_orphans("boot-1")

    assert (orphan.id, orphan.status, orphan.attempt) == (job.id, Status.FAILED, ATTEMPT_CAP)
    assert orphan.reason is Reason.ATTEMPTS_EXHAUSTED
    assert orphan.finished_at is not None
    assert queue.requeue_orphans("boot-1") == []


def all_saved(queue: Queue) -> Job:
    """Return the next job, claimed, with both of its parts saved."""
    job = queue.begin_parts(claimed(queue), total=2, recipe="r")
    return part(queue, part(queue, job, 0), 1)


def test_a_job_whose_parts_are_all_saved_has_more_attempts(queue: Queue) -> None:
    """After kills while its outputs are written it is tried last; it does not fail."""
    queued(queue, "/bad", priority=9)
    all_saved(queue)
    for _ in range(ATTEMPT_CAP - 1):
        (orphan,) = queue.requeue_orphans("boot-1")
        assert (orphan.status, orphan.tried_last, orphan.reason) == (Status.QUEUED, False, None)
        job = claimed(queue)
    (orphan,) = queue.requeue_orphans("boot-1")
    assert (orphan.status, orphan.tried_last) == (Status.QUEUED, True)
    assert orphan.reason is Reason.KILLED_WHILE_FINISHING
    good = queued(queue, "/good", origin=Origin.SCAN, priority=-5)

    assert claimed(queue).id == good.id
    last = claimed(queue)
    assert (last.id, last.attempt) == (job.id, ATTEMPT_CAP + 1)
    assert queue.finish(last, status=Status.DONE).status is Status.DONE


def test_a_job_that_can_never_be_published_fails_in_the_end(queue: Queue) -> None:
    """Even with all parts saved, no job is claimed for ever."""
    queued(queue)
    all_saved(queue)
    for _ in range(FINISH_CAP - 1):
        assert [orphan.status for orphan in queue.requeue_orphans("boot-1")] == [Status.QUEUED]
        claimed(queue)

    (orphan,) = queue.requeue_orphans("boot-1")

    assert (orphan.status, orphan.attempt) == (Status.FAILED, FINISH_CAP)
    assert orphan.reason is Reason.KILLED_WHILE_FINISHING
    assert queue.requeue_orphans("boot-1") == []


def test_a_new_recipe_has_all_its_attempts(queue: Queue) -> None:
    """Attempts counted with the old parts do not count against the new ones."""
    queued(queue)
    all_saved(queue)
    for _ in range(ATTEMPT_CAP + 2):
        queue.requeue_orphans("boot-1")
        job = claimed(queue)

    job = queue.begin_parts(job, total=2, recipe="other")

    assert (job.attempt, job.parts_done) == (1, 0)
    assert [orphan.status for orphan in queue.requeue_orphans("boot-1")] == [Status.QUEUED]


def test_a_retry_that_drops_parts_has_the_usual_attempts(queue: Queue) -> None:
    """A part that is to be done again is not saved, whatever was counted before."""
    queued(queue)
    job = all_saved(queue)
    part(queue, job, 1, status="fallback")
    queue.retry(queue.finish(job, status=Status.PARTIAL).id)
    for _ in range(ATTEMPT_CAP - 1):
        claimed(queue)
        assert [orphan.status for orphan in queue.requeue_orphans("boot-1")] == [Status.QUEUED]
    claimed(queue)

    (orphan,) = queue.requeue_orphans("boot-1")

    assert (orphan.status, orphan.reason) == (Status.FAILED, Reason.ATTEMPTS_EXHAUSTED)


def test_a_job_during_which_the_machine_restarted_twice_is_tried_last(queue: Queue) -> None:
    """It waits for all others and for the cool-down."""
    bad = queued(queue, "/bad", priority=9)
    claimed(queue, boot_id="boot-1")
    (once,) = queue.requeue_orphans("boot-2")
    assert (once.tried_last, once.restarts, once.reason) == (False, 1, None)
    claimed(queue, boot_id="boot-2")
    (twice,) = queue.requeue_orphans("boot-3")
    assert (twice.tried_last, twice.restarts) == (True, 2)
    assert twice.reason is Reason.RESTART_DURING_JOB
    good = queued(queue, "/good", origin=Origin.SCAN, priority=-5)

    assert claimed(queue, boot_id="boot-3").id == good.id
    assert queue.claim(boot_id="boot-3", restarted=False) is None
    assert claimed(queue, boot_id="boot-3").id == bad.id


def test_a_killed_daemon_is_no_restart_of_the_machine(queue: Queue) -> None:
    """Only a new boot id counts as a restart."""
    queued(queue)
    for _ in range(3):
        claimed(queue)
        (orphan,) = queue.requeue_orphans("boot-1")

    assert (orphan.restarts, orphan.tried_last) == (0, False)


def test_a_part_done_after_a_restart_resets_the_count(queue: Queue) -> None:
    """Only restarts without progress between them count."""
    queued(queue)
    claimed(queue, boot_id="boot-1")
    queue.requeue_orphans("boot-2")
    part(queue, claimed(queue, boot_id="boot-2"))

    (orphan,) = queue.requeue_orphans("boot-3")

    assert (orphan.restarts, orphan.tried_last) == (1, False)


def test_a_graceful_stop_does_not_count_as_an_attempt(queue: Queue) -> None:
    """A requested stop costs the job nothing, however often it happens."""
    first = queued(queue, "/1")
    queued(queue, "/2")
    for _ in range(20):
        job = queue.release(claimed(queue), reason=Reason.STOPPED)

    assert (job.id, job.status, job.attempt, job.claims) == (first.id, Status.QUEUED, 0, 20)
    assert claimed(queue).id == first.id


def test_children_that_die_before_any_part_are_counted_across_kills(queue: Queue) -> None:
    """A model that cannot be loaded is not tried for ever."""
    job = running(queue)
    assert queue.load_failed(job) == 1
    queue.requeue_orphans("boot-1")

    assert queue.load_failed(claimed(queue)) == 2


def test_a_worker_notices_that_its_job_was_cancelled_or_superseded(queue: Queue) -> None:
    """Nothing is stored or published for a claim that is no longer valid."""
    job = running(queue)
    assert queue.still_mine(job)
    queue.cancel(job.id)

    assert not queue.still_mine(job)
    for write in (
        lambda: part(queue, job),
        lambda: queue.part_failed(job, 0),
        lambda: queue.load_failed(job),
        lambda: queue.begin_parts(job, total=1, recipe="r"),
        lambda: queue.intend_outputs(job, []),
        lambda: queue.release(job),
        lambda: queue.finish(job, status=Status.DONE),
    ):
        with pytest.raises(JobMoved) as caught:
            write()
        assert caught.value.status is Status.CANCELLED
    assert queue.parts(job.id) == []
    queue.forget(job.id)
    with pytest.raises(NoSuchJob):
        queue.finish(job, status=Status.DONE)


def test_a_job_ends_with_its_outputs_and_figures(queue: Queue) -> None:
    """The status, outputs and figures are written in one transaction."""
    outputs = (
        Output("enhanced.txt", "/t/talk.enhanced.txt", "h1"),
        Output("metadata.json", "/t/talk.metadata.1.json", "h2", displaced=True),
    )
    job = part(queue, running(queue))

    done = queue.finish(
        job,
        status=Status.DONE,
        reason=Reason.NO_SPEECH,
        detail="silence",
        outputs=outputs,
        figures={"words_in": 3},
    )

    assert (done.status, done.reason, done.detail) == (Status.DONE, Reason.NO_SPEECH, "silence")
    assert (done.outputs, done.figures, done.intended) == (outputs, {"words_in": 3}, ())
    assert done.finished_at is not None
    assert queue.parts_done(done) == {0: "payload 0"}
    assert [row.status for row in queue.parts(done.id)] == ["enhanced"]


def test_outputs_that_were_rendered_again_are_recorded(queue: Queue) -> None:
    """A later redo must recognise them as ours; the job's status does not change."""
    name = "/t/talk.enhanced.txt"
    done = queue.finish(
        running(queue), status=Status.DONE, outputs=[Output("enhanced.txt", name, "old")]
    )
    new = Output("enhanced.txt", name, "new")
    intended = queue.intend_outputs(done, [new])
    assert queue.recorded_outputs(done.path) == {name: ("new", "old")}

    after = queue.rerendered(intended, [new])

    assert (after.status, after.outputs, after.intended) == (Status.DONE, (new,), ())
    assert queue.recorded_outputs(done.path) == {name: ("new",)}


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
def test_a_job_cannot_finish_without_an_end(queue: Queue, status: Status) -> None:
    """A job is returned to the queue by `release`."""
    with pytest.raises(IllegalMove):
        queue.finish(running(queue), status=status)


def test_a_file_that_a_killed_run_wrote_is_recognised_as_ours(queue: Queue) -> None:
    """Intended outputs are recorded first, and kept through killed runs until one finishes."""
    name = "/t/talk.enhanced.txt"
    done = running(queue)
    queue.finish(done, status=Status.DONE, outputs=[Output("enhanced.txt", name, "old")])
    queue.redo(done.id)
    for sha256 in ("killed once", "killed twice"):
        queue.intend_outputs(claimed(queue), [Output("enhanced.txt", name, sha256)])
        queue.requeue_orphans("boot-1")

    assert queue.recorded_outputs("/t/talk.json") == {name: ("killed twice", "killed once", "old")}


def test_a_failed_run_keeps_the_outputs_of_the_run_before(queue: Queue) -> None:
    """A partial job whose retry fails has not lost what it wrote."""
    outputs = (Output("enhanced.txt", "/t/talk.enhanced.txt", "h"),)
    job = queue.finish(running(queue), status=Status.PARTIAL, outputs=outputs)
    queue.retry(job.id)

    failed = queue.finish(claimed(queue), status=Status.FAILED, reason=Reason.SOURCE_GONE)

    assert failed.outputs == outputs


def test_nothing_is_claimed_while_the_queue_is_paused_or_held(queue: Queue) -> None:
    """The claim itself checks, so that a pause holds from the moment it is written."""
    queued(queue)
    queue.pause("lunch")
    assert queue.claim(boot_id="b") is None
    queue.hold(Reason.MODEL_MISSING)
    queue.resume()
    assert queue.claim(boot_id="b") is None
    queue.release_hold()

    assert claimed(queue).attempt == 1
