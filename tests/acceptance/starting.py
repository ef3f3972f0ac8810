"""Start llasad in milliseconds: a process that has imported everything forks one at each request.

The daemons become our children (we are their "subreaper", so that exit codes reach us). On a system
without subreapers each is started the slow way. Either way each has a process group of its own.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

LAUNCHER = Path(__file__).parent / "launcher.py"
_PR_SET_CHILD_SUBREAPER = 36


class Forked:
    """A child process that another process started; the part of Popen that the tests need."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for its end; raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("llasad", timeout)
            time.sleep(0.005)
        return code


class Forker:
    """The process that forks."""

    def __init__(self) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(LAUNCHER), "--fork"],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # an interrupt of the tests must not reach it
        )
        self._lock = threading.Lock()
        atexit.register(self.close)

    def start(self, spec: Path, output: Path, umask: int, arguments: list[str]) -> Forked:
        """Start one llasad."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = [str(spec), str(output), umask, str(output.parent), *arguments]
        with self._lock:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            return Forked(int(self._process.stdout.readline()))

    def close(self) -> None:
        """End; the daemons that it started stay."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


_forker: Forker | None = None
_making = threading.Lock()


def start(
    spec: Path, output: Path, arguments: list[str], *, umask: int = 0o022
) -> Forked | subprocess.Popen[bytes]:
    """Start the launcher with a spec; append its output to a file."""
    global _forker
    if sys.platform == "linux":
        with _making:
            _forker = _forker or Forker()
        return _forker.start(spec, output, umask, arguments)
    with open(output, "ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-P", str(LAUNCHER), str(spec), *arguments],
            env=environment(),
            cwd=output.parent,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            umask=umask,
        )


def environment() -> dict[str, str]:
    """Return our environment without LLASA_HOME."""
    return {key: value for key, value in os.environ.items() if key != "LLASA_HOME"}
