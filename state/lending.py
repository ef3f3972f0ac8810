"""Who asks for the model of a home and who holds it: one row for each request.

The daemon holds the model whenever no request is granted. A row is deleted when its request ends.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from state.connection import Database
from state.job import Status
from state.migrations import NOW
from state.rows import sql_list

# Whether somebody else has a use for the model that request :id holds.
WANTED = f"""
    EXISTS (SELECT 1 FROM model_requests AS other WHERE other.id <> :id)
    OR (
        EXISTS (SELECT 1 FROM jobs WHERE status IN ({sql_list({Status.QUEUED, Status.RUNNING})}))
        AND NOT EXISTS (
            SELECT 1 FROM service
            WHERE paused = 1 OR hold_reason IS NOT NULL OR waiting IS NOT NULL
        )
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """A process that asks for the model, or holds it: a row as it was when it was read."""

    id: int  # never reused; the order in which the model is lent
    who: str  # the command, for the user to read
    pid: int
    birth: str  # names one life of the pid, which may be reused
    asked_at: str  # UTC, ISO 8601; for display only
    granted_at: str | None  # the same; None while it waits
    needs_bytes: int | None = None  # of memory, as it says; None: unknown

    @property
    def granted(self) -> bool:
        """Return whether the process may hold the model."""
        return self.granted_at is not None


class LendingRows:
    """Reads and writes the requests; every method commits before it returns."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def ask(
        self, *, who: str, pid: int, birth: str, needs_bytes: int | None = None
    ) -> ModelRequest:
        """Add a request behind all others and return it."""
        row = self.database.execute_one(
            "INSERT INTO model_requests (who, pid, birth, needs_bytes) VALUES (?, ?, ?, ?)"
            " RETURNING *",
            (who, pid, birth, needs_bytes),
        )
        assert row is not None
        return _request_of(row)

    def requests(self) -> list[ModelRequest]:
        """Return all requests, the granted one first and then in the order of asking."""
        rows = self.database.query("SELECT * FROM model_requests ORDER BY granted_at IS NULL, id")
        return [_request_of(row) for row in rows]

    def asked(self) -> bool:
        """Return whether there is any request."""
        return bool(self.database.query("SELECT 1 FROM model_requests LIMIT 1"))

    def request(self, request_id: int) -> ModelRequest | None:
        """Return a request as it is now; None when it has ended."""
        row = self.database.query_one("SELECT * FROM model_requests WHERE id = ?", (request_id,))
        return None if row is None else _request_of(row)

    def grant(self, request_id: int) -> ModelRequest | None:
        """Grant a request; None when it has ended or another is granted.

        The caller holds no model and keeps everybody else from granting: it is the worker of the
        home's daemon, or has the home's lock while no daemon runs.
        """
        row = self.database.execute_one(
            f"UPDATE model_requests SET granted_at = {NOW} WHERE id = ? AND NOT EXISTS ("
            " SELECT 1 FROM model_requests WHERE granted_at IS NOT NULL) RETURNING *",
            (request_id,),
        )
        return None if row is None else _request_of(row)

    def grant_if_idle(self, request_id: int) -> ModelRequest | None:
        """Grant a request by itself where nothing is done and the daemon has no model loaded.

        None otherwise, and when another is granted or was there before: then the daemon grants, or
        whoever may in its place. No job is claimed while a request is granted.
        """
        row = self.database.execute_one(
            f"UPDATE model_requests SET granted_at = {NOW} WHERE id = ?"
            " AND id = (SELECT min(id) FROM model_requests)"
            f" AND NOT EXISTS (SELECT 1 FROM jobs WHERE status = '{Status.RUNNING}')"
            " AND (SELECT device_path FROM service) IS NULL"
            " AND (SELECT activity FROM service) IS NULL RETURNING *",
            (request_id,),
        )
        return None if row is None else _request_of(row)

    def wanted(self, request_id: int) -> bool:
        """Return whether another request waits, or a job that may be done now."""
        row = self.database.query_one(f"SELECT {WANTED} AS wanted", {"id": request_id})
        assert row is not None
        return bool(row["wanted"])

    def end(self, request_id: int) -> bool:
        """Delete a request; return whether it was there."""
        return bool(
            self.database.execute(
                "DELETE FROM model_requests WHERE id = ? RETURNING 1", (request_id,)
            )
        )


def _request_of(row: sqlite3.Row) -> ModelRequest:
    return ModelRequest(
        id=row["id"],
        who=row["who"],
        pid=row["pid"],
        birth=row["birth"],
        asked_at=row["asked_at"],
        granted_at=row["granted_at"],
        needs_bytes=row["needs_bytes"],
    )
