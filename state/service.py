"""The one row in which the daemon reports its state, for `status` to read."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypedDict, Unpack

from state.connection import Database, Value


class ServiceFields(TypedDict, total=False):
    """The fields that the daemon writes. Times are seconds since the epoch, for display only."""

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
    heard_s: float | None
    length_s: float | None
    rebuilding: bool
    waiting: dict[str, Any] | None
    activity: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """The row as it was when it was read."""

    pid: int | None  # of the daemon that wrote last; its lock tells whether it still runs
    boot_id: str | None
    started_at: float | None
    version: str | None
    home: str | None
    phase: str  # starting, idle, working, held, stopping, stopped, or another of the daemon's
    heartbeat_at: float | None
    last_event_at: float | None  # when the watcher last reported a file
    last_scan_at: float | None
    last_scan_files: int | None
    last_scan_s: float | None  # the time that the last scan took
    canary_at: float | None  # when the watcher last reported a file that we wrote to test it
    watching: tuple[dict[str, Any], ...]  # the watched folders and the state of each
    model: str | None
    model_revision: str | None
    device_path: str | None  # what the model runs on
    memory_bytes: int | None  # of the model child
    current_job: int | None
    current_part: int | None
    words_per_s: float | None
    heard_s: float | None  # of the recording that is being transcribed
    length_s: float | None  # of that recording
    hold_reason: str | None
    hold_hint: str | None
    held_since: str | None
    paused: bool
    pause_reason: str | None
    paused_until: float | None
    paused_since: str | None
    rebuilding: bool  # a new database: finished work in the folders is not all recorded yet
    waiting: dict[str, Any] | None  # the rule of the settings for which no job is taken now
    activity: dict[str, Any] | None  # what the worker does with a text that is done


COLUMNS = ", ".join(field.name for field in fields(ServiceRecord))


class ServiceRow:
    """Reads and writes the row. The queue writes holds and pauses."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def read(self) -> ServiceRecord:
        """Return the row as it is now."""
        return _service_of(self.database.query(f"SELECT {COLUMNS} FROM service")[0])

    def update(self, **values: Unpack[ServiceFields]) -> None:
        """Write the given fields in one statement; raise TypeError for any other field."""
        unknown = values.keys() - ServiceFields.__annotations__.keys()
        if unknown:
            raise TypeError(f"the service row has no {', '.join(sorted(unknown))}")
        if not values:
            return
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        self.database.execute(
            f"UPDATE service SET {assignments}",
            {name: _stored(name, value) for name, value in values.items()},
        )


def _stored(name: str, value: Any) -> Value:
    if name == "watching":
        return json.dumps(list(value))
    if name in ("activity", "waiting") and value is not None:
        return json.dumps(value)
    if name == "home" and value is not None:
        return os.fsencode(value)
    stored: Value = value
    return stored


def _service_of(row: sqlite3.Row) -> ServiceRecord:
    values: dict[str, Any] = dict(row)
    values["home"] = None if values["home"] is None else os.fsdecode(values["home"])
    values["watching"] = tuple(json.loads(values["watching"]))
    for name in ("activity", "waiting"):
        values[name] = None if values[name] is None else json.loads(values[name])
    values["paused"] = bool(values["paused"])
    values["rebuilding"] = bool(values["rebuilding"])
    return ServiceRecord(**values)
