"""Count the starts of the service that failed, and give up after five in a row.

A service manager restarts what failed again and again (launchd for ever). The count is kept beside
the record of `install`, not in the home, because most starts fail because of the home: a disk that
is not mounted, a mistake in the settings, a database that cannot be opened.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.home import recorded_home_file

LIMIT: Final = 5
GOOD_AFTER_S: Final = 30.0  # a daemon that has run this long has started
_ENDED: Final = "It exited soon after starting; see the log."
_REASON: Final = 500  # characters
_BYTES: Final = 10_000


@dataclass(frozen=True, slots=True)
class FailedStarts:
    """The starts in a row that failed."""

    home: str  # that the service was started on
    count: int
    reason: str  # why the last one failed
    at: float  # when the last one was counted, seconds since the epoch

    @property
    def parked(self) -> bool:
        """Return whether the service has given up."""
        return self.count >= LIMIT


class Starts:
    """Counts the failed starts of one home's service; the service itself keeps the count."""

    def __init__(self, home: Path, *, file: Path | None = None) -> None:
        self._home = home
        self._file = file or starts_file()
        self._count = 0

    def count_start(self) -> FailedStarts | None:
        """Count this start as failed before it can fail; return the count if it is parked.

        If the count cannot be written, the start continues uncounted.
        """
        before = read(self._home, file=self._file)
        if before is not None and before.parked:
            return before
        self._count = (before.count if before is not None else 0) + 1
        self._write(_ENDED)
        return None

    def record_failure(self, reason: str) -> None:
        """Record why the counted start failed."""
        if self._count:
            self._write(reason)

    def record_success(self) -> None:
        """Reset the count."""
        if self._count:
            self._count = 0
            clear(file=self._file)

    def _write(self, reason: str) -> None:
        record = {
            "home": str(self._home),
            "count": self._count,
            "reason": reason[:_REASON],
            "at": time.time(),
        }
        temp = self._file.with_name(f"{self._file.name}.{os.getpid()}.tmp")
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            temp.write_text(json.dumps(record), encoding="ascii")
            temp.replace(self._file)


class Trial:
    """A start by a service manager, on trial until it has run for `GOOD_AFTER_S`."""

    def __init__(self, succeeded: Callable[[], None], *, now: float) -> None:
        self._succeeded = succeeded
        self._good_at: float | None = now + GOOD_AFTER_S

    def tick(self, now: float) -> None:
        """Report success once the daemon has run long enough."""
        if self._good_at is not None and now >= self._good_at:
            self.pass_now()

    def pass_now(self) -> None:
        """Report success: the daemon was asked to stop before it could fail."""
        self._good_at = None
        self._succeeded()


def starts_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file of the count; each user has one service."""
    return recorded_home_file(environment).with_name("failed-starts.json")


def read(home: Path, *, file: Path | None = None) -> FailedStarts | None:
    """Return the failed starts of a home's service, None if there are none."""
    try:
        with (file or starts_file()).open("rb") as opened:
            record = json.loads(opened.read(_BYTES))
        found = FailedStarts(
            home=str(record["home"]),
            count=int(record["count"]),
            reason=str(record["reason"]),
            at=float(record["at"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.home == str(home) else None


def clear(*, file: Path | None = None) -> bool:
    """Forget the failed starts; return whether there were any."""
    try:
        (file or starts_file()).unlink()
    except OSError:
        return False
    return True
