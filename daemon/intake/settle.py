"""Decide when a file is complete: from "something happened there" to "read it now"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from state.job import Fingerprint, Origin

_URGENCY = {Origin.SCAN: 0, Origin.RESCAN: 1, Origin.EVENT: 2, Origin.MANUAL: 3}


@dataclass(frozen=True, slots=True)
class Settled:
    """A file that has been quiet long enough to be read."""

    path: str
    fingerprint: Fingerprint
    origin: Origin  # how it was noticed
    last_chance: bool  # quiet for `settle_limit_s`: do not wait for it any longer
    quiet_s: float  # how long it has been quiet
    watched_s: float  # how long it was seen to change before that


@dataclass(slots=True)
class _Entry:
    fingerprint: Fingerprint
    origin: Origin
    quiet_since: float
    check_at: float  # when the file is checked next
    needs_s: float  # how long it must be quiet
    noted_at: float  # when it was noticed
    unfinished: bool = False  # its content does not parse yet


class Settler:
    """The rule: a file is complete when it has been quiet for `settle_s` and its content parses.

    Quiet means that size, mtime, ctime and inode did not change. Whisper's writers are not atomic:
    they open the final name, then dump JSON into it, so the file is too short for seconds
    (openai-whisper, mlx-whisper), and a slow disk or a paused process can make a pause in the
    middle longer than any `settle_s`. So quiet alone is not enough: the reader that finds the file
    cut off calls `mark_unfinished`, and the file is returned again when it has changed and is quiet
    once more, or for the last time after `settle_limit_s` of quiet. A file written elsewhere and
    renamed is quiet from the start and costs one `settle_s`. A file that grows while somebody
    speaks has no end to look for: its reader calls `wait` (see `growing`).

    There is no clock and no thread here: time is the argument `now` (seconds, monotonic), and the
    disk is read through `stat_file`, which returns None for a file that is gone or not regular.
    """

    def __init__(
        self,
        stat_file: Callable[[str], Fingerprint | None],
        *,
        settle_s: float,
        settle_limit_s: float,
    ) -> None:
        self._stat_file = stat_file
        self._settle_s = settle_s
        self._settle_limit_s = max(settle_limit_s, settle_s)
        self._entries: dict[str, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def note(self, path: str, now: float, *, origin: Origin = Origin.EVENT) -> None:
        """Start to watch a file, or check it again because something happened to it."""
        found = self._stat_file(path)
        if found is None:
            self._entries.pop(path, None)
            return
        entry = self._entries.get(path)
        if entry is None:
            self._entries[path] = _Entry(
                found, origin, now, now + self._settle_s, self._settle_s, now
            )
            return
        if _URGENCY[origin] > _URGENCY[entry.origin]:
            entry.origin = origin
        self._compare(entry, found, now)

    def ready(self, now: float, *, limit: int = 1000) -> list[Settled]:
        """Return the files that have settled; each stays until `forget` or `mark_unfinished`."""
        settled: list[Settled] = []
        for path, entry in list(self._entries.items()):
            if now < entry.check_at:
                continue
            if len(settled) >= limit:
                break
            found = self._stat_file(path)
            if found is None:
                del self._entries[path]
                continue
            self._compare(entry, found, now)
            quiet_s = now - entry.quiet_since
            last_chance = quiet_s >= self._settle_limit_s
            if quiet_s >= entry.needs_s and (last_chance or not entry.unfinished):
                watched_s = entry.quiet_since - entry.noted_at
                settled.append(Settled(path, found, entry.origin, last_chance, quiet_s, watched_s))
            entry.check_at = now + self._settle_s
        return settled

    def mark_unfinished(self, path: str) -> None:
        """Keep waiting for a settled file, because its content is cut off."""
        if path in self._entries:
            self._entries[path].unfinished = True

    def wait(self, path: str, quiet_s: float) -> None:
        """Return a settled file only once it has been quiet for so long: it may still grow."""
        if path in self._entries:
            self._entries[path].needs_s = max(quiet_s, self._entries[path].needs_s)

    def forget(self, path: str) -> None:
        """Stop watching a file: it was offered, or it is not wanted."""
        self._entries.pop(path, None)

    def next_check(self) -> float | None:
        """Return when `ready` next has something to do, None when nothing is watched."""
        return min((entry.check_at for entry in self._entries.values()), default=None)

    def _compare(self, entry: _Entry, found: Fingerprint, now: float) -> None:
        if found != entry.fingerprint:
            entry.fingerprint = found
            entry.quiet_since = now
            entry.check_at = now + self._settle_s
            entry.unfinished = False
