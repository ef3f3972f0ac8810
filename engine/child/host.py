"""The model child: `python -P -m engine.child.host [LOCK]`, ended by closing its standard input.

MLX may abort, leak or hang; all of that happens here and not in the daemon. The main thread loads
and decodes. A monitor thread reads requests, notes at once that an answer is cancelled, and ends
the process when the parent is gone, because an evaluation cannot be interrupted.
"""

from __future__ import annotations

import fcntl
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any

from engine.child import protocol
from engine.child.operations import OPERATIONS, Host, Operation, Request, serve
from engine.errors import ModelRefused


class _Output:
    """The pipe to the parent; standard output is redirected so that prints cannot reach it."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)

    def send(self, **message: Any) -> None:
        """Write a message whole."""
        data = memoryview(protocol.pack(message))
        while data:
            data = data[os.write(self._fd, data) :]


def _read_exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            os._exit(0)  # the parent is gone
        data += chunk
    return data


def _read_requests(requests: queue.SimpleQueue[Request], host: Host) -> None:
    while True:
        (size,) = protocol.HEADER.unpack(_read_exactly(protocol.HEADER.size))
        if size > protocol.MAX_FRAME_BYTES:
            os._exit(2)
        request = protocol.unpack(_read_exactly(size))
        if request.get("op") == "cancel":
            host.cancelled = int(request["number"])
        else:
            requests.put(request)


def _take_lock(path: str) -> None:
    """Hold the lock that keeps two models from being loaded, for the life of the process."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ModelRefused(
            "Another model child is running in this home.",
            hint="Wait for it to end, or stop the daemon with `llasactl stop`.",
            reason="model_locked",
        ) from None


def main(operations: Mapping[str, Operation] = OPERATIONS) -> None:
    """Run the model child, or a child that can do something else with a model."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    output = _Output()
    if len(sys.argv) > 1:
        try:
            _take_lock(sys.argv[1])
        except ModelRefused as error:
            output.send(**protocol.failure_to_wire(error))
            return
    host = Host(output.send)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests, host), daemon=True).start()
    while True:
        serve(host, requests.get(), operations)


if __name__ == "__main__":
    main()
