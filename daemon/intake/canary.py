"""Prove that file events arrive: write a file of our own and wait for its event.

A watcher's threads can be alive and receive nothing (watchdog#793, and events that FSEvents drops
silently); only an event that arrived shows that events arrive.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from daemon.intake.inbox import CANARY, Inbox
from daemon.intake.watch import RootWatch

EVERY_S: Final = 1800.0
WAIT_S: Final = 40.0  # several rounds in a folder that is polled


@dataclass(slots=True)
class CanaryReport:
    """The canaries that were decided since the last tick."""

    heard: list[str] = field(default_factory=list)  # folders whose event arrived
    silent: list[RootWatch] = field(default_factory=list)  # folders whose event did not arrive


class Canary:
    """One canary in each watched folder: at once after arming, then every half hour.

    The system reports a file even if it is deleted at once, so that a kill leaves none behind; only
    in a folder that is polled the file stays until it was seen. A folder in which no file can be
    written is not tested, and never reported as silent.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._waiting: dict[str, float] = {}  # folder -> when its canary was written
        self._due: dict[str, float] = {}

    def tick(self, now: float, roots: Iterable[RootWatch]) -> CanaryReport:
        """Write the canaries that are due; report events that arrived and events overdue."""
        report = CanaryReport()
        heard = self._inbox.drain_canaries()
        for root in roots:
            folder = root.resolved
            if folder is None:
                self._forget(str(root.root))
                continue
            if folder in heard and folder in self._waiting:
                self._forget(folder)
                self._due[folder] = now + EVERY_S
                report.heard.append(folder)
            elif folder in self._waiting:
                if now - self._waiting[folder] > WAIT_S:
                    self._forget(folder)
                    self._due[folder] = now + EVERY_S
                    report.silent.append(root)
            elif now >= self._due.get(folder, now) and _write(
                folder, stays=root.state == "polling"
            ):
                self._waiting[folder] = now
                self._due[folder] = now + EVERY_S
        return report

    def close(self) -> None:
        """Remove the canaries whose events are awaited."""
        for folder in list(self._waiting):
            self._forget(folder)

    def _forget(self, folder: str) -> None:
        if self._waiting.pop(folder, None) is not None:
            clear_canaries([folder])


def clear_canaries(folders: Iterable[str | Path]) -> None:
    """Remove the canaries that a killed daemon left."""
    for folder in folders:
        with contextlib.suppress(OSError):
            Path(folder, CANARY).unlink()


def _write(folder: str, *, stays: bool) -> bool:
    path = Path(folder, CANARY)
    try:
        path.unlink(missing_ok=True)  # left by a killed daemon
        path.touch(mode=0o600, exist_ok=False)
        if not stays:
            path.unlink()
    except OSError:
        return False
    return True
