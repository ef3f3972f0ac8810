"""All hooks of a home: the main thread calls `tick`, and nothing here waits for a hook."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from daemon.announce.lane import Lane
from daemon.config import Config
from daemon.log import Log
from state.announcements import AnnouncementRows
from state.queue import Queue

CLOSE_S: Final = 3.0  # for a process that runs when the daemon ends
POLL_S: Final = 0.5  # while a process runs
SWEEP_S: Final = 60.0  # between two deletions of what everybody has told


class Announcer:
    """The rule: one lane for each event and channel, and one process at a time in each."""

    def __init__(
        self,
        config: Config,
        queue: Queue,
        log: Log,
        *,
        wall: Callable[[], float],
        drain: bool = False,
    ) -> None:
        """Make the lanes of a home.

        Args:
            config: The settings, which name the hooks.
            queue: The main thread's own.
            log: Where events go.
            wall: Seconds since the epoch.
            drain: Tell at once and try once, because the daemon ends when its work is done.
        """
        self._rows = AnnouncementRows(queue.database)
        self._lanes = [
            Lane(
                event,
                channel,
                hook,
                config=config,
                queue=queue,
                rows=self._rows,
                log=log,
                moment=lambda: datetime.fromtimestamp(wall(), UTC).isoformat(timespec="seconds"),
                patient=not drain,
            )
            for event, hook in (("done", config.on_done), ("trouble", config.on_trouble))
            for channel in hook.channels
        ]
        self._sweep_due = float("-inf")

    @property
    def busy(self) -> bool:
        """Return whether a process runs: then `tick` is to be called soon."""
        return any(lane.busy for lane in self._lanes)

    def idle(self) -> bool:
        """Return whether everything has been told or given up."""
        return all(lane.idle() for lane in self._lanes)

    def tick(self, now: float, *, rebuilding: bool = False) -> None:
        """Let every lane do a step."""
        for lane in self._lanes:
            lane.tick(now, rebuilding=rebuilding)
        if now >= self._sweep_due:
            self._sweep_due = now + SWEEP_S
            for lane in self._lanes:
                lane.catch_up()
            self._rows.sweep([lane.name for lane in self._lanes])

    def close(self, now: float) -> None:
        """End what runs; the time for it is for all lanes together."""
        running = [lane for lane in self._lanes if lane.busy]
        for lane in running:
            lane.close(CLOSE_S / len(running), now)
