"""A worker: `python -P -m engine.archive.worker`, ended by closing its standard input.

It holds one model child and does one file at a time. It is a process of its own so that a file on
which Python itself hangs or dies costs that file and nothing else.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from engine.archive.errors import WorkersDiffer
from engine.archive.records import Item, Settings
from engine.archive.transcript import Enhancer
from engine.child import protocol
from engine.child.client import ModelClient
from engine.errors import EngineError
from engine.models import local
from engine.recipe import Recipe


class _Pipe:
    """The pipes to the parent; standard output is redirected so that prints cannot reach it."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)
        self.requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._hear, daemon=True).start()

    def send(self, **message: Any) -> None:
        """Write a message whole; without a parent the process ends."""
        data = memoryview(protocol.pack(message))
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            os._exit(0)

    def _hear(self) -> None:
        while True:
            (size,) = protocol.HEADER.unpack(_read_exactly(protocol.HEADER.size))
            self.requests.put(protocol.unpack(_read_exactly(size)))


def _read_exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            os._exit(0)  # the parent is gone; the model child then ends too
        data += chunk
    return data


def _enhancer(request: dict[str, Any], pipe: _Pipe) -> Enhancer:
    """Return what enhances, with its model not loaded yet; raises `EngineError`."""
    settings = Settings(**request["settings"])
    profile = settings.profile()
    info = local.named(profile.model, Path(settings.home) if settings.home else None)
    recipe = str(Recipe.of(profile, info))
    if recipe != settings.recipe:
        raise WorkersDiffer(f"This worker has {recipe}, the command has {settings.recipe}.")
    lock = request.get("lock")
    client = ModelClient(info, lock_path=Path(lock) if lock else None)
    return Enhancer(settings, client, alive=lambda: pipe.send(event="progress"))


def main() -> None:
    """Run the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    pipe = _Pipe()
    enhancer: Enhancer | None = None
    while True:
        request = pipe.requests.get()
        try:
            if enhancer is None:
                enhancer = _enhancer(request, pipe)
                pipe.send(event="ready", pid=os.getpid())
                continue
            item = Item(**request["item"])
            pipe.send(event="done", outcome=enhancer.enhance(item).to_wire())
        except EngineError as error:
            pipe.send(**protocol.failure_to_wire(error))
        except MemoryError:
            os._exit(1)
        except Exception as error:  # a bug met in one file must not end the others
            sys.stderr.write(f"{type(error).__name__} in the worker\n")
            pipe.send(event="bug", name=type(error).__name__)


if __name__ == "__main__":
    main()
