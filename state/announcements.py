"""What the hooks have to tell, and how far each of them has come.

A trigger writes a row with each job that ends and each hold of the queue. A hook has a row of its
own: the last announcement that it told, and what went wrong. An announcement is deleted when every
hook has told it or given it up.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

from state.connection import Database
from state.migrations import NOW

_PROBLEM = 300  # characters


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing that happened: a job that ended, or a hold of the queue."""

    id: int  # never reused; the order of happening
    event: str  # done or trouble
    job_id: int | None  # None for a hold
    reason: str | None  # of the hold
    at: str  # UTC, ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRecord:
    """How far a hook has come."""

    name: str  # on_done.command
    told: int  # the last announcement that it told or gave up
    files: int  # announcements told so far
    told_at: str | None  # UTC, ISO 8601; for display only
    tries: int  # failures in a row of what it tells now
    lost: int  # announcements given up so far
    failed_at: str | None  # of the last failure since the last success
    problem: str | None  # what went wrong then


class AnnouncementRows:
    """Reads and writes announcements and hooks; every method commits before it returns."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def newest(self) -> int:
        """Return the id of the newest announcement that there is, 0 for none."""
        row = self.database.query_one("SELECT coalesce(max(id), 0) AS id FROM announcements")
        assert row is not None
        return int(row["id"])

    def after(self, told: int, event: str, *, limit: int) -> list[Announcement]:
        """Return the oldest announcements of an event that come after one."""
        rows = self.database.query(
            "SELECT * FROM announcements WHERE id > ? AND event = ? ORDER BY id LIMIT ?",
            (told, event, limit),
        )
        return [_announcement_of(row) for row in rows]

    def begin(self, name: str) -> HookRecord:
        """Return the row of a hook; a new hook begins with what happens from now on."""
        row = self.database.execute_one(
            "INSERT INTO hooks (name, told) VALUES (?, coalesce("
            " (SELECT seq FROM sqlite_sequence WHERE name = 'announcements'), 0))"
            " ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING *",
            (name,),
        )
        assert row is not None
        return _hook_of(row)

    def hooks(self) -> list[HookRecord]:
        """Return all hooks that the daemon knows, by name."""
        return [_hook_of(row) for row in self.database.query("SELECT * FROM hooks ORDER BY name")]

    def told(self, name: str, upto: int, files: int) -> HookRecord:
        """Record that a hook told everything up to an announcement."""
        return self._update(
            name,
            f"told = :upto, files = files + :files, told_at = {NOW}, tries = 0,"
            " failed_at = NULL, problem = NULL",
            {"upto": upto, "files": files},
        )

    def failed(self, name: str, problem: str) -> HookRecord:
        """Count a failure of a hook; it is tried again with the same announcements."""
        return self._update(
            name,
            f"tries = tries + 1, failed_at = {NOW}, problem = :problem",
            {"problem": problem[:_PROBLEM]},
        )

    def give_up(self, name: str, upto: int, files: int) -> HookRecord:
        """Record that a hook could not tell the announcements up to one, and never will."""
        return self._update(
            name,
            "told = :upto, lost = lost + :files, tries = 0",
            {"upto": upto, "files": files},
        )

    def catch_up(self, name: str, event: str) -> HookRecord:
        """Move a hook that has nothing to tell to the newest announcement: it keeps none."""
        return self._update(
            name,
            "told = CASE WHEN EXISTS (SELECT 1 FROM announcements WHERE id > told"
            " AND event = :event) THEN told"
            " ELSE coalesce((SELECT max(id) FROM announcements), told) END",
            {"event": event},
        )

    def sweep(self, names: Collection[str]) -> None:
        """Delete what none of these hooks has to tell, and the hooks that are not among them."""
        with self.database.transaction():
            if not names:
                self.database.execute("DELETE FROM hooks")
                self.database.execute("DELETE FROM announcements")
                return
            self.database.execute(
                "DELETE FROM hooks WHERE name NOT IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(names)),),
            )
            self.database.execute(
                "DELETE FROM announcements WHERE id <= (SELECT min(told) FROM hooks)"
            )

    def _update(self, name: str, assignments: str, values: dict[str, int | str]) -> HookRecord:
        row = self.database.execute_one(
            f"UPDATE hooks SET {assignments} WHERE name = :name RETURNING *",
            {**values, "name": name},
        )
        assert row is not None
        return _hook_of(row)


def _announcement_of(row: sqlite3.Row) -> Announcement:
    return Announcement(row["id"], row["event"], row["job_id"], row["reason"], row["at"])


def _hook_of(row: sqlite3.Row) -> HookRecord:
    return HookRecord(
        name=row["name"],
        told=row["told"],
        files=row["files"],
        told_at=row["told_at"],
        tries=row["tries"],
        lost=row["lost"],
        failed_at=row["failed_at"],
        problem=row["problem"],
    )
