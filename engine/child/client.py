"""What is asked of the model child: load a model, enhance a part, write. Never imports MLX."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from engine.child import protocol
from engine.child.process import ChildProcess, Listener, Message
from engine.errors import (
    AlignmentError,
    CannotSpell,
    ChildError,
    ChildFailed,
    ChildRepeats,
    ChildStrained,
    EngineError,
    GpuTimeout,
    ModelNotFound,
    ModelRefused,
    NoMemory,
    PartError,
)
from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part
from engine.text import terms

SILENCE_S: Final = 120.0
# Decisions that a part may take: far more than any tokenizer needs, but finite.
_TOKENS_A_BYTE: Final = 4
_TOKENS_A_WORD: Final = 16
_TOKENS_AT_LEAST: Final = 64
_NAMED_ERRORS: Final = {
    error.__name__: error
    for error in (AlignmentError, CannotSpell, GpuTimeout, ModelNotFound, ModelRefused, NoMemory)
}
# What a child reads in one pass. One that follows a child that asked too much of the machine reads
# a quarter of it.
_PREFILL_TOKENS: Final = (512, 128, 32)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a child said when its model was ready."""

    device_path: str  # what computes, in words
    load_s: float
    pid: int


class ModelClient:
    """One model child. Call `close` from any thread, all else from one."""

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
        self.tokens = 0  # decided by the running child; it is recycled after many
        self._device = device
        base = list(command) if command else [sys.executable, "-P", "-m", "engine.child.host"]
        self._process = ChildProcess(
            [*base, str(lock_path)] if lock_path else base,
            silence_s=silence_s,
            log=log or (lambda line: None),
        )
        self._memory_bytes: int | None = None
        self._strained = 0  # times that a child asked too much of the machine

    @property
    def alive(self) -> bool:
        """Return whether the child runs."""
        return self._process.alive

    def memory_bytes(self) -> int | None:
        """Return the peak of the child's memory as of its last answer."""
        return self._memory_bytes if self.alive else None

    def start(self) -> Loaded:
        """Start the child and load the model, unless done; raises `ModelError`, `ChildError`."""
        if self.alive and self.loaded is not None:
            return self.loaded
        self.close()
        self.tokens = 0
        pid = self._process.start()
        answer = self._ask(
            {
                "op": "load",
                "info": protocol.info_to_wire(self.info),
                "device": self._device,
                "prefill_tokens": _PREFILL_TOKENS[min(self._strained, len(_PREFILL_TOKENS) - 1)],
            }
        )
        self.loaded = Loaded(str(answer["device_path"]), float(answer["load_s"]), pid)
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
        answer = self._ask(
            {
                "op": "enhance",
                "part": protocol.part_to_wire(part),
                "tail": protocol.tail_to_wire(shown),
            },
            listener=_TokenCount(_most_tokens(part), on_progress).hear,
        )
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

        def hear(message: Message) -> bool:
            if message["event"] != "text":
                return False
            on_text(str(message["text"]))
            return True

        self.start()
        self._ask(
            {"op": "write", "messages": list(messages), "max_tokens": max_tokens}, listener=hear
        )

    def close(self) -> None:
        """End the child at once. Its caller keeps every finished part.

        A thread that waits for an answer gets `ChildDied`.
        """
        if self._process.close():
            self.loaded = None
            self._memory_bytes = None

    def _ask(self, request: Mapping[str, Any], *, listener: Listener | None = None) -> Message:
        """Return the answer to a request; raises what the child reports as a failure."""
        try:
            answer = self._process.ask(request, listener=listener)
        except ChildError:
            self.close()
            raise
        if isinstance(answer.get("memory_bytes"), int):
            self._memory_bytes = answer["memory_bytes"]
        if answer.get("event") in {"ready", "done"}:
            return answer
        raise self._failure(answer)

    def _failure(self, answer: Message) -> EngineError:
        """Return the error that an answer reports; end the child if it is of no more use."""
        kind = _NAMED_ERRORS.get(str(answer.get("kind")), ChildFailed)
        if not issubclass(kind, PartError):
            self.close()
        if issubclass(kind, ChildStrained):
            self._strained += 1
        return kind(
            str(answer.get("message", "")),
            hint=str(answer.get("hint", "")),
            reason=str(answer.get("reason", "")),
        )


class _TokenCount:
    """Counts the tokens that a child reports for a part; raises `ChildRepeats` at too many."""

    def __init__(self, most: int, on_progress: Callable[[int], None] | None) -> None:
        self._most = most
        self._on_progress = on_progress
        self._tokens = 0

    def hear(self, message: Message) -> bool:
        """Return whether a message tells of more tokens; else it is a sign of life, not of work."""
        if message["event"] != "progress":
            return False
        tokens = int(message["tokens"])
        if tokens <= self._tokens:
            return False
        self._tokens = tokens
        if tokens > self._most:
            raise ChildRepeats()
        if self._on_progress is not None:
            self._on_progress(tokens)
        return True


def _most_tokens(part: Part) -> int:
    """Return more decisions than a working child can need for a part."""
    size = sum(len(word.text.encode("utf-8", "replace")) for word in part.words)
    return _TOKENS_AT_LEAST + _TOKENS_A_WORD * len(part.words) + _TOKENS_A_BYTE * size


def _enhanced(part: Part, answer: Message) -> EnhancedPart:
    """Return an answer as the enhanced part; the child is not trusted with the text.

    Raises `AlignmentError`, `KeyError`, `TypeError`, `ValueError`.
    """
    return EnhancedPart(
        index=part.index,
        status="implausible" if answer.get("status") == "implausible" else "enhanced",
        words=terms.fit(part, answer["words"]),
        tokens=int(answer["tokens"]),
        passes=int(answer["passes"]),
        decode_s=float(answer["decode_s"]),
        ties=int(answer.get("ties", 0)),
    )
