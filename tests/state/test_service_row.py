"""The row in which the daemon reports its state."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import pytest

from state.database import Database, open_readonly
from state.queue import Queue
from state.service import ServiceFields, ServiceRecord, ServiceRow


def test_others_read_what_the_daemon_reports(database: Database, path: Path) -> None:
    """They read the row through a connection that cannot write."""
    written: ServiceFields = {
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
        "model": "punct",
        "model_revision": "abc",
        "device_path": "float32",
        "memory_bytes": 2**40,
        "current_job": 8,
        "current_part": 9,
        "words_per_s": 10.5,
        "activity": {"kind": "music", "job_id": 8, "done": 1, "total": None},
    }
    ServiceRow(database).update(**written)

    with open_readonly(path) as other:
        found = ServiceRow(other).read()
    assert {name: getattr(found, name) for name in written} == written


def test_every_field_that_can_be_written_can_be_read() -> None:
    """Only pauses and holds are written elsewhere."""
    readable = {field.name for field in fields(ServiceRecord)}
    elsewhere = {name for name in readable if name.startswith(("hold_", "held_", "pause"))}

    assert set(ServiceFields.__annotations__) == readable - elsewhere


def test_the_table_has_no_column_that_nobody_reads(database: Database) -> None:
    """Every column but the id is a field of the record."""
    columns = {row["name"] for row in database.query("PRAGMA table_info(service)")}

    assert columns == {"id", *(field.name for field in fields(ServiceRecord))}


def test_any_other_field_is_refused(database: Database) -> None:
    """A misspelled name is an error at once, and a hold is written only by the queue."""
    with pytest.raises(TypeError, match="hold_reason"):
        ServiceRow(database).update(hold_reason="x")  # type: ignore[call-arg]


def test_an_update_of_nothing_changes_nothing(database: Database) -> None:
    """Without fields no statement is run."""
    before = ServiceRow(database).read()
    ServiceRow(database).update()
    assert ServiceRow(database).read() == before


def test_holds_and_pauses_are_seen_in_the_row(queue: Queue) -> None:
    """`status` reads everything that it shows of the service at once."""
    queue.pause("lunch", until=5.0)
    queue.hold("disk_full", "free some")
    found = ServiceRow(queue.database).read()

    assert (found.paused, found.pause_reason, found.paused_until) == (True, "lunch", 5.0)
    assert (found.hold_reason, found.hold_hint) == ("disk_full", "free some")
