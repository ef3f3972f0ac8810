"""A command on a terminal of its own, as a user has it: typed keys reach it, Ctrl-C too."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

PATIENCE_S = 200.0


class Terminal:
    """Starts a command on a pseudo terminal; a context manager that ends it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        size: tuple[int, int] = (40, 80),
    ) -> None:
        self.screen = ""
        self._seen = 0  # characters of the screen that were waited for
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={**environment, "TERM": "xterm-256color"},
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def type(self, keys: str) -> None:
        """Type keys; "\\x03" is Ctrl-C, "\\x04" Ctrl-D."""
        os.write(self._ours, keys.encode())

    def wait_for(self, text: str) -> str:
        """Wait until a text is shown that was not waited for yet; return what came before it."""
        deadline = time.monotonic() + PATIENCE_S
        while (at := self.screen.find(text, self._seen)) < 0:
            assert time.monotonic() < deadline, self.screen
            assert self._read(deadline), self.screen
        before, self._seen = self.screen[self._seen : at], at + len(text)
        return before

    def end(self) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read(deadline):
            pass
        return self.process.wait(timeout=PATIENCE_S)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], max(0.0, deadline - time.monotonic()))
        try:
            data = os.read(self._ours, 65536) if ready else b""
        except OSError:  # the command has ended
            data = b""
        self.screen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)


def _take_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored in what a shell runs in the background
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
