"""A worker that does no work: on files named for it, it dies, hangs or prints."""

from __future__ import annotations

import os
import signal
import struct
import sys

from engine.archive.records import Outcome
from engine.child import protocol


def main() -> None:
    def read(size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += os.read(0, size - len(data)) or sys.exit(0)  # type: ignore[func-returns-value]
        return data

    def send(**message: object) -> None:
        os.write(1, protocol.pack(message))

    while True:
        request = protocol.unpack(read(struct.unpack(">I", read(4))[0]))
        if "item" not in request:
            send(event="ready", pid=os.getpid())
            continue
        path = request["item"]["path"]
        if "dies" in path:
            os.kill(os.getpid(), signal.SIGKILL)
        if "hangs" in path:
            signal.pause()
        send(event="done", outcome=Outcome(path, "done", words=3, busy_s=1.0).to_wire())


main()
