"""Files that grow while somebody speaks: subtitles and plain text have no end that shows.

A recorder appends a cue every few seconds, so such a file is quiet for `settle_s` again and again.
Two signs tell it from a file that is complete, and each makes it wait:

- the last time in it is no later than it has been watched, with `SLACK_S` to spare: what is spoken
  now is written now. It must be quiet for `LIVE` times `settle_s`, then it is taken;
- it begins with what was taken before, and goes on: it was not complete then. Each time this
  happens, it must be quiet for `LONGER` times as long as before, `LONGEST_S` at most.

A file that was edited, or written in one go, has neither and waits `settle_s` as always.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from daemon.intake.settle import Settled
from state.job import Origin

KINDS: Final = (".srt", ".vtt", ".txt")
LIVE: Final = 6
SLACK_S: Final = 10.0
LONGER: Final = 4
LONGEST_S: Final = 600.0
FILES: Final = 1_000  # remembered
_TAIL: Final = 4_096  # bytes in which the last times of a file are
_LAST_CUE: Final = 200  # bytes at the end that a recorder may write again

_TIMES: Final = re.compile(rb"-->[ \t]*(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})")


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of a file, and how long it had to be quiet for it."""

    size: int
    begins: str  # hash of its bytes, without those of the last cue
    quiet_s: float


class Growing:
    """Says how long a settled file must be quiet before it is taken."""

    def __init__(self, *, settle_s: float, wall: Callable[[], float] = time.time) -> None:
        self._settle_s = settle_s
        self._wall = wall
        self._taken: OrderedDict[str, Taken] = OrderedDict()  # by path, the oldest first

    def quiet_s(self, settled: Settled, data: bytes) -> float:
        """Return how long the file must have been quiet, `settle_s` for one that is complete."""
        before = self._taken.get(settled.path)
        if before is not None and _goes_on(before, data):
            return min(LONGER * before.quiet_s, max(LONGEST_S, self._settle_s))
        last_s = last_time(data) if self._is_new(settled) else None
        if last_s is not None and last_s <= settled.watched_s + SLACK_S:
            return LIVE * self._settle_s
        return self._settle_s

    def _is_new(self, settled: Settled) -> bool:
        """Return whether a file may be written right now: what was there before is not."""
        if settled.origin not in (Origin.EVENT, Origin.RESCAN):
            return False
        if not settled.path.lower().endswith(KINDS):
            return False
        return self._wall() - settled.fingerprint.mtime_ns / 1e9 <= LIVE * self._settle_s

    def taken(self, path: str, data: bytes, quiet_s: float) -> None:
        """Remember what was taken; of many files, the last ones."""
        self._taken.pop(path, None)
        self._taken[path] = Taken(len(data), _begins(data, len(data)), quiet_s)
        while len(self._taken) > FILES:
            self._taken.popitem(last=False)


def last_time(data: bytes) -> float | None:
    """Return when the last cue of a subtitle file ends, None for a file without such times."""
    found = [*_TIMES.finditer(data[-_TAIL:])]
    if not found:
        return None
    hours, minutes, seconds, part = found[-1].groups()
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + float(f"0.{part.decode()}")


def _goes_on(before: Taken, data: bytes) -> bool:
    return len(data) > before.size and _begins(data, before.size) == before.begins


def _begins(data: bytes, size: int) -> str:
    return hashlib.sha256(data[: max(size - _LAST_CUE, 0)]).hexdigest()
