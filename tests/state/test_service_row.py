"""What the daemon says of itself."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import pytest

from state.database import Database, open_readonly
from state.queue import Queue
from state.service import Service, ServiceFields, ServiceRow


def test_what_the_daemon_says_of_itself_is_read_by_others(database: Database, path: Path) -> None:
    """One row, read through a connection that cannot write."""
    said: ServiceFields = {
        "pid": 7,
        "boot_id": "b",
        "started_at": 1.5,
        "version": "1",
        "home": os.fsdecode(b"/h\xff"),
        "phase": "working",
        "heartbeat_at": 2.5,
        "last_event_at": 3.5,
        "last_scan_at": 4.5,
        "last_scan_files": 5,
        "last_scan_s": 0.25,
        "canary_at": 6.5,
        "watching": ({"root": "/t", "state": "watched"},),
        "model": "punct-en",
        "model_revision": "abc",
        "device_path": "float32",
        "memory_bytes": 2**40,
        "current_job": 8,
        "current_part": 9,
        "words_per_s": 10.5,
    }
    ServiceRow(database).update(**said)

    with open_readonly(path) as other:
        found = ServiceRow(other).read()
    assert {name: getattr(found, name) for name in said} == said


def test_every_field_that_can_be_said_can_be_read() -> None:
    """Pauses and holds alone are written elsewhere."""
    readable = {field.name for field in fields(Service)}
    elsewhere = {name for name in readable if name.startswith(("hold_", "held_", "pause"))}

    assert set(ServiceFields.__annotations__) == readable - elsewhere


def test_the_table_has_no_column_that_nobody_reads(database: Database) -> None:
    """What is not said is not kept."""
    columns = {row["name"] for row in database.rows("PRAGMA table_info(service)")}

    assert columns == {"id", *(field.name for field in fields(Service))}


def test_a_field_that_is_not_ours_is_refused(database: Database) -> None:
    """A slip in a name is an error at once; a hold is not written behind the queue's back."""
    with pytest.raises(TypeError, match="hold_reason"):
        ServiceRow(database).update(hold_reason="x")  # type: ignore[call-arg]


def test_an_update_of_nothing_changes_nothing(database: Database) -> None:
    """No fields make no statement."""
    before = ServiceRow(database).read()
    ServiceRow(database).update()
    assert ServiceRow(database).read() == before


def test_holds_and_pauses_are_seen_in_the_row(queue: Queue) -> None:
    """`status` needs one read for all that it shows of the service."""
    queue.pause("lunch", until=5.0)
    queue.hold("disk_full", "free some")
    found = ServiceRow(queue.database).read()

    assert (found.paused, found.pause_reason, found.paused_until) == (True, "lunch", 5.0)
    assert (found.hold_reason, found.hold_hint) == ("disk_full", "free some")
