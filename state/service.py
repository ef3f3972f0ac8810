"""The one row in which the daemon says how it is, for `status` to read."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypedDict, Unpack

from state.connection import Database, Value


class ServiceFields(TypedDict, total=False):
    """What the daemon may say of itself. Moments are seconds since the epoch, for display only."""

    pid: int | None
    boot_id: str | None
    started_at: float | None
    version: str | None
    home: str | bytes | os.PathLike[str] | None
    phase: str
    heartbeat_at: float | None
    last_event_at: float | None
    last_scan_at: float | None
    last_scan_files: int | None
    last_scan_s: float | None
    canary_at: float | None
    watching: Sequence[dict[str, Any]]
    model: str | None
    model_revision: str | None
    device_path: str | None
    memory_bytes: int | None
    current_job: int | None
    current_part: int | None
    words_per_s: float | None
    rebuilding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The row as it stood when it was read."""

    pid: int | None  # of the daemon that wrote last; its lock says whether it still lives
    boot_id: str | None
    started_at: float | None
    version: str | None
    home: str | None
    phase: str  # starting, idle, working, held, stopping, stopped, or as the daemon says
    heartbeat_at: float | None
    last_event_at: float | None  # the watcher's last word
    last_scan_at: float | None
    last_scan_files: int | None
    last_scan_s: float | None  # what the last scan cost
    canary_at: float | None  # when the watcher last saw a file that we wrote to test it
    watching: tuple[dict[str, Any], ...]  # the watched folders and how each is
    model: str | None
    model_revision: str | None
    device_path: str | None  # on what the model runs
    memory_bytes: int | None  # of the model child
    current_job: int | None
    current_part: int | None
    words_per_s: float | None
    hold_reason: str | None
    hold_hint: str | None
    held_since: str | None
    paused: bool
    pause_reason: str | None
    paused_until: float | None
    paused_since: str | None
    rebuilding: bool  # a new database: what the folders say is done is not all taken up


COLUMNS = ", ".join(field.name for field in fields(Service))


class ServiceRow:
    """Reads and writes the row. Holds and pauses are written through the queue."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def read(self) -> Service:
        """Return the row as it stands."""
        return _service_of(self.database.rows(f"SELECT {COLUMNS} FROM service")[0])

    def update(self, **values: Unpack[ServiceFields]) -> None:
        """Write the given fields in one statement; raises TypeError for one that is not ours."""
        unknown = values.keys() - ServiceFields.__annotations__.keys()
        if unknown:
            raise TypeError(f"the service row has no {', '.join(sorted(unknown))}")
        if not values:
            return
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        self.database.rows(
            f"UPDATE service SET {assignments}",
            {name: _stored(name, value) for name, value in values.items()},
        )


def _stored(name: str, value: Any) -> Value:
    if name == "watching":
        return json.dumps(list(value))
    if name == "home" and value is not None:
        return os.fsencode(value)
    stored: Value = value
    return stored


def _service_of(row: sqlite3.Row) -> Service:
    values: dict[str, Any] = dict(row)
    values["home"] = None if values["home"] is None else os.fsdecode(values["home"])
    values["watching"] = tuple(json.loads(values["watching"]))
    values["paused"] = bool(values["paused"])
    values["rebuilding"] = bool(values["rebuilding"])
    return Service(**values)
