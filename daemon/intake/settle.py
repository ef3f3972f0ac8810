"""Decide when a file is whole: the arrow from "something happened there" to "read it now"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from state.job import Fingerprint, Origin

_URGENCY = {Origin.SCAN: 0, Origin.RESCAN: 1, Origin.EVENT: 2, Origin.MANUAL: 3}


@dataclass(frozen=True, slots=True)
class Settled:
    """A file that has been quiet for long enough to be read."""

    path: str
    fingerprint: Fingerprint
    origin: Origin  # by what it was noticed
    last_chance: bool  # quiet for `settle_limit_s`: do not wait for it any longer


@dataclass(slots=True)
class _Entry:
    fingerprint: Fingerprint
    origin: Origin
    quiet_since: float
    look_at: float  # when the file is looked at next
    unfinished: bool = False  # its content, as it stands, does not parse


class Settler:
    """The rule: a file is whole when it has been quiet for `settle_s` and its content parses.

    Quiet means that size, mtime, ctime and inode did not change. Whisper's writers are not atomic:
    they open the final name, then dump JSON into it, so for seconds there is a file that is too
    short (openai-whisper, mlx-whisper), and a slow disk or a paused process can make the pause in
    the middle longer than any `settle_s`. So quiet alone is not enough: who reads the file and
    finds it cut off calls `unfinished`, and the file is offered again when it has changed and gone
    quiet once more, or for the last time after `settle_limit_s` of quiet. A file written aside and
    renamed is quiet from its first moment and costs one `settle_s`.

    There is no clock and no thread in here: time comes in as `now` (seconds, monotonic), the disk
    through `look`, which returns None for what is gone or no regular file.
    """

    def __init__(
        self, look: Callable[[str], Fingerprint | None], *, settle_s: float, settle_limit_s: float
    ) -> None:
        self._look = look
        self._settle_s = settle_s
        self._settle_limit_s = max(settle_limit_s, settle_s)
        self._entries: dict[str, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, path: str) -> bool:
        return path in self._entries

    def note(self, path: str, now: float, *, origin: Origin = Origin.EVENT) -> None:
        """Begin to watch a file, or look at it again because something was heard of it."""
        found = self._look(path)
        if found is None:
            self._entries.pop(path, None)
            return
        entry = self._entries.get(path)
        if entry is None:
            self._entries[path] = _Entry(found, origin, now, now + self._settle_s)
            return
        if _URGENCY[origin] > _URGENCY[entry.origin]:
            entry.origin = origin
        self._compare(entry, found, now)

    def ready(self, now: float, *, limit: int = 1000) -> list[Settled]:
        """Return what has settled by now; each stays until `forget` or `unfinished` is called."""
        settled: list[Settled] = []
        for path, entry in list(self._entries.items()):
            if now < entry.look_at:
                continue
            if len(settled) >= limit:
                break
            found = self._look(path)
            if found is None:
                del self._entries[path]
                continue
            self._compare(entry, found, now)
            quiet_s = now - entry.quiet_since
            last_chance = quiet_s >= self._settle_limit_s
            if quiet_s >= self._settle_s and (last_chance or not entry.unfinished):
                settled.append(Settled(path, found, entry.origin, last_chance))
            entry.look_at = now + self._settle_s
        return settled

    def unfinished(self, path: str) -> None:
        """Keep waiting: the content of the settled file is cut off."""
        if path in self._entries:
            self._entries[path].unfinished = True

    def forget(self, path: str) -> None:
        """Stop watching a file: it was taken, or it is none of ours."""
        self._entries.pop(path, None)

    def next_look(self) -> float | None:
        """Return when `ready` has something to do next, None when nothing is watched."""
        return min((entry.look_at for entry in self._entries.values()), default=None)

    def waiting(self) -> list[str]:
        """Return the paths being watched, those found cut off first."""
        return sorted(self._entries, key=lambda path: (not self._entries[path].unfinished, path))

    def _compare(self, entry: _Entry, found: Fingerprint, now: float) -> None:
        if found != entry.fingerprint:
            entry.fingerprint = found
            entry.quiet_since = now
            entry.look_at = now + self._settle_s
            entry.unfinished = False
