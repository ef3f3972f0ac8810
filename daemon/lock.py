"""One daemon per home: a lock that the kernel drops when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from pathlib import Path

from daemon.errors import AlreadyRunning

_TRIES = 10  # `holder` takes the lock for a moment, a daemon for its whole life
_PAUSE_S = 0.05


class HomeLock:
    """The lock of a home, held from `acquire` to `release` or to the death of the process.

    The pid in the file is for users to read. No decision depends on it, so a stale or reused pid
    cannot block or break anything.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock; raise AlreadyRunning when another process has it."""
        pause = threading.Event()
        for _ in range(_TRIES):
            descriptor = os.open(
                self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
            if _lock(descriptor) and _is_still_at(descriptor, self._path):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
                self._descriptor = descriptor
                return
            os.close(descriptor)
            pause.wait(_PAUSE_S)
        pid = _written_pid(self._path)
        raise AlreadyRunning(
            f"Another llasad runs on this home (pid {pid or 'unknown'}): {self._path.parent}."
        )

    def release(self) -> None:
        """Release the lock; the file stays, since removing it would let two daemons in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def holder(path: Path) -> int | None:
    """Return the pid of the daemon that holds the lock now, None when none does.

    Returns 0 for a holder that has not written its pid yet.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if _lock(descriptor, shared=True):
            return None
    finally:
        os.close(descriptor)
    return _written_pid(path) or 0


def _lock(descriptor: int, *, shared: bool = False) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still_at(descriptor: int, path: Path) -> bool:
    """Return whether the locked file is still the one at the path: it may have been removed."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False))
    return False


def _written_pid(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
