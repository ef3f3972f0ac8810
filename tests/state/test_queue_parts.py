"""Finished parts survive kills, and are kept until later ones replace them."""

from __future__ import annotations

import pytest

from state.job import Status
from state.queue import Queue
from tests.state.making import claimed, part, running


def test_finished_parts_are_there_after_a_kill(queue: Queue) -> None:
    """A job killed at minute fifty continues at minute fifty."""
    job = queue.begin_parts(running(queue), total=3, recipe="r")
    part(queue, job, 0)
    part(queue, job, 2)
    queue.requeue_orphans("boot-1")

    again = queue.begin_parts(claimed(queue), total=3, recipe="r")

    assert queue.parts_done(again) == {0: "payload 0", 2: "payload 2"}
    assert again.parts_done == 2


@pytest.mark.parametrize(("total", "recipe"), [(3, "other"), (4, "r")])
def test_parts_of_another_recipe_are_dropped(queue: Queue, total: int, recipe: str) -> None:
    """A new model or another cut does not use parts that were made without it."""
    job = queue.begin_parts(running(queue), total=3, recipe="r")
    part(queue, job)
    queue.release(job)

    again = queue.begin_parts(claimed(queue), total=total, recipe=recipe)

    assert (queue.parts_done(again), again.parts_done, again.words_done) == ({}, 0, 0)


def test_a_part_saved_twice_counts_once(queue: Queue) -> None:
    """Saving is idempotent; the last payload counts."""
    job = running(queue)
    part(queue, job)
    queue.save_part(job, 0, status="fallback", payload="other", words=8, decode_s=0.25)

    found = queue.job(job.id)
    assert found is not None
    assert (found.parts_done, found.words_done, found.decode_s) == (1, 8, 0.25)
    assert queue.parts_done(job) == {0: "other"}


def test_failed_attempts_at_a_part_are_counted_across_kills(queue: Queue) -> None:
    """A part that kills the model child falls back after three attempts, even across restarts."""
    job = running(queue)
    assert queue.part_failed(job, 4) == 1
    queue.requeue_orphans("boot-1")
    job = claimed(queue)

    assert [queue.part_failed(job, 4) for _ in range(2)] == [2, 3]
    assert queue.part_failed(job, 5) == 1
    assert queue.parts_done(job) == {}
    part(queue, job, 4, status="fallback")
    assert [(row.index, row.status, row.attempts) for row in queue.parts(job.id)] == [
        (4, "fallback", 3),
        (5, None, 1),
    ]


def test_parts_are_kept_until_later_ones_replace_them(queue: Queue) -> None:
    """A text can be rendered again without the model; only its last version is kept."""
    first = queue.finish(part(queue, running(queue)), status=Status.DONE)
    queue.redo(first.id)
    again = part(queue, claimed(queue))
    assert queue.parts_done(first) == {0: "payload 0"}

    second = queue.finish(again, status=Status.PARTIAL)

    assert (queue.parts_done(first), queue.parts_done(second)) == ({}, {0: "payload 0"})


def test_a_redo_that_fails_leaves_the_parts_of_the_outputs(queue: Queue) -> None:
    """The outputs beside the source are still those of the first job."""
    first = queue.finish(part(queue, running(queue)), status=Status.DONE)
    queue.redo(first.id)
    queue.finish(claimed(queue), status=Status.FAILED)

    assert queue.parts_done(first) == {0: "payload 0"}


def test_a_superseded_job_keeps_no_parts(queue: Queue) -> None:
    """They will never be rendered."""
    ended = queue.finish(part(queue, running(queue)), status=Status.SUPERSEDED)

    assert queue.parts_done(ended) == {}


def test_parts_take_less_room_than_their_text(queue: Queue) -> None:
    """They are compressed, because they are kept as long as the job."""
    text = "the same words again and again " * 40
    job = running(queue)
    queue.save_part(job, 0, status="enhanced", payload=text, words=7, decode_s=0.0)

    row = queue.database.query("SELECT length(payload) AS size FROM parts")[0]
    assert row["size"] < len(text) / 5
    assert queue.parts_done(job) == {0: text}
