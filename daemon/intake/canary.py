"""Prove that changes are heard: write a file of our own and wait for word of it.

A watcher's threads can be alive and deaf (watchdog#793, and what FSEvents drops in silence); only
an event that arrived shows that events arrive.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from daemon.intake.watch import CANARY, Inbox, RootWatch

EVERY_S: Final = 1800.0
WAIT_S: Final = 40.0  # several rounds of a folder that is polled


@dataclass(slots=True)
class Sung:
    """What came of the canaries since the last time."""

    heard: list[str] = field(default_factory=list)  # folders that were proved to be heard
    deaf: list[RootWatch] = field(default_factory=list)  # folders from which no word came


class Canary:
    """One canary to each watched folder: at once after arming, then every half hour.

    The system tells of a file that is gone at once, so that a kill leaves none behind; only where
    folders are polled it stays until it was seen. Where no file can be written there is no proof,
    and none is missed.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._waiting: dict[str, float] = {}  # folder -> when its canary was written
        self._due: dict[str, float] = {}

    def tick(self, now: float, roots: Iterable[RootWatch]) -> Sung:
        """Write what is due, and tell from which folders word came and from which it did not."""
        sung = Sung()
        heard = self._inbox.canaries()
        for root in roots:
            folder = root.resolved
            if folder is None:
                self._forget(str(root.root))
                continue
            if folder in heard and folder in self._waiting:
                self._forget(folder)
                self._due[folder] = now + EVERY_S
                sung.heard.append(folder)
            elif folder in self._waiting:
                if now - self._waiting[folder] > WAIT_S:
                    self._forget(folder)
                    self._due[folder] = now + EVERY_S
                    sung.deaf.append(root)
            elif now >= self._due.get(folder, now) and _write(
                folder, stays=root.state == "polling"
            ):
                self._waiting[folder] = now
                self._due[folder] = now + EVERY_S
        return sung

    def close(self) -> None:
        """Take away what waits to be heard."""
        for folder in list(self._waiting):
            self._forget(folder)

    def _forget(self, folder: str) -> None:
        if self._waiting.pop(folder, None) is not None:
            clear_canaries([folder])


def clear_canaries(folders: Iterable[str | Path]) -> None:
    """Take away what a daemon that was killed left."""
    for folder in folders:
        with contextlib.suppress(OSError):
            Path(folder, CANARY).unlink()


def _write(folder: str, *, stays: bool) -> bool:
    path = Path(folder, CANARY)
    try:
        path.unlink(missing_ok=True)  # of a daemon that was killed
        path.touch(mode=0o600, exist_ok=False)
        if not stays:
            path.unlink()
    except OSError:
        return False
    return True
