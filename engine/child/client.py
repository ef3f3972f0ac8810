"""What is asked of the model child: load a model, enhance a part, answer. Never imports MLX."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from engine.child import protocol
from engine.child.process import ChildProcess, Listener, Message
from engine.errors import (
    AlignmentError,
    CannotSpell,
    ChatError,
    ChildFailed,
    ChildRepeats,
    ChildStrained,
    EngineError,
    GpuTimeout,
    ModelNotFound,
    ModelRefused,
    NoMemory,
    PartError,
    PromptTooLong,
    ToolRefused,
)
from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part
from engine.text import checkpoint, terms

SILENCE_S: Final = 120.0
# Decisions that a part may take: far more than any tokenizer needs, but finite.
_TOKENS_A_BYTE: Final = 4
_TOKENS_A_WORD: Final = 16
_TOKENS_AT_LEAST: Final = 64
_NAMED_ERRORS: Final = {
    error.__name__: error
    for error in (
        AlignmentError, CannotSpell, ChatError, GpuTimeout, ModelNotFound, ModelRefused, NoMemory,
        PromptTooLong, ToolRefused,
    )
}  # fmt: skip
# What a child reads in one pass. One that follows a child that asked too much of the machine reads
# a quarter of it.
_PREFILL_TOKENS: Final = (512, 128, 32)
# Pieces of an answer beside its tokens: the mark of what it thinks, the end of its last letter.
_MORE_PIECES: Final = 4


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
        self._answers = 0  # asked for; the number by which one is cancelled

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

    def facts(self) -> Message:
        """Return what the model can do in a conversation; raises `ModelError`, `ChildError`."""
        self.start()
        return self._ask({"op": "facts"})

    def count(
        self, messages: Sequence[Mapping[str, Any]], *, tools: Sequence[Mapping[str, Any]] = ()
    ) -> int:
        """Return the tokens of a conversation; raises `ModelError`, `ChildError`."""
        self.start()
        answer = self._ask({"op": "count", "messages": list(messages), "tools": list(tools)})
        return int(answer["tokens"])

    def write(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        options: Mapping[str, Any],
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool] = lambda: False,
        quotable: Mapping[str, Any] | None = None,
    ) -> Message:
        """Let the model answer a conversation and return what that took.

        A message has `role` and `content`, one of an assistant also `calls` (`name`, `arguments`);
        a tool has `name`, `description` and `parameters`; `options` are those of
        `engine.guided.generate`. `cancelled` is asked at every piece; where it returns true, the
        child stops and lives. With `quotable` (that of `engine.guided.generate`) the answer is made
        of quotations and a sentence after each. Raises `ModelError`, `ChildError`, `ChatError`.
        """
        self.start()
        self._answers += 1
        hearing = _Hearing(
            int(options["max_tokens"]) + _MORE_PIECES,
            on_text,
            cancelled,
            partial(self._process.tell, {"op": "cancel", "number": self._answers}),
        )
        answer = self._ask(
            {
                "op": "write",
                "number": self._answers,
                "messages": list(messages),
                "tools": list(tools),
                "options": dict(options),
                "quotable": None if quotable is None else dict(quotable),
            },
            listener=hearing.hear,
        )
        self.tokens += int(answer.get("tokens", 0))
        return answer

    def close(self) -> None:
        """End the child at once. Its caller keeps every finished part.

        A thread that waits for an answer gets `ChildDied`.
        """
        if self._process.close():
            self.loaded = None
            self._memory_bytes = None

    def _ask(self, request: Mapping[str, Any], *, listener: Listener | None = None) -> Message:
        """Return the answer to a request; raises what the child reports as a failure.

        What a listener raises ends the child: it would go on with an answer that nobody reads.
        """
        try:
            answer = self._process.ask(request, listener=listener)
        except BaseException:  # a listener may raise anything, Ctrl-C comes here, too
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
        if not issubclass(kind, PartError | ChatError):
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


class _Hearing:
    """Passes the pieces of an answer on; raises `ChildRepeats` at too many."""

    def __init__(
        self,
        most: int,
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool],
        cancel: Callable[[], None],
    ) -> None:
        self._left = most
        self._on_text, self._cancelled, self._cancel = on_text, cancelled, cancel
        self._told = False

    def hear(self, message: Message) -> bool:
        """Pass a message on and cancel where that is wanted; every message is progress."""
        if message["event"] == "text":
            self._left -= 1
            if self._left < 0:
                raise ChildRepeats()
            self._on_text(str(message["text"]))
        if not self._told and self._cancelled():
            self._told = True
            self._cancel()
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
        served=checkpoint.served_from_json(answer),
    )
