"""The child as a process: start it, ask it, wait for its answer, end it."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Final, NoReturn

from engine.child import protocol
from engine.errors import ChildDied, ChildSilent

LOG_LINES: Final = 200  # of one answer, or of a child's death
_LOG_LINE_BYTES: Final = 400
_SLICE_S: Final = 5.0
_READ_BYTES: Final = 1 << 16
# Messages before the answer that ends a request.
_ON_THE_WAY: Final = frozenset({"progress", "text"})

Message = dict[str, Any]
#: Is given each message before the answer; returns whether it shows progress.
Listener = Callable[[Message], bool]


class _Patience:
    """How long a child may go on without progress.

    Time is counted in slices, so that a stop of the whole machine counts as one of them. It is
    counted from one `wait` to the next, because a child that floods its pipes is never waited for.
    """

    def __init__(self, limit_s: float) -> None:
        self.slice_s = min(_SLICE_S, limit_s / 4)
        self._limit_s = limit_s
        self._silent_s = 0.0
        self._last = time.monotonic()

    @property
    def over(self) -> bool:
        """Return whether the limit is reached."""
        return self._silent_s >= self._limit_s

    def wait(self) -> None:
        """Count the time since the last call, a slice at most."""
        now = time.monotonic()
        self._silent_s += min(now - self._last, self.slice_s)
        self._last = now

    def renew(self) -> None:
        """Reset: the child made progress."""
        self._silent_s = 0.0


class ChildProcess:
    """One child at a time of one command. Call `close` from any thread, all else from one."""

    def __init__(
        self, command: Sequence[str], *, silence_s: float, log: Callable[[str], None]
    ) -> None:
        self._command = list(command)
        self._silence_s = silence_s
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._waiting = False
        self._logged = 0  # lines of diagnostics since the last request

    @property
    def alive(self) -> bool:
        """Return whether the child runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> int:
        """Start the child, after ending one that still runs; return its process id."""
        self.close()
        self._buffer = b""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
            bufsize=0,
        )
        return self._process.pid

    def ask(self, request: Mapping[str, Any], *, listener: Listener | None = None) -> Message:
        """Send a request and return the answer that ends it.

        Raises `ChildDied`, and `ChildSilent` when the child makes no progress; either ends it.
        """
        process = self._process
        if process is None:
            raise ChildDied()
        self._send(process, request)
        patience = _Patience(self._silence_s)
        self._logged = 0
        self._waiting = True
        try:
            with contextlib.closing(self._messages(process, patience)) as messages:
                for message in messages:
                    if message.get("event") not in _ON_THE_WAY:
                        return message
                    if listener is not None and listener(message):
                        patience.renew()
            raise ChildDied()
        finally:
            self._waiting = False

    def tell(self, request: Mapping[str, Any]) -> None:
        """Send a request that has no answer of its own; raises `ChildDied`."""
        if self._process is None:
            raise ChildDied()
        self._send(self._process, request)

    def close(self) -> bool:
        """End the child at once; return whether nothing of it is left.

        A thread that waits for an answer gets `ChildDied` and closes the pipes itself.
        """
        process = self._process
        if process is not None and self._waiting:
            process.kill()
            return False
        self._process = None
        if process is None:
            return True
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        return True

    def _send(self, process: subprocess.Popen[bytes], request: Mapping[str, Any]) -> None:
        if process.stdin is None:
            raise ChildDied()
        data = memoryview(protocol.pack(request))
        try:
            while data:
                data = data[process.stdin.write(data) :]
        except (OSError, ValueError):
            self._died(process)

    def _messages(
        self, process: subprocess.Popen[bytes], patience: _Patience
    ) -> Generator[Message]:
        """Yield what the child says until it dies or `patience` is over; log its stderr."""
        if process.stdout is None or process.stderr is None:
            return
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            selector.register(process.stderr, selectors.EVENT_READ)
            while True:
                if patience.over:
                    self._silent()
                ready = selector.select(patience.slice_s)
                patience.wait()
                for key, _ in ready:
                    data = os.read(key.fd, _READ_BYTES)
                    if key.fileobj is process.stdout:
                        if not data:
                            self._died(process)
                        self._buffer += data
                    elif data:
                        self._log_lines(data)
                    else:
                        selector.unregister(process.stderr)
                while (message := self._take_message(process)) is not None:
                    yield message

    def _take_message(self, process: subprocess.Popen[bytes]) -> Message | None:
        """Return the next whole message of the buffer; None while it is not there."""
        size = protocol.HEADER.size
        if len(self._buffer) < size:
            return None
        (length,) = protocol.HEADER.unpack(self._buffer[:size])
        if length > protocol.MAX_FRAME_BYTES:
            self._died(process, "The model child answered nonsense.")
        if len(self._buffer) < size + length:
            return None
        body = self._buffer[size : size + length]
        self._buffer = self._buffer[size + length :]
        try:
            return protocol.unpack(body)
        except ValueError:
            self._died(process, "The model child answered nonsense.")

    def _silent(self) -> NoReturn:
        self._waiting = False
        self.close()
        raise ChildSilent(f"The model child showed no progress for {self._silence_s:.0f} s.")

    def _died(self, process: subprocess.Popen[bytes], message: str = "") -> NoReturn:
        """Log the last words of a child that is dead or talks nonsense; raise `ChildDied`."""
        self._waiting = False
        process.kill()
        code = process.wait()
        if process.stderr is not None and not process.stderr.closed:
            os.set_blocking(process.stderr.fileno(), False)
            lines = (process.stderr.read() or b"").splitlines()
            self._logged = 0  # its last lines say the most
            self._log_lines(b"\n".join(lines[-LOG_LINES:]))
        self.close()
        raise ChildDied(message or f"The model child ended with {_how(code)}.")

    def _log_lines(self, data: bytes) -> None:
        if self._logged > LOG_LINES:
            return
        for line in data.splitlines():
            if not line.strip():
                continue
            self._logged += 1
            if self._logged > LOG_LINES:
                self._log("... and more, which is not kept")
                return
            self._log(line[:_LOG_LINE_BYTES].decode("utf-8", "replace"))


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
