"""Which jobs have a text beside their file: the newest one of each path that wrote outputs."""

from __future__ import annotations

from state.job import Output, Status, Verdict
from state.queue import Queue
from tests.state.making import running


def done(queue: Queue, path: str, sha256: str = "h") -> int:
    """Return the id of a job that is recorded as done with one output."""
    output = Output("enhanced.txt", f"{path}.txt", sha256)
    return queue.record(path, None, Verdict(status=Status.DONE, reason=None, outputs=(output,))).id


def test_the_newest_job_with_outputs_counts(queue: Queue) -> None:
    """A redo that has not written anything yet leaves the old text in its place."""
    first = done(queue, "/a")
    other = done(queue, "/b")
    queue.redo(first)
    assert [row.id for row in queue.finished(limit=9)] == [other, first]
    assert queue.finished_count() == 2
    assert queue.without_outputs(["/a", "/c", "/b"]) == ["/c"]


def test_jobs_come_page_by_page_newest_first(queue: Queue) -> None:
    """Each once, whatever the size of a page."""
    ids = [done(queue, f"/{number}") for number in range(5)]
    seen: list[int] = []
    last: int | None = None
    while rows := queue.finished(before=last, limit=2):
        last = rows[-1].id
        seen += [row.id for row in rows]
    assert seen == ids[::-1]


def test_outputs_that_are_written_again_have_another_stamp(queue: Queue) -> None:
    """So that what is made of them is made again."""
    job = queue.finish(running(queue), status=Status.DONE, outputs=[Output("t", "/t", "old")])
    before = queue.finished(limit=1)[0].stamp
    assert queue.finished(limit=1)[0].stamp == before
    queue.rerendered(job, [Output("t", "/t", "new")])
    assert queue.finished(limit=1)[0].stamp != before


def test_paths_written_again_or_forgotten_are_noted_once(queue: Queue) -> None:
    """A job that ends is not among them: whoever ended it knows."""
    job = queue.finish(running(queue), status=Status.DONE, outputs=[Output("t", "/t", "old")])
    other = done(queue, "/b")
    assert queue.take_changed(limit=9) == []
    job = queue.rerendered(job, [Output("t", "/t", "new")])
    queue.rerendered(job, [Output("t", "/t", "newer")])
    queue.forget(other)
    assert sorted([*queue.take_changed(limit=1), *queue.take_changed(limit=9)]) == sorted(
        [job.path, "/b"]
    )
    assert queue.take_changed(limit=9) == []


def test_a_job_without_outputs_is_not_finished(queue: Queue) -> None:
    """Failed, cancelled and running ones have no text, nor has one that is forgotten."""
    job = running(queue)
    assert queue.finished(limit=9) == []
    queue.finish(job, status=Status.FAILED)
    assert queue.finished_count() == 0
    queue.forget(done(queue, "/a"))
    assert queue.finished(limit=9) == []
