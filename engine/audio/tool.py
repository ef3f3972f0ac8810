"""Run a tool of another project in a process of its own: its lines, its silence, its end."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from engine.errors import ToolFailed, ToolSilent

SILENCE_S: Final = 900.0  # a model of several gigabytes may take minutes to load from a slow disk
SLICE_S: Final = 0.5  # between two looks at whether to go on
KEPT_LINES: Final = 5  # of standard error, for the message of a failure
_LINE_BYTES: Final = 400
_ENDING_S: Final = 5.0  # for the guard to end its tool
_LINES: Final = re.compile(rb"[\r\n]+")
# By its path: it starts faster without our package, and in a Python that does not have it.
_GUARD: Final = (sys.executable, "-P", str(Path(__file__).with_name("guard.py")))


def run(
    command: Sequence[str],
    *,
    heard: Callable[[str], bool] = lambda line: False,
    check: Callable[[], None] = lambda: None,
    silence_s: float = SILENCE_S,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Run a command to its end.

    Raises `ToolFailed` where it ends with another code than 0 and `ToolSilent` where it shows no
    progress for `silence_s`. Whatever is raised, nothing of the tool goes on.

    Args:
        command: The tool and its arguments.
        heard: Is given each line of either stream; returns whether it shows progress. What it is
            given may quote the talk and must not be logged.
        check: Called several times a second; raises to stop the tool.
        silence_s: How long the tool may go on without progress.
        environment: Variables beside ours.
        clock: Monotonic seconds.
    """
    process = subprocess.Popen(
        [*_GUARD, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        bufsize=0,
    )
    last: deque[str] = deque(maxlen=KEPT_LINES)
    try:
        _listen(process, heard, last, check, silence_s, clock)
        code = process.wait()
    finally:
        _end(process)
    if code:
        raise ToolFailed(code=code, said="\n".join(last))


def _listen(
    process: subprocess.Popen[bytes],
    heard: Callable[[str], bool],
    last: deque[str],
    check: Callable[[], None],
    silence_s: float,
    clock: Callable[[], float],
) -> None:
    """Give every line to `heard` until both streams are closed."""
    rests: dict[int, bytes] = {}
    # Counted in slices, so that a stop of the whole machine counts as one of them.
    silent_s, looked_at = 0.0, clock()
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ)
                rests[stream.fileno()] = b""
        while selector.get_map():
            check()
            for key, _ in selector.select(SLICE_S):
                data = os.read(key.fd, 1 << 16)
                *lines, rest = _LINES.split(rests[key.fd] + data)
                if not data:
                    lines, rest = [rest], b""
                    selector.unregister(key.fileobj)
                rests[key.fd] = rest[-_LINE_BYTES:]
                for line in filter(None, lines):
                    text = line[-_LINE_BYTES:].decode("utf-8", "replace")
                    if key.fileobj is process.stderr:
                        last.append(text)
                    if heard(text):
                        silent_s = 0.0
            now = clock()
            silent_s += min(now - looked_at, 2 * SLICE_S)
            looked_at = now
            if silent_s >= silence_s:
                raise ToolSilent(f"It showed no progress for {silence_s:.0f} s.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the tool, if it still runs: the guard does so when its standard input is closed."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_ENDING_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
