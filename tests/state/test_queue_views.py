"""Lists, counts and the indexes that answer them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from state.job import Status
from state.queue import Queue
from tests.state.making import claim_order, offered, queued, running, with_status


def test_jobs_are_listed_newest_first_and_in_pages(queue: Queue) -> None:
    """All jobs, or those of one or several statuses."""
    for number, status in enumerate([Status.DONE, Status.FAILED, Status.DONE, Status.QUEUED]):
        with_status(queue, status, f"/{number}")

    assert [job.id for job in queue.jobs()] == [4, 3, 2, 1]
    assert [job.id for job in queue.jobs(limit=2, offset=1)] == [3, 2]
    assert [job.id for job in queue.jobs(status=Status.DONE)] == [3, 1]
    assert [job.id for job in queue.jobs(status={Status.DONE, Status.FAILED}, limit=2)] == [3, 2]
    assert queue.jobs(status=[]) == []


def test_counts_name_every_status(queue: Queue) -> None:
    """A status without jobs counts zero, so that no caller has to check for the key."""
    with_status(queue, Status.PARTIAL)

    assert queue.counts() == {**dict.fromkeys(Status, 0), Status.PARTIAL: 1}


def test_the_latest_job_of_a_path_is_the_last_of_its_chain(queue: Queue) -> None:
    """All others are listed after it."""
    ids = [queued(queue, sha256=sha).id for sha in "abcab"]

    latest = queue.job_by_path("/t/talk.json")
    assert latest is not None
    assert latest.id == ids[-1]
    assert [job.id for job in queue.jobs_of_path("/t/talk.json")] == ids[::-1]


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda queue: queue.counts(), "SCAN jobs USING COVERING INDEX jobs_status"),
        (lambda queue: queue.claim(boot_id="b"), "SEARCH jobs USING INDEX jobs_waiting"),
        (lambda queue: queue.job_by_path("/x"), "SEARCH jobs USING INDEX jobs_chain"),
        (lambda queue: queue.jobs(status=Status.DONE, limit=9), "COVERING INDEX jobs_status"),
        (lambda queue: queue.known("/x"), "SEARCH seen USING PRIMARY KEY"),
        (lambda queue: queue.history(1), "SEARCH history USING INDEX history_job"),
        (lambda queue: queue.parts_done(running(queue)), "sqlite_autoindex_parts_1"),
    ],
)
def test_what_is_asked_often_is_answered_from_an_index(
    queue: Queue, ask: Callable[[Queue], object], index: str
) -> None:
    """A claim and a list cost no more with a hundred thousand jobs than with a hundred."""
    asked: list[str] = []
    queue.database.connection.set_trace_callback(asked.append)
    ask(queue)
    queue.database.connection.set_trace_callback(None)

    statement = next(sql for sql in reversed(asked) if not sql.startswith("--"))
    plan = " / ".join(
        row["detail"] for row in queue.database.query(f"EXPLAIN QUERY PLAN {statement}")
    )
    assert index in plan
    assert "USE TEMP B-TREE" not in plan


def test_claims_stay_in_order_among_many(queue: Queue) -> None:
    """By priority, then by arrival."""
    jobs = queue.offer_many([offered(f"/{n}", priority=n % 3) for n in range(60)])

    expected = sorted((job for job in jobs if job), key=lambda job: (-job.priority, job.id))
    assert [job.id for job in claim_order(queue)] == [job.id for job in expected]
