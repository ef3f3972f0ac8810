"""The backlog in words, and the count of edited outputs that were kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from state.job import Backlog, Job, Output, Reason, Status, Verdict
from state.queue import Queue
from tests.state.making import claimed, fingerprint, offered, part, queued, running


def ended(
    queue: Queue,
    name: str = "/t/talk.json",
    *,
    words: int | None = 25,
    status: Status = Status.DONE,
    size: int = 100,
    sha256: str = "a",
    outputs: tuple[Output, ...] = (),
) -> Job:
    """Queue a file of some words and finish it."""
    queued(queue, name, sha256, size=size)
    return finished(queue, words=words, status=status, outputs=outputs)


def finished(
    queue: Queue,
    *,
    words: int | None = 25,
    status: Status = Status.DONE,
    outputs: tuple[Output, ...] = (),
) -> Job:
    """Claim the next file and finish it; without words it was not a transcript."""
    job = claimed(queue)
    if words is not None:
        job = queue.begin_parts(job, total=1, recipe="r", words=words)
    return queue.finish(job, status=status, outputs=outputs)


def text(name: str, *, displaced: bool = False) -> Output:
    """Return an output of this name; a displaced one was written beside an edited one."""
    return Output("enhanced.txt", name, "0" * 64, displaced)


@contextmanager
def traced(queue: Queue) -> Iterator[list[str]]:
    """Collect the statements that are run."""
    found: list[str] = []
    queue.database.connection.set_trace_callback(found.append)
    yield found
    queue.database.connection.set_trace_callback(None)


def test_files_not_read_yet_are_estimated_from_those_done(queue: Queue) -> None:
    """Waiting words are waiting bytes times the words per byte of finished files."""
    assert queue.backlog() == Backlog(jobs=0, bytes=0, words=0)
    queue.offer_many([offered("/0", size=10)])
    assert queue.backlog() == Backlog(jobs=1, bytes=10, words=None)
    finished(queue, words=4)
    ended(queue, "/t/talk.json", words=21, size=90)
    queue.offer_many([offered("/1", size=1000), offered("/2", size=600)])

    assert queue.backlog() == Backlog(jobs=2, bytes=1600, words=400)


def test_a_file_that_was_read_counts_with_its_remaining_words(queue: Queue) -> None:
    """An interrupted job waits with the words that it has not done, whatever its size."""
    ended(queue, words=1)
    queued(queue, "/t/long.json", size=1)
    job = queue.begin_parts(claimed(queue), total=9, recipe="r", words=90)
    queue.release(part(queue, part(queue, job), 1), reason=Reason.PAUSED)

    assert queue.backlog() == Backlog(jobs=1, bytes=1, words=70)


def test_a_retried_file_has_its_fallbacks_left_to_do(queue: Queue) -> None:
    """They count as done until a retry, of one job or of all."""
    job = queue.begin_parts(running(queue), total=2, recipe="r", words=20)
    queue.finish(
        part(queue, part(queue, job), 1, status="fallback"), status=Status.PARTIAL, reason=None
    )
    assert queue.retry(job.id).words_done == 10
    assert queue.backlog().words == 10

    failed = part(queue, claimed(queue), 1, status="fallback")
    queue.finish(failed, status=Status.FAILED)
    queue.retry_failed()
    assert queue.backlog().words == 10


def test_a_redo_counts_with_the_words_that_the_same_bytes_had(queue: Queue) -> None:
    """When they were last read; other bytes at the same path are a new file."""
    done = ended(queue, words=149)
    ended(queue, "/t/other.json", words=1, size=100)
    queue.redo(done.id)
    queue.redo(done.id)  # replaces the first, which was not read
    assert queue.backlog() == Backlog(jobs=1, bytes=100, words=149)
    queued(queue, sha256="b", size=100)

    assert queue.backlog() == Backlog(jobs=1, bytes=100, words=75)


def test_files_are_estimated_from_those_of_their_kind(queue: Queue) -> None:
    """A text has more words per byte than JSON; an unknown kind has the average of all."""
    ended(queue, "/1.json", words=10, size=1000)
    ended(queue, "/2.TXT", words=190, size=1000)
    for name, words in (("/3.json", 100), ("/4.txt", 1900), ("/5.vtt", 1000)):
        job = queued(queue, name, size=10_000)
        assert queue.backlog().words == words
        queue.cancel(job.id)


@pytest.mark.parametrize("status", [Status.IGNORED, Status.INVALID])
def test_files_that_were_not_transcripts_count_with_no_words(queue: Queue, status: Status) -> None:
    """Some of the waiting files will not be transcripts either."""
    ended(queue, "/1.json", words=100, size=1000)
    ended(queue, "/2.json", words=None, size=3000, status=status)
    queued(queue, "/3.json", size=400)

    assert queue.backlog().words == 10


def test_files_that_never_waited_are_left_out_of_the_estimate(queue: Queue) -> None:
    """A recorded verdict was not claimed, and work of a lost database has no count of words."""
    ended(queue, "/1.json", words=100, size=1000)
    for name, verdict in (
        ("/2.json", Verdict(status=Status.INVALID, reason=Reason.NOT_JSON)),
        ("/3.json", Verdict(status=Status.DONE, reason=None, recipe="r")),
    ):
        queue.record(name, fingerprint(size=5000), verdict)
    queued(queue, "/4.json", size=1000)

    assert queue.backlog().words == 100


def test_the_running_file_counts_for_the_estimate(queue: Queue) -> None:
    """It is the only one while nothing is done yet."""
    queue.begin_parts(running(queue), total=1, recipe="r", words=50)
    queued(queue, "/2.json", size=200)

    assert queue.backlog().words == 100


def test_only_recent_files_count_for_the_estimate(queue: Queue) -> None:
    """Fifty finished ones, and those among them that were not transcripts."""
    ended(queue, "/old.json", words=1, size=100_000)
    ended(queue, "/old-foreign.json", words=None, size=100_000, status=Status.IGNORED)
    for number in range(50):
        ended(queue, f"/{number}.json", words=10, size=100)
    queued(queue, "/new.json", size=100)

    assert queue.backlog().words == 10


def test_the_backlog_is_one_statement_answered_from_indexes(queue: Queue) -> None:
    """However many files wait, only the sample of recent jobs is grouped."""
    job = ended(queue)
    queue.redo(job.id)
    queue.offer_many([offered(f"/{number}.json") for number in range(60)])
    with traced(queue) as statements:
        queue.backlog()

    (statement,) = (sql for sql in statements if not sql.startswith("--"))
    plan = [row["detail"] for row in queue.database.query(f"EXPLAIN QUERY PLAN {statement}")]
    assert "SEARCH jobs USING INDEX jobs_status (status=?)" in plan
    assert "SEARCH jobs USING INDEX jobs_status (status=? AND id>?)" in plan
    assert "SEARCH before USING INDEX jobs_chain (path=?)" in plan
    assert not any(line.startswith(("SCAN jobs", "SCAN before")) for line in plan)
    assert [line for line in plan if "TEMP B-TREE" in line] == ["USE TEMP B-TREE FOR GROUP BY"]


def test_a_file_whose_edit_was_kept_is_counted(queue: Queue) -> None:
    """It counts once, however many of its outputs; a name that looks like the flag does not."""
    assert queue.edits_kept() == 0
    ended(queue, "/1", outputs=(text("/1"), text('/x", true], ["y')))
    ended(queue, "/2", outputs=(text("/2.2", displaced=True), text("/2.3", displaced=True)))
    ended(queue, "/3", outputs=(text('/3"', displaced=True),), status=Status.PARTIAL)

    assert queue.edits_kept() == 2


def test_only_current_outputs_count_as_kept_edits(queue: Queue) -> None:
    """A later job that waits or failed changes nothing; one that is done does."""
    first = ended(queue, outputs=(text("/t/2", displaced=True),))
    queue.redo(first.id)
    assert queue.edits_kept() == 1
    finished(queue, status=Status.FAILED)
    assert queue.edits_kept() == 1
    ended(queue, sha256="b", outputs=(text("/t/1"),))

    assert queue.edits_kept() == 0


def test_edits_are_counted_in_one_statement(queue: Queue) -> None:
    """It uses the index on the status, and checks for a later job only if there was an edit."""
    with traced(queue) as statements:
        queue.edits_kept()

    (statement,) = (sql for sql in statements if not sql.startswith("--"))
    plan = [row["detail"] for row in queue.database.query(f"EXPLAIN QUERY PLAN {statement}")]
    assert "SEARCH jobs USING INDEX jobs_status (status=?)" in plan
    assert any(line.startswith("SEARCH later USING INDEX jobs_chain") for line in plan)
