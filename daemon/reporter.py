"""Write what `status` shows to the service row, as rarely as possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from daemon.intake.watch import RootReport
from state.service import ServiceFields, ServiceRow

HEARTBEAT_S: Final = 30.0
REPORT_S: Final = 1.0  # between two writes, at most


class Reporter:
    """The rule: changes at most once a second, and a heartbeat every half minute.

    Each write flushes the disk, which a laptop should not have to do all day.
    """

    def __init__(self, row: ServiceRow, *, wall: Callable[[], float]) -> None:
        self._row = row
        self._wall = wall
        self._phase: str | None = None
        self._watching: list[RootReport] | None = None
        self._heard = 0
        self._due = 0.0
        self._heartbeat_due = 0.0

    def report(self, now: float, *, phase: str, watching: list[RootReport], heard: int) -> None:
        """Write what has changed since the last call.

        Args:
            now: Monotonic seconds.
            phase: What the daemon is doing.
            watching: The watched folders.
            heard: How many file events there have been so far.
        """
        if now < self._due:
            return
        changes: ServiceFields = {}
        if phase != self._phase:
            changes["phase"] = phase
        if watching != self._watching:
            changes["watching"] = [
                {"path": root.path, "state": root.state, "detail": root.detail} for root in watching
            ]
        if heard != self._heard:
            changes["last_event_at"] = self._wall()
        if not changes and now < self._heartbeat_due:
            return
        changes["heartbeat_at"] = self._wall()
        self._row.update(**changes)
        self._phase, self._watching, self._heard = phase, watching, heard
        self._due, self._heartbeat_due = now + REPORT_S, now + HEARTBEAT_S
