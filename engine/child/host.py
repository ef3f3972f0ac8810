"""The model child: `python -P -m engine.child.host [LOCK]`, ended by closing its standard input.

MLX may abort, leak or hang; all of that happens here and not in the daemon. The main thread loads
and decodes; a monitor thread reads requests and ends the process when the parent is gone, because
an evaluation cannot be interrupted.
"""

from __future__ import annotations

import fcntl
import os
import queue
import resource
import signal
import sys
import threading
import time
from typing import Any

from engine.child import protocol
from engine.errors import ChildError, ChildFailed, EngineError, GpuTimeout, ModelRefused, NoMemory

PROGRESS_EVERY_S = 0.2
# What MLX says, in exceptions that have no type of their own.
_NO_MEMORY = ("out of memory", "outofmemory", "insufficient memory", "metal::malloc", "bad_alloc")
_TIMEOUT = ("gpu timeout", "callbackerrortimeout", "impacting interactivity")


class _Output:
    """The pipe to the parent, out of reach of anything that prints."""

    def __init__(self) -> None:
        self._fd = os.dup(1)
        os.dup2(2, 1)

    def send(self, **message: Any) -> None:
        data = memoryview(protocol.pack(message))
        while data:
            data = data[os.write(self._fd, data) :]

    def fail(self, error: EngineError) -> None:
        self.send(
            event="failed",
            kind=type(error).__name__,
            reason=error.reason,
            message=str(error),
            hint=error.hint,
        )


def _read_exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            os._exit(0)  # the parent is gone
        data += chunk
    return data


def _read_requests(requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    while True:
        (size,) = protocol.HEADER.unpack(_read_exactly(protocol.HEADER.size))
        if size > protocol.MAX_FRAME_BYTES:
            os._exit(2)
        requests.put(protocol.unpack(_read_exactly(size)))


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


def _memory_bytes() -> int:
    """Return the peak of resident memory so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


class Host:
    """Answers requests one at a time."""

    def __init__(self, output: _Output) -> None:
        self._output = output
        self._model: Any = None

    def load(self, request: dict[str, Any]) -> None:
        """Load a model and say what it runs on."""
        from engine.guided import model

        self._model = model.load(
            protocol.info_from_json(request["info"]),
            device=request.get("device", "auto"),
            prefill_tokens=int(request["prefill_tokens"]),
        )
        self._output.send(
            event="ready",
            device_path=self._model.device_path,
            load_s=self._model.load_s,
            memory_bytes=_memory_bytes(),
        )

    def enhance(self, request: dict[str, Any]) -> None:
        """Decode a part, telling how far it is."""
        from engine.guided import decode

        told = time.monotonic()

        def progress(tokens: int) -> None:
            nonlocal told
            if time.monotonic() - told >= PROGRESS_EVERY_S:
                told = time.monotonic()
                self._output.send(event="progress", tokens=tokens)

        result = decode.decode(
            self._model,
            protocol.part_from_json(request["part"]),
            protocol.tail_from_json(request["tail"]),
            on_progress=progress,
        )
        self._output.send(
            event="done", memory_bytes=_memory_bytes(), **protocol.result_to_json(result)
        )

    def write(self, request: dict[str, Any]) -> None:
        """Answer a conversation freely, piece by piece."""
        from engine.guided import generate as free

        for piece in free.write(self._model, request["messages"], int(request["max_tokens"])):
            self._output.send(event="text", text=piece)
        self._output.send(event="done", memory_bytes=_memory_bytes())

    def serve(self, request: dict[str, Any]) -> None:
        """Answer one request; a failure is an answer too."""
        try:
            serve = {"load": self.load, "enhance": self.enhance, "write": self.write}
            serve[request["op"]](request)
        except EngineError as error:
            self._output.fail(error)
        except Exception as error:  # MLX raises what it likes: out of memory, a lost GPU
            self._output.fail(named(error))


def named(error: Exception) -> ChildError:
    """Return what an exception of MLX or Python means, without its text: it may quote words."""
    said = str(error).lower()
    if isinstance(error, MemoryError) or any(phrase in said for phrase in _NO_MEMORY):
        return NoMemory()
    if any(phrase in said for phrase in _TIMEOUT):
        return GpuTimeout()
    return ChildFailed(f"The model child failed with {type(error).__name__}.")


def main() -> None:
    """Run the model child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    host = Host(output := _Output())
    if len(sys.argv) > 1:
        try:
            _take_lock(sys.argv[1])
        except ModelRefused as error:
            output.fail(error)
            return
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests,), daemon=True).start()
    while True:
        host.serve(requests.get())


if __name__ == "__main__":
    main()
