"""Let the main loop sleep until another thread or a signal wakes it, or the time is up."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from types import FrameType

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Waker:
    """A pipe that any thread may write to and the main loop waits on.

    Signals write to it too, so a handler only sets a flag. Setting an Event from a handler could
    deadlock, because the handler may interrupt a wait on that Event.
    """

    def __init__(self) -> None:
        self._reader, self._writer = (
            os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else _pipe()
        )
        self.stop_asked = False

    def wake(self) -> None:
        """End the wait of the main loop, the one in progress or the next."""
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._writer, b"\0")

    def wait(self, seconds: float) -> None:
        """Wait until woken, at most so many seconds."""
        select.select([self._reader], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            while os.read(self._reader, 4096):
                pass

    def install_handlers(self) -> None:
        """Treat SIGTERM and SIGINT as requests to stop."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in _STOP_SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, _: int, __: FrameType | None) -> None:
        self.stop_asked = True

    def close(self) -> None:
        """Close the pipe."""
        with contextlib.suppress(ValueError):
            signal.set_wakeup_fd(-1)
        os.close(self._reader)
        os.close(self._writer)


def _pipe() -> tuple[int, int]:
    """Make the pipe in two calls, where the system has no `pipe2` (macOS)."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer
