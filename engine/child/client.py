"""The parent's side of the model child: start it, give it parts, end it. Never imports MLX."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

from engine.child import protocol
from engine.errors import (
    AlignmentError,
    CannotSpell,
    ChildDied,
    ChildFailed,
    ChildRepeats,
    ChildSilent,
    ChildStrained,
    GpuTimeout,
    ModelNotFound,
    ModelRefused,
    NoMemory,
    PartError,
)
from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part
from engine.text import terms

SILENCE_S = 120.0
_SLICE_S = 5.0
_LOG_LINE_BYTES = 400
_LOG_LINES = 200  # of one answer, or of a child's death
# Decisions that a part may take: far above what any tokenizer needs, far below for ever.
_TOKENS_A_BYTE = 4
_TOKENS_A_WORD = 16
_TOKENS_AT_LEAST = 64
_NAMED_ERRORS = {
    error.__name__: error
    for error in (AlignmentError, CannotSpell, GpuTimeout, ModelNotFound, ModelRefused, NoMemory)
}
# What a child reads in one pass; after one that asked too much of the machine, a quarter of it.
_PREFILL_TOKENS = (512, 128, 32)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a child said when its model was ready."""

    device_path: str
    load_s: float
    pid: int


class _Patience:
    """How long a child may go on without progress.

    Time is counted in slices, so that a stop of the whole machine is one of them, and from one
    `wait` to the next, since a child that floods leaves nothing to wait for.
    """

    def __init__(self, limit_s: float) -> None:
        self.slice_s = min(_SLICE_S, limit_s / 4)
        self._limit_s = limit_s
        self._silent_s = 0.0
        self._last = time.monotonic()

    @property
    def over(self) -> bool:
        """Tell whether the limit is reached."""
        return self._silent_s >= self._limit_s

    def wait(self) -> None:
        """Count the time since the last call, a slice at most."""
        now = time.monotonic()
        self._silent_s += min(now - self._last, self.slice_s)
        self._last = now

    def renew(self) -> None:
        """Begin anew: the child got on."""
        self._silent_s = 0.0


class ModelClient:
    """One model child. `close` may be called from another thread; all else from one."""

    def __init__(
        self,
        info: ModelInfo,
        *,
        silence_s: float = SILENCE_S,
        device: Literal["auto", "quantized", "float32"] = "auto",
        log: Callable[[str], None] | None = None,
        lock_path: Path | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        self.info = info
        self.loaded: Loaded | None = None
        self.tokens = 0  # decided by the running child, for those who recycle it
        self._silence_s = silence_s
        self._device = device
        self._log = log or (lambda line: None)
        base = list(command) if command else [sys.executable, "-P", "-m", "engine.child.host"]
        self._command = [*base, str(lock_path)] if lock_path else base
        self._process: subprocess.Popen[bytes] | None = None
        self._memory_bytes: int | None = None
        self._buffer = b""
        self._waiting = False
        self._said = 0  # lines of diagnostics since the last request
        self._strained = 0  # times that a child asked too much of the machine

    @property
    def alive(self) -> bool:
        """Tell whether the child runs."""
        return self._process is not None and self._process.poll() is None

    def memory_bytes(self) -> int | None:
        """Return the peak of the child's memory as it last said."""
        return self._memory_bytes if self.alive else None

    def start(self) -> Loaded:
        """Start the child and load the model, unless done; raises `ModelError`, `ChildError`."""
        if self.alive and self.loaded is not None:
            return self.loaded
        self.close()
        self._buffer = b""
        self.tokens = 0
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
            bufsize=0,
        )
        self._send(
            op="load",
            info=protocol.info_to_json(self.info),
            device=self._device,
            prefill_tokens=_PREFILL_TOKENS[min(self._strained, len(_PREFILL_TOKENS) - 1)],
        )
        answer = self._wait(on_progress=None)
        self.loaded = Loaded(str(answer["device_path"]), float(answer["load_s"]), self._process.pid)
        return self.loaded

    def enhance(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> EnhancedPart:
        """Decode a part; raises `ChildError`, `PartError`, `ModelError`.

        After a `ChildError` the child is ended; the next call starts another.
        """
        self.start()
        shown = tail[-self.info.tail_words :] if self.info.tail_words else ()
        self._send(
            op="enhance", part=protocol.part_to_json(part), tail=protocol.tail_to_json(shown)
        )
        answer = self._wait(on_progress=on_progress, most_tokens=_most_tokens(part))
        try:
            result = _enhanced(part, answer)
        except (KeyError, TypeError, ValueError, AlignmentError) as error:
            self.close()
            raise AlignmentError() from error
        self.tokens += result.tokens
        return result

    def write(
        self,
        messages: Sequence[dict[str, str]],
        *,
        max_tokens: int,
        on_text: Callable[[str], None],
    ) -> None:
        """Let the model answer a conversation freely; raises `ChildError`, `ModelError`."""
        self.start()
        self._send(op="write", messages=list(messages), max_tokens=max_tokens)
        self._wait(on_progress=None, on_text=on_text)

    def close(self) -> None:
        """End the child at once; every finished part is kept by whoever asked for it.

        A thread that waits for an answer gets `ChildDied` and closes the pipes itself.
        """
        process = self._process
        if process is not None and self._waiting:
            process.kill()
            return
        self._process = None
        self.loaded = None
        self._memory_bytes = None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()

    def _send(self, **message: Any) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise ChildDied()
        data = memoryview(protocol.pack(message))
        try:
            while data:
                data = data[process.stdin.write(data) :]
        except (OSError, ValueError):
            self._died(process)

    def _wait(
        self,
        *,
        on_progress: Callable[[int], None] | None,
        on_text: Callable[[str], None] | None = None,
        most_tokens: int | None = None,
    ) -> dict[str, Any]:
        """Return the next answer that is not progress.

        Silence ends the child, and so do progress that does not get on and more than `most_tokens`.
        """
        process = self._process
        if process is None:
            raise ChildDied()
        patience = _Patience(self._silence_s)
        tokens = 0
        self._said = 0
        self._waiting = True
        try:
            with contextlib.closing(self._messages(process, patience)) as messages:
                for message in messages:
                    event = message.get("event")
                    if event == "text" and on_text is not None:
                        patience.renew()
                        on_text(str(message["text"]))
                    elif event != "progress":
                        self._waiting = False
                        return self._answer(message)
                    elif (
                        told := int(message["tokens"])
                    ) > tokens:  # else a sign of life, not of work
                        patience.renew()
                        tokens = told
                        if most_tokens is not None and tokens > most_tokens:
                            self._repeats()
                        if on_progress is not None:
                            on_progress(tokens)
            raise ChildDied()
        finally:
            self._waiting = False

    def _messages(
        self, process: subprocess.Popen[bytes], patience: _Patience
    ) -> Generator[dict[str, Any]]:
        """Yield what the child says until it dies or `patience` is at its end; log its stderr."""
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
                    data = os.read(key.fd, 1 << 16)
                    if key.fileobj is process.stdout:
                        if not data:
                            self._died(process)
                        self._buffer += data
                    elif data:
                        self._log_lines(data)
                    else:
                        selector.unregister(process.stderr)
                while (message := self._take_frame(process)) is not None:
                    yield message

    def _silent(self) -> NoReturn:
        self._waiting = False
        self.close()
        raise ChildSilent(f"The model child showed no progress for {self._silence_s:.0f} s.")

    def _repeats(self) -> NoReturn:
        self._waiting = False
        self.close()
        raise ChildRepeats()

    def _take_frame(self, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
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

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        if isinstance(message.get("memory_bytes"), int):
            self._memory_bytes = message["memory_bytes"]
        if message.get("event") in {"ready", "done"}:
            return message
        error = _NAMED_ERRORS.get(str(message.get("kind")))
        if error is None or not issubclass(error, PartError):
            self.close()
        text, hint = str(message.get("message", "")), str(message.get("hint", ""))
        reason = str(message.get("reason", ""))
        if error is not None and issubclass(error, ChildStrained):
            self._strained += 1
        if error is not None:
            raise error(text, hint=hint, reason=reason)
        raise ChildFailed(text, hint=hint, reason=reason)

    def _died(self, process: subprocess.Popen[bytes], message: str = "") -> NoReturn:
        self._waiting = False
        process.kill()
        code = process.wait()
        if process.stderr is not None and not process.stderr.closed:
            os.set_blocking(process.stderr.fileno(), False)
            lines = (process.stderr.read() or b"").splitlines()
            self._said = 0  # its last words tell most
            self._log_lines(b"\n".join(lines[-_LOG_LINES:]))
        self.close()
        raise ChildDied(message or f"The model child ended with {_how(code)}.")

    def _log_lines(self, data: bytes) -> None:
        if self._said > _LOG_LINES:
            return
        for line in data.splitlines():
            if not line.strip():
                continue
            self._said += 1
            if self._said > _LOG_LINES:
                self._log("... and more, which is not kept")
                return
            self._log(line[:_LOG_LINE_BYTES].decode("utf-8", "replace"))


def _most_tokens(part: Part) -> int:
    """Return more decisions than a child that gets on can need for a part."""
    size = sum(len(word.text.encode("utf-8", "replace")) for word in part.words)
    return _TOKENS_AT_LEAST + _TOKENS_A_WORD * len(part.words) + _TOKENS_A_BYTE * size


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _enhanced(part: Part, answer: dict[str, Any]) -> EnhancedPart:
    """Check an answer against its part, word for word: the child is not trusted with the text."""
    written = answer["words"]
    if len(written) != len(part.words):
        raise AlignmentError()
    words = []
    for word, (text, paragraph) in zip(part.words, written, strict=True):
        if not isinstance(text, str) or not terms.is_reading(word, text):
            raise AlignmentError()
        words.append(EnhancedWord(word, text, paragraph=bool(paragraph)))
    return EnhancedPart(
        index=part.index,
        status="enhanced",
        words=tuple(words),
        tokens=int(answer["tokens"]),
        passes=int(answer["passes"]),
        decode_s=float(answer["decode_s"]),
        ties=int(answer.get("ties", 0)),
    )
