"""An answer on the screen while it is written: thoughts dim or not at all, never raw."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click

from engine.chat.records import Backend, BackendFacts, Message, WritingOptions, Written
from engine.chat.stream import Split, StreamProcessor
from engine.terminal import safe, safe_block


class AnswerScreen:
    """Prints the pieces of answers, words as they come; thoughts go to standard error."""

    def __init__(self, *, thinking: str, quiet: bool = False) -> None:
        self._shows_thoughts = thinking == "dim"
        self._quiet = quiet
        self._open: str = ""  # the kind of piece whose line is not ended

    def show(self, kind: str, text: str) -> None:
        """Print a piece of an answer or of a thought, as `stream.Piece` has them."""
        if self._quiet:
            return
        if kind == "thinking" and self._shows_thoughts:
            self._begin("thinking")
            click.secho(_printable(text), dim=True, nl=False, err=True)
        elif kind == "answer":
            self._begin("answer")
            click.echo(_printable(text), nl=False)
        elif kind == "was_thinking" and self._open == "answer":
            self.remark("(What stands above was thinking.)")

    def remark(self, text: str) -> None:
        """Print a line that is no part of the answer."""
        self.end()
        if not self._quiet:
            click.secho(safe(text), dim=True, err=True)

    def end(self) -> None:
        """End the line."""
        if self._open:
            click.echo(err=self._open == "thinking")
        self._open = ""

    def _begin(self, kind: str) -> None:
        if self._open and self._open != kind:
            self.end()
        self._open = kind


def _printable(text: str) -> str:
    return safe_block(text.expandtabs(4))


def ask(
    backend: Backend,
    messages: list[Message],
    options: WritingOptions,
    screen: AnswerScreen,
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Split, Written]:
    """Let a model answer once, on the screen; raises what the backend raises."""
    stream = StreamProcessor(backend.facts)

    def hear(text: str) -> None:
        for piece in stream.feed(text):
            screen.show(piece.kind, piece.text)

    try:
        written = backend.write(messages, options=options, on_text=hear, cancelled=cancelled)
        for piece in stream.finish():
            screen.show(piece.kind, piece.text)
    finally:
        screen.end()
    return stream.split, written


class Interrupt:
    """Whether Ctrl-C came while an answer was written; a second one ends the command."""

    def __init__(self) -> None:
        self.came = False

    def __call__(self) -> bool:
        """Return whether the answer is to end."""
        return self.came

    def _handle(self, _: int, __: FrameType | None) -> None:
        if self.came:
            raise click.Abort
        self.came = True


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Let the first Ctrl-C end the answer that is being written, and not the command."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = signal.signal(signal.SIGINT, interrupt._handle)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)


def figures(written: Written) -> dict[str, Any]:
    """Return what an answer cost, for programs."""
    return {
        "prompt_tokens": written.prompt_tokens,
        "cached_tokens": written.cached_tokens,
        "tokens": written.tokens,
        "read_s": round(written.read_s, 3),
        "write_s": round(written.write_s, 3),
        "tokens_per_s": round(written.tokens / written.write_s, 1) if written.write_s else None,
        "memory_bytes": written.memory_bytes,
        "finish": written.finish,
    }


def stats_line(written: Written, facts: BackendFacts) -> str:
    """Return what an answer cost, in words."""
    speed = f" ({written.tokens / written.write_s:.1f} tokens/s)" if written.write_s else ""
    memory = written.memory_bytes
    parts = (
        f"{written.tokens} tokens in {written.write_s:.1f} s{speed}",
        f"read {written.prompt_tokens - written.cached_tokens} of {written.prompt_tokens} tokens "
        f"in {written.read_s:.1f} s",
        f"{memory / 1e6:.0f} MB at most" if memory else "",
        safe(facts.name),
    )
    return ", ".join(filter(None, parts))
