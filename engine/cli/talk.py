"""One conversation with a model on a terminal: what is said, and what is kept of it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import click

from engine.chat.local import LocalBackend
from engine.chat.records import Conversation, Message, WritingOptions, Written
from engine.cli import writer
from engine.cli.answer import AnswerScreen, ask, interruptible, stats_line
from engine.cli.context import CliContext
from engine.cli.output import say
from engine.errors import EngineError
from engine.records import ModelInfo

_TITLE_CHARACTERS = 60


class Talk:
    """A conversation, the model that answers it, and the screen."""

    def __init__(
        self,
        context: CliContext,
        info: ModelInfo,
        conversation: Conversation,
        options: WritingOptions,
        screen: AnswerScreen,
        *,
        stats: bool,
    ) -> None:
        self.context = context
        self.info = info
        self.conversation = conversation
        self.options = options
        self.screen = screen
        self.shows_stats = stats
        self.last: Written | None = None
        self._stack = ExitStack()
        self._backend: LocalBackend | None = None

    @property
    def backend(self) -> LocalBackend:
        """Return the loaded model; raises `EngineError`."""
        if self._backend is None:
            self._backend = self._stack.enter_context(writer.opened(self.context, self.info))
        return self._backend

    @property
    def system(self) -> str:
        """Return the instructions, "" for none."""
        messages = self.conversation.messages
        return messages[0].content if messages and messages[0].role == "system" else ""

    @system.setter
    def system(self, text: str) -> None:
        messages = [m for m in self.conversation.messages if m.role != "system"]
        self.conversation.messages = [Message("system", text), *messages] if text else messages

    def change_model(self, info: ModelInfo) -> None:
        """Let another model answer from now on; raises `EngineError`."""
        before, self.info = self.info, info
        self.close()
        try:
            _ = self.backend
        except EngineError:
            self.info = before
            raise

    def begin_again(self) -> None:
        """Begin another conversation with the same instructions; the old one is kept."""
        system = self.system
        self.conversation = Conversation("")
        self.system = system
        self.last = None

    def attach(self, message: Message) -> bool:
        """Add something that the user shows; return whether it was not there yet."""
        known = {m.reference for m in self.conversation.messages if m.reference}
        if message.reference in known:
            return False
        self.conversation.messages.append(message)
        return True

    def say(self, text: str) -> None:
        """Let the model answer a message, and keep both; raises `EngineError`."""
        backend = self.backend
        messages = [*self.conversation.messages, Message("user", text)]
        with interruptible() as interrupt:
            answer, written = ask(backend, messages, self.options, self.screen, cancelled=interrupt)
        self.last = written
        said = Message("assistant", answer.answer, thinking=answer.thinking)
        self.conversation.messages = [*messages, said]
        if not self.conversation.title:
            self.conversation.title = _title(text)
        if written.finish == "cancelled":
            say("(You ended the answer; what stands here is kept.)")
        if written.finish == "length":
            say("(The answer was cut off at --max-tokens.)")
        if self.shows_stats:
            click.echo(stats_line(written, backend.facts), err=True)
        self.keep()

    def keep(self) -> None:
        """Keep the conversation on disk, where there is a place for it."""
        kept = self.context.conversations
        if kept is not None and any(m.role == "user" for m in self.conversation.messages):
            note = kept.save(self.conversation, model=self.info.name)
            if note:
                say(note)

    def set_thinking(self, thinking: str) -> None:
        """Let the model think or not."""
        self.options = replace(self.options, think=thinking != "off")

    def close(self) -> None:
        """End the model's child."""
        self._backend = None
        self._stack.close()


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TITLE_CHARACTERS else line[: _TITLE_CHARACTERS - 1] + "…"
