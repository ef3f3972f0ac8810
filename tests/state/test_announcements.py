"""What hooks have to tell: written with the change itself, kept until it is told."""

from __future__ import annotations

import pytest

from state.announcements import AnnouncementRows
from state.database import Database
from state.job import Status
from state.queue import Queue
from tests.state.making import claimed, queued


@pytest.fixture
def rows(database: Database) -> AnnouncementRows:
    return AnnouncementRows(database)


def ended(queue: Queue, status: Status, name: str = "/t/talk.json") -> int:
    """Queue a job, end it and return its id."""
    queued(queue, name)
    return queue.finish(claimed(queue), status=status).id


def told(rows: AnnouncementRows, event: str, after: int = 0) -> list[int | None]:
    return [row.job_id for row in rows.after(after, event, limit=100)]


def test_a_job_that_ends_is_announced_in_the_same_write(
    rows: AnnouncementRows, queue: Queue
) -> None:
    """Done and partial as done, failed and invalid as trouble, anything else not at all."""
    done = ended(queue, Status.DONE, "/t/1.json")
    partial = ended(queue, Status.PARTIAL, "/t/2.json")
    failed = ended(queue, Status.FAILED, "/t/3.json")
    invalid = ended(queue, Status.INVALID, "/t/4.json")
    ended(queue, Status.IGNORED, "/t/5.json")

    assert told(rows, "done") == [done, partial]
    assert told(rows, "trouble") == [failed, invalid]


def test_a_hold_is_announced_once_a_reason(rows: AnnouncementRows, queue: Queue) -> None:
    """The same hold written again is no news."""
    queue.hold("disk_full", "free some space")
    queue.hold("disk_full", "free some more")
    queue.hold("model_missing", "download it")

    assert [row.reason for row in rows.after(0, "trouble", limit=9)] == [
        "disk_full",
        "model_missing",
    ]


def test_a_new_hook_begins_with_what_happens_from_now_on(
    rows: AnnouncementRows, queue: Queue
) -> None:
    """Whoever sets a hook does not hear of last year."""
    ended(queue, Status.DONE, "/t/old.json")
    hook = rows.begin("on_done.command")
    new = ended(queue, Status.DONE, "/t/new.json")

    assert told(rows, "done", hook.told) == [new]
    assert rows.begin("on_done.command") == hook


def test_an_announcement_is_kept_until_the_slowest_hook_has_told_it(
    rows: AnnouncementRows, queue: Queue
) -> None:
    """A hook that the settings no longer name keeps nothing."""
    rows.begin("on_done.command")
    rows.begin("on_done.notify")
    job = ended(queue, Status.DONE)
    newest = rows.newest()
    rows.told("on_done.notify", newest, 1)
    rows.sweep(["on_done.command", "on_done.notify"])
    assert told(rows, "done") == [job]

    rows.sweep(["on_done.notify"])
    assert told(rows, "done") == []
    assert [hook.name for hook in rows.hooks()] == ["on_done.notify"]


def test_ids_are_not_used_again_after_everything_was_told(
    rows: AnnouncementRows, queue: Queue
) -> None:
    """Else a hook would take a new announcement for one that it has told."""
    hook = rows.begin("on_done.command")
    ended(queue, Status.DONE, "/t/1.json")
    rows.told("on_done.command", rows.newest(), 1)
    rows.sweep(["on_done.command"])
    second = ended(queue, Status.DONE, "/t/2.json")

    hook = rows.begin("on_done.command")
    assert told(rows, "done", hook.told) == [second]


def test_failures_and_losses_of_a_hook_are_counted(rows: AnnouncementRows) -> None:
    """A success clears the failure; what was lost stays counted."""
    rows.begin("on_trouble.webhook")
    assert rows.failed("on_trouble.webhook", "no answer").tries == 1
    assert rows.failed("on_trouble.webhook", "no answer").tries == 2
    lost = rows.give_up("on_trouble.webhook", 7, 3)
    assert (lost.told, lost.lost, lost.tries, lost.problem) == (7, 3, 0, "no answer")
    fine = rows.told("on_trouble.webhook", 8, 1)
    assert (fine.files, fine.lost, fine.problem, fine.failed_at) == (1, 3, None, None)


def test_a_file_that_is_forgotten_is_no_longer_announced(
    rows: AnnouncementRows, queue: Queue
) -> None:
    """Its rows go with it."""
    job = ended(queue, Status.DONE)
    queue.forget(job)
    assert told(rows, "done") == []
