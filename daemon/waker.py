"""Let the main loop sleep until something happens: another thread, a signal, or the time."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from types import FrameType

_ASKED_TO_STOP = (signal.SIGTERM, signal.SIGINT)


class Waker:
    """A pipe that any thread may write to; the main loop waits for it.

    Signals write to it too, so that a handler has nothing to do but set a flag: waking an Event
    from a handler can lock the process up, because the handler may interrupt a wait on that Event.
    """

    def __init__(self) -> None:
        self._reader, self._writer = (
            os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if hasattr(os, "pipe2") else _pipe()
        )
        self.stop_asked = False

    def wake(self) -> None:
        """End the wait of the main loop, now or the next time."""
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._writer, b"\0")

    def wait(self, seconds: float) -> None:
        """Wait until woken, at most so long."""
        select.select([self._reader], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            while os.read(self._reader, 4096):
                pass

    def hear_signals(self) -> None:
        """Take SIGTERM and SIGINT as the wish to stop."""
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in _ASKED_TO_STOP:
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
    """Make the pipe where the system cannot do it in one call (macOS)."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    return reader, writer
