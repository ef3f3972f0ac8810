"""Requests for the model: an order, one grant, signs of life."""

from __future__ import annotations

import sqlite3

import pytest

from state.database import Database
from state.lending import LendingRows, ModelRequest
from state.queue import Queue
from state.service import ServiceRow
from tests.state.making import claimed, queued


@pytest.fixture
def rows(database: Database) -> LendingRows:
    return LendingRows(database)


def ask(rows: LendingRows, who: str = "chat") -> ModelRequest:
    return rows.ask(who=who, pid=4711, birth="boot 1")


def test_requests_are_kept_in_the_order_of_asking(rows: LendingRows) -> None:
    """The granted one is first, whenever it was asked for."""
    assert not rows.asked()
    first, second, third = ask(rows, "first"), ask(rows, "second"), ask(rows, "third")
    assert rows.asked()
    assert rows.requests() == [first, second, third]
    granted = rows.grant(second.id)
    assert granted is not None
    assert rows.requests() == [granted, first, third]
    assert rows.request(second.id) == granted


def test_one_request_at_a_time_is_granted(rows: LendingRows) -> None:
    """The next one when it has ended; a request that has ended cannot be granted."""
    first, second = ask(rows), ask(rows)
    assert rows.grant(first.id) is not None
    assert rows.grant(first.id) is None
    assert rows.grant(second.id) is None
    assert rows.end(first.id)
    assert not rows.end(first.id)
    assert rows.grant(first.id) is None
    assert rows.grant(second.id) is not None


def test_the_database_itself_refuses_a_second_grant(rows: LendingRows) -> None:
    """Whatever a later version forgets to ask."""
    rows.grant(ask(rows).id)
    ask(rows)
    with pytest.raises(sqlite3.IntegrityError):
        rows.database.execute("UPDATE model_requests SET granted_at = 'now'")


def test_a_request_is_granted_at_once_where_nothing_is_at_work(
    rows: LendingRows, queue: Queue
) -> None:
    """Not beside a job that runs, a model that is loaded, or before an older request."""
    request = ask(rows)
    queued(queue)
    job = claimed(queue)
    assert rows.grant_if_idle(request.id) is None
    queue.release(job)
    ServiceRow(rows.database).update(device_path="CPU")
    assert rows.grant_if_idle(request.id) is None
    ServiceRow(rows.database).update(device_path=None)
    later = ask(rows)
    assert rows.grant_if_idle(later.id) is None
    granted = rows.grant_if_idle(request.id)
    assert granted is not None
    assert granted.granted
    assert rows.grant_if_idle(later.id) is None


def test_no_job_is_claimed_while_the_model_is_lent(rows: LendingRows, queue: Queue) -> None:
    """A request that waits does not keep the worker from working."""
    queued(queue)
    request = ask(rows)
    job = claimed(queue)
    queue.release(job)
    rows.grant(request.id)
    assert queue.claim(boot_id="boot-1") is None
    rows.end(request.id)
    claimed(queue)


def test_the_model_is_wanted_by_another_request_or_a_job(rows: LendingRows, queue: Queue) -> None:
    """But not by a queue that is paused or held, nor by the request itself."""
    request = ask(rows)
    assert not rows.wanted(request.id)
    other = ask(rows)
    assert rows.wanted(request.id)
    rows.end(other.id)
    queued(queue)
    assert rows.wanted(request.id)
    queue.pause()
    assert not rows.wanted(request.id)
    queue.resume()
    queue.hold("disk_full")
    assert not rows.wanted(request.id)
    queue.release_hold()
    job = claimed(queue)
    assert rows.wanted(request.id)
    queue.cancel(job.id)
    assert not rows.wanted(request.id)
