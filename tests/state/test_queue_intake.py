"""Files become jobs, and the same bytes never become two."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from state.database import open_database
from state.errors import IllegalMove
from state.job import Fingerprint, Offer, Origin, Output, Reason, Seen, Status, Verdict
from state.queue import Queue
from tests.state.making import claimed, fingerprint, offered, queued, running, with_status


def test_a_new_file_becomes_a_queued_job_and_is_known_afterwards(queue: Queue) -> None:
    """Job and file seen are written together, so that a crash cannot lose only one of them."""
    file = Fingerprint(device=8, inode=7, size=5, mtime_ns=6, ctime_ns=4)
    job = queue.offer(Offer(path="/t/talk.json", sha256="a", fingerprint=file, origin=Origin.EVENT))

    assert job is not None
    assert (job.device, job.inode, job.size, job.mtime_ns) == (8, 7, 5, 6)
    assert (job.status, job.path, job.attempt, job.supersedes) == (
        Status.QUEUED,
        "/t/talk.json",
        0,
        0,
    )
    assert queue.known("/t/talk.json") == Seen("/t/talk.json", file, "a")


def test_two_scans_and_ten_events_of_one_version_make_one_job(queue: Queue) -> None:
    """The same bytes are never queued twice, whatever noticed them."""
    made = queue.offer_many([offered(origin=Origin.SCAN)] * 2 + [offered(origin=Origin.EVENT)] * 10)

    assert [job is None for job in made] == [False] + [True] * 11
    assert queue.counts()[Status.QUEUED] == 1


def test_bytes_that_return_are_a_job_again(queue: Queue) -> None:
    """After A, B and A the text beside the file must be A's again."""
    first, second, third = (queued(queue, sha256=sha) for sha in ("a", "b", "a"))

    assert [job.supersedes for job in (first, second, third)] == [0, first.id, second.id]
    assert [job.sha256 for job in queue.jobs(status=Status.QUEUED)] == ["a"]
    assert queue.offer_many([offered(sha256="a")]) == [None]


@pytest.mark.parametrize(
    "status",
    [
        Status.QUEUED,
        Status.RUNNING,
        Status.FAILED,
        Status.INVALID,
        Status.IGNORED,
        Status.CANCELLED,
    ],
)
def test_an_older_job_without_result_is_superseded(queue: Queue, status: Status) -> None:
    """New bytes supersede every job that gave no result, in the same transaction."""
    old = with_status(queue, status)

    queued(queue, sha256="b")

    found = queue.job(old.id)
    assert found is not None
    assert found.status is Status.SUPERSEDED


@pytest.mark.parametrize("status", [Status.DONE, Status.PARTIAL])
def test_an_older_job_with_a_result_keeps_it(queue: Queue, status: Status) -> None:
    """A finished job stays finished when the file changes."""
    old = with_status(queue, status)

    queued(queue, sha256="b")

    found = queue.job(old.id)
    assert found is not None
    assert found.status is status


@pytest.mark.parametrize(
    ("reason", "again"),
    [
        (Reason.SOURCE_GONE, True),
        (Reason.UNREADABLE, True),
        (Reason.NOT_DOWNLOADED, True),
        (Reason.MODEL_CHILD_DIED, False),
        (Reason.ATTEMPTS_EXHAUSTED, False),
    ],
)
def test_a_file_that_was_only_away_is_queued_again(
    queue: Queue, reason: Reason, again: bool
) -> None:
    """The same bytes are tried again if they did not cause the failure."""
    job = running(queue)
    queue.finish(job, status=Status.FAILED, reason=reason)

    (revived,) = queue.offer_many([offered(mtime_ns=99)])

    assert (revived is not None) is again
    if revived is not None:
        assert (revived.id, revived.status, revived.mtime_ns) == (job.id, Status.QUEUED, 99)
        assert (revived.attempt, revived.reason, revived.finished_at) == (0, None, None)


@pytest.mark.parametrize(
    ("status", "again"),
    [
        (Status.FAILED, True),
        (Status.INVALID, True),
        (Status.CANCELLED, True),
        (Status.DONE, False),
        (Status.QUEUED, False),
        (Status.RUNNING, False),
    ],
)
def test_a_file_added_by_hand_is_tried_again_unless_it_has_its_result(
    queue: Queue, status: Status, again: bool
) -> None:
    """A user who adds a file that failed wants it tried again."""
    with_status(queue, status)

    (job,) = queue.offer_many([offered(origin=Origin.MANUAL)])

    assert (job is not None) is again


def test_bytes_are_new_after_a_superseded_job_of_the_same_bytes(queue: Queue) -> None:
    """A job superseded because its file changed does not block the file when it changes back."""
    queue.finish(running(queue), status=Status.SUPERSEDED, reason=Reason.SOURCE_CHANGED)

    assert queued(queue).status is Status.QUEUED


def test_a_verdict_is_recorded_once(queue: Queue) -> None:
    """A file that is not a transcript makes one row, however often it is checked."""
    ignored = Verdict(status=Status.IGNORED, reason=Reason.NOT_A_TRANSCRIPT, sha256="x")
    invalid = Verdict(status=Status.INVALID, reason=Reason.NOT_JSON, sha256="y")
    first, again, other = (
        queue.record("/t/x.json", fingerprint(), verdict) for verdict in (ignored, ignored, invalid)
    )

    assert again == first
    assert first.finished_at is not None
    assert other.id != first.id
    assert queue.counts()[Status.SUPERSEDED] == 1


def test_a_file_that_was_never_read_is_recorded_without_a_hash(queue: Queue) -> None:
    """A file that is too large has no hash, and the same verdict on it is still one row."""
    too_large = Verdict(status=Status.INVALID, reason=Reason.TOO_LARGE)
    for size in (10**12, 10**12 + 1):
        job = queue.record("/t/x.json", fingerprint(size=size), too_large)

    assert job.sha256 is None
    assert queue.counts()[Status.INVALID] == 1


def test_finished_work_is_recorded_again_after_a_lost_database(queue: Queue) -> None:
    """A file whose outputs are recorded as done is not enhanced a second time."""
    outputs = (Output("enhanced.txt", "/t/talk.enhanced.txt", "h"),)
    done = Verdict(status=Status.DONE, reason=None, sha256="a", outputs=outputs, recipe="r")
    job = queue.record("/t/talk.json", fingerprint(), done)

    assert (job.status, job.outputs, job.recipe) == (Status.DONE, outputs, "r")
    assert queue.offer_many([offered()]) == [None]


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.SUPERSEDED])
def test_only_an_end_can_be_recorded(queue: Queue, status: Status) -> None:
    """A job that has not run yet is made by an offer."""
    with pytest.raises(IllegalMove):
        queue.record("/t/x.json", fingerprint(), Verdict(status=status, reason=None))


def test_a_name_that_is_not_utf8_survives(queue: Queue) -> None:
    """File names are bytes, and come back unchanged in jobs, outputs and files seen."""
    name = b"/t/caf\xe9 \xff\n\x1b.json"
    output = Output("enhanced.txt", os.fsdecode(b"/t/\xff.txt"), "h")
    job = queue.finish(running(queue, name), status=Status.DONE, outputs=[output])

    assert os.fsencode(job.path) == name
    assert job.outputs == (output,)
    assert queue.known_many([name]) == {os.fsdecode(name): queue.known(name)}
    assert queue.job_by_path(job.path) == job


def test_two_spellings_of_one_letter_are_two_paths(queue: Queue) -> None:
    """Composed and decomposed letters are different bytes, and on Linux different files."""
    composed, decomposed = queued(queue, "/t/\u00e9.json"), queued(queue, "/t/e\u0301.json")

    assert composed.id != decomposed.id


def test_a_detail_may_quote_a_name_that_is_not_utf8(queue: Queue) -> None:
    """A lone surrogate in a text is escaped, not refused."""
    job = queue.finish(running(queue), status=Status.FAILED, detail=os.fsdecode(b"no \xff.json"))

    assert job.detail == "no \\udcff.json"


def test_an_inode_of_64_bits_comes_back(queue: Queue) -> None:
    """Some file systems use the top bit, which SQLite's integers do not have."""
    job = queued(queue, inode=2**64 - 1, device=2**63)

    assert (job.inode, job.device) == (2**64 - 1, 2**63)
    seen = queue.known(job.path)
    assert seen is not None
    assert seen.fingerprint == fingerprint(inode=2**64 - 1, device=2**63)


LATE_NS = 10**19  # the year 2286, after the last nanosecond that SQLite's integers can count


@pytest.mark.parametrize("moment_ns", [-1, 2**63 - 1, 2**63, LATE_NS, 2**64 + 7])
def test_a_file_of_any_date_is_queued_and_recognised(queue: Queue, moment_ns: int) -> None:
    """Dates before 1970 and after 2262 come from wrong clocks; the file is still taken."""
    times = {"st_mtime_ns": moment_ns, "st_ctime_ns": moment_ns + 1}
    found = Fingerprint.of(os.stat_result((0o100600, 2, 3, 1, 0, 0, 100, 0, 0, 0), times))
    job = queue.offer(replace(offered(), fingerprint=found))

    assert job is not None
    seen = queue.known(job.path)
    assert seen is not None
    assert seen.fingerprint == found
    times["st_mtime_ns"] += 1
    touched = Fingerprint.of(os.stat_result((0o100600, 2, 3, 1, 0, 0, 100, 0, 0, 0), times))
    assert seen.fingerprint != touched


def test_a_file_of_a_late_date_is_recorded_and_revived(queue: Queue) -> None:
    """The other two statements that write the times of a file."""
    ignored = Verdict(status=Status.IGNORED, reason=None)
    queue.record("/t/x.json", fingerprint(mtime_ns=LATE_NS), ignored)
    job = queued(queue)
    queue.cancel(job.id)

    (revived,) = queue.offer_many([offered(origin=Origin.MANUAL, mtime_ns=LATE_NS)])

    assert revived is not None
    assert revived.status is Status.QUEUED
    assert revived.mtime_ns % 2**64 == LATE_NS


def test_a_seen_file_is_recognised_until_it_is_touched(queue: Queue, tmp_path: Path) -> None:
    """A rescan need not read a file with the same device, inode, size and times."""
    file = tmp_path / "x.json"
    file.write_text("{}")
    seen = Seen(str(file), Fingerprint.of(file.stat()), "h")
    queue.note_seen([seen])

    assert queue.known(file) == seen
    os.utime(file, ns=(1, 1))
    assert seen.fingerprint != Fingerprint.of(file.stat())


def test_files_that_are_gone_are_forgotten_and_their_jobs_kept(queue: Queue) -> None:
    """A file that comes back is read again, and its unchanged bytes make no new job."""
    queue.finish(running(queue), status=Status.DONE)
    queue.forget_seen(["/t/talk.json"])

    assert queue.known("/t/talk.json") is None
    assert queue.offer_many([offered()]) == [None]


def test_many_files_are_known_at_once(queue: Queue) -> None:
    """More names than fit in one statement take several."""
    files = [Seen(f"/t/{number}", fingerprint(), None) for number in range(1203)]
    queue.note_seen(files)

    assert queue.known_many(seen.path for seen in files) == {seen.path: seen for seen in files}


def test_files_that_appear_live_go_before_the_backlog(queue: Queue) -> None:
    """Today's file never waits for three hundred hours of old ones."""
    backlog = [queued(queue, f"/t/old{n}.json", origin=Origin.SCAN) for n in range(3)]
    live = queued(queue, "/t/today.json", origin=Origin.EVENT)
    missed = queued(queue, "/t/missed.json", origin=Origin.RESCAN)

    order = [claimed(queue).id for _ in range(5)]

    assert order == [live.id, missed.id, *(job.id for job in backlog)]


def test_a_file_offered_in_a_failed_batch_is_offered_again(queue: Queue, path: Path) -> None:
    """A batch is written whole or not at all: a failed one queues nothing and notes nothing."""
    with pytest.raises(OverflowError):
        queue.offer_many([offered("/t/1.json"), offered("/t/2.json", size=2**70)])

    with open_database(path) as other:
        assert Queue(other).known("/t/1.json") is None
        assert sum(Queue(other).counts().values()) == 0
    assert not queue.database.connection.in_transaction
