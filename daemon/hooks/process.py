"""One run of a hook: a process in a group of its own, with a limit on its time.

Nothing here waits, except at the daemon's end. The document is a file that the process reads, so a
process that does not read cannot keep us. What it prints is thrown away, since it might be the text
of a transcript, unless somebody tries the hook and watches.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final

GRACE_S: Final = 2.0  # between SIGTERM and SIGKILL
_NONE: Final[Mapping[int, str]] = MappingProxyType({})


class HookProcess:
    """A process of a hook; `poll` is asked again and again until it has an answer."""

    def __init__(
        self,
        command: Sequence[str],
        document: bytes,
        *,
        folder: Path,
        timeout_s: float,
        now: float,
        meanings: Mapping[int, str] = _NONE,
        said: BinaryIO | None = None,
    ) -> None:
        """Start the process.

        Args:
            command: Program and arguments.
            document: What stands on its standard input.
            folder: Its working folder.
            timeout_s: After which it is ended.
            now: Monotonic seconds.
            meanings: What some exit codes mean.
            said: Takes what the process prints; only for somebody who watches.
        """
        self._timeout_s = timeout_s
        self._meanings = meanings
        self._ends_at = now + timeout_s
        self._late = False
        self._problem = ""
        self._process: subprocess.Popen[bytes] | None = None
        try:
            with tempfile.TemporaryFile() as stream:
                stream.write(document)
                stream.seek(0)
                self._process = subprocess.Popen(
                    list(command),
                    stdin=stream,
                    stdout=subprocess.DEVNULL if said is None else said,
                    stderr=subprocess.DEVNULL if said is None else said,
                    cwd=folder,
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            what = getattr(error, "strerror", None) or type(error).__name__
            self._problem = f"{os.path.basename(command[0])} cannot be started: {what}"

    @property
    def pid(self) -> int | None:
        """Return the id of the process and its group; None where it could not be started."""
        return None if self._process is None else self._process.pid

    def poll(self, now: float) -> str | None:
        """Return None while it runs, "" when it has succeeded, else what went wrong."""
        if self._process is None:
            return self._problem
        if self._late:
            if now < self._ends_at:
                return None
            # Before its end is noticed: until then nobody else can have its number.
            self._signal(signal.SIGKILL)
        code = self._process.poll()
        if code is not None:
            return self._answer(code)
        if now >= self._ends_at and not self._late:
            self._signal(signal.SIGTERM)
            self._late, self._ends_at = True, now + GRACE_S
        return None

    def finish(self, timeout_s: float) -> str | None:
        """Wait for its end for a while, then end it; return its answer, None where it had none."""
        if self._process is None:
            return self._problem
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._answer(self._process.wait(timeout_s))
        self._signal(signal.SIGKILL)
        self._process.wait()
        return None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)

    def _answer(self, code: int) -> str:
        if self._late:
            return f"it was ended after {self._timeout_s:g} s"
        if code == 0:
            return ""
        if code in self._meanings:
            return self._meanings[code]
        return f"it ended with exit code {code}" if code > 0 else f"signal {-code} ended it"
