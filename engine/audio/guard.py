"""Run a tool that must not outlive us: `python -P guard.py COMMAND...`.

The parent holds our standard input open. When it closes it, or dies, the tool and all that it has
started are ended. Nothing here is imported that takes memory or time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

NOT_FOUND = 127  # as a shell says it


def main() -> None:
    """Run the command in our arguments and end with its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    try:
        process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        sys.stderr.write(f"{error.strerror}: {sys.argv[1] if len(sys.argv) > 1 else ''}\n")
        sys.stderr.flush()
        os._exit(NOT_FOUND)
    threading.Thread(target=_end_with_parent, args=(process.pid,), daemon=True).start()
    code = process.wait()
    _kill(process.pid)  # what it left behind
    os._exit(code if code >= 0 else 128 - code)


def _end_with_parent(group: int) -> None:
    while os.read(0, 4096):
        pass
    _kill(group)  # the main thread sees its end, and ends us


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
