"""Release a held queue when its cause is gone, so that the user does not have to."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.files import outlets
from daemon.log import Log
from daemon.machine import can_be_listed, free_bytes
from engine.errors import ModelError
from engine.models import catalog
from state.job import Reason
from state.queue import Queue

CHECK_S: Final = 5.0
ROOM_BYTES: Final = 32 * 1024 * 1024  # must be free before a full disk is tried again
FIRST_WAIT_S: Final = 15.0
LONGEST_WAIT_S: Final = 300.0
_DISK_WAIT_S: Final = 60.0


class Holds:
    """The rule: a hold is lifted when its cause seems gone and some time has passed.

    The cause is gone when the default model is found by its name, when the disks have room, or when
    one watched folder is there: a folder that is missing does not delay the others. Then one job is
    tried. If it holds the queue again for the same reason, the wait before the next try doubles, up
    to five minutes. Time comes in as `now`.
    """

    def __init__(self, config: Config, queue: Queue, log: Log) -> None:
        self._config = config
        self._queue = queue
        self._log = log
        self.reason: str | None = None  # of the current hold, as seen at the last tick
        self._since = 0.0
        self._last: str | None = None
        self._wait_s = FIRST_WAIT_S
        self._lifted_at: float | None = None
        self._due = 0.0

    def start(self) -> None:
        """Lift a hold that an earlier daemon left: a start is a new try."""
        self._queue.release_hold()

    def tick(self, now: float) -> None:
        """Check whether the queue is held, and lift the hold if its cause is gone."""
        if now < self._due:
            return
        held = self._queue.held()
        if held is None:
            self.reason = None
            return
        if self.reason is None:
            self._note_hold(held.reason, now)
        self._due = now + min(CHECK_S, self._wait_s)
        if now - self._since >= self._wait_s and self._cause_is_gone(held.reason):
            self._queue.release_hold(held.reason)
            self._log.info("queue.released", reason=held.reason)
            self.reason, self._lifted_at, self._due = None, now, now

    def _note_hold(self, reason: str, now: float) -> None:
        """Note a new hold; soon after a try that failed, wait twice as long as the last time."""
        repeated = (
            self._lifted_at is not None
            and reason == self._last
            and now - self._lifted_at < self._wait_s + LONGEST_WAIT_S
        )
        first = _DISK_WAIT_S if reason == Reason.DISK_FULL else FIRST_WAIT_S
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S) if repeated else first
        self.reason = self._last = reason
        self._since = now

    def _cause_is_gone(self, reason: str) -> bool:
        match reason:
            case Reason.DISK_FULL:
                return all(free_bytes(place) >= ROOM_BYTES for place in self._places())
            case Reason.FOLDER_UNREADABLE:
                return any(can_be_listed(root) for root in self._config.watch)
            case Reason.MODEL_MISSING | Reason.MODEL_REFUSED | Reason.MODEL_UNUSABLE:
                return self._model_is_there()
        return True

    def _places(self) -> list[Path]:
        """Return the folders that are written to and are there: others have no disk."""
        folders = (*self._config.watch, *outlets.roots_of(self._config))
        return [self._config.home.state, *(folder for folder in folders if folder.is_dir())]

    def _model_is_there(self) -> bool:
        """Return whether the default model is found; a job with another model fails by itself."""
        try:
            catalog.describe(self._config.default.model, base=self._config.home.path)
        except ModelError:
            return False
        return True
