"""One conversation with a model on a terminal: what is said, and what is kept of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import click

from engine.chat.context import Excerpt
from engine.chat.conversation import ConversationManager
from engine.chat.execute import Executor, Outcome
from engine.chat.records import Conversation, Message, Tool, ToolCall, WritingOptions, Written
from engine.chat.turn import Answer, CallBegan, CallEnded, Event, LeftOut, Orchestrator, Text
from engine.cli.answer import AnswerScreen, interruptible, stats_line
from engine.cli.context import CliContext
from engine.cli.output import say
from engine.cli.writer import Writer
from engine.records import ModelInfo

_TITLE_CHARACTERS: Final = 60
_ARGUMENTS_CHARACTERS: Final = 200  # of a call, as it is shown


class Talk:
    """A conversation, the model that answers it, its tools, and the screen."""

    def __init__(
        self,
        context: CliContext,
        model: Writer,
        conversation: Conversation,
        options: WritingOptions,
        screen: AnswerScreen,
        *,
        uses_tools: bool | None = None,
        stats: bool = False,
    ) -> None:
        """Begin or continue a conversation; `uses_tools` None: if the model's template has them."""
        self.context = context
        self.model = model
        self.options = options
        self.screen = screen
        self.shows_stats = stats
        self.last: Written | None = None  # what the last answer cost
        self._uses_tools = uses_tools
        self._waiting: list[Excerpt] = []  # attached with the next message
        self._store = _Store(context)
        self._store.conversation = conversation
        self._begin()

    @property
    def conversation(self) -> Conversation:
        """Return the conversation as it is kept."""
        return self._store.conversation

    @property
    def messages(self) -> tuple[Message, ...]:
        """Return what was said so far."""
        return self._manager.messages(self._store.key)

    @property
    def system(self) -> str:
        """Return the instructions, "" for none."""
        messages = self.messages
        return messages[0].content if messages and messages[0].role == "system" else ""

    @system.setter
    def system(self, text: str) -> None:
        self._manager.set_system(self._store.key, text)

    def change_model(self, info: ModelInfo) -> None:
        """Let another model answer from now on; raises `EngineError` and keeps the one before."""
        self.model.change(info)
        self._begin()

    def begin_again(self) -> None:
        """Begin another conversation with the same instructions; the old one stays kept."""
        system = self.system
        self._store.conversation = Conversation("")
        self.last = None
        self._waiting.clear()
        self._begin()
        if system:
            self.system = system

    def attach(self, excerpt: Excerpt) -> None:
        """Show the model an excerpt, together with the next message."""
        self._waiting.append(excerpt)

    def say(self, text: str) -> None:
        """Let the model answer a message, and keep both; raises `EngineError`.

        An answer that Ctrl-C ends is not kept, nor is its message.
        """
        answer: list[Answer] = []

        def hear(event: Event) -> None:
            if isinstance(event, Answer):
                answer.append(event)
            else:
                self._show(event)

        self._store.model = self.model.info.name
        with self.model.turn(), interruptible() as interrupt:
            try:
                self._orchestrator.stream(
                    self._store.key,
                    text,
                    options=self.options,
                    on_event=hear,
                    excerpts=tuple(self._waiting),
                    cancelled=interrupt,
                )
            finally:
                self.screen.end()
            self._end(answer[-1])

    def used_tokens(self) -> int:
        """Return the tokens that the conversation takes; raises `EngineError`."""
        with self.model.turn() as backend:
            return backend.count(self.messages, self._tools)

    def _begin(self) -> None:
        uses = self.model.backend.facts.tools if self._uses_tools is None else self._uses_tools
        self._tools: Sequence[Tool] = self.context.tools() if uses else ()
        self._manager = ConversationManager(self._store)
        self._orchestrator = Orchestrator(
            self.model.backend,
            self._manager,
            Executor(self._tools, ask=self._agrees),
            sha256_of=self.context.sha256_of,
        )

    def _show(self, event: Text | LeftOut | CallBegan | CallEnded) -> None:
        if isinstance(event, Text):
            self.screen.show(event.kind, event.text)
            return
        self.screen.end()
        if isinstance(event, LeftOut):
            turns = "turn is" if event.turns == 1 else "turns are"
            say(f"(The {event.turns} oldest {turns} left out: the model's context is full.)")
        elif isinstance(event, CallBegan):
            self.screen.remark(f"{event.call.name} {_arguments(event.call)}")
        elif event.outcome.fault is not None:
            self.screen.remark(f"{event.outcome.call.name}: {_said(event.outcome)}")

    def _end(self, answer: Answer) -> None:
        self.last = _total(answer.written)
        if answer.finish == "cancelled":
            say("(You ended the answer. It is not kept, nor is your message.)")
        else:
            self._waiting.clear()
        for problem in answer.problems:
            say(f"({problem.message})")
        if self._store.note:
            say(self._store.note)
            self._store.note = ""
        if self.shows_stats and self.last is not None:
            click.echo(stats_line(self.last, self.model.backend.facts), err=True)

    def _agrees(self, tool: Tool, arguments: Mapping[str, Any]) -> bool:
        self.screen.end()
        try:
            return click.confirm(f"May the model run {tool.name}?", default=False, err=True)
        except click.Abort:
            return False


class _Store:
    """Keeps the one conversation of a talk where the context keeps conversations."""

    def __init__(self, context: CliContext) -> None:
        self.conversation = Conversation("")
        self.key = "talk"  # of the manager: the id comes with the first save
        self.model = ""
        self.note = ""  # what the user should know about the last save
        self._context = context

    def load(self, conversation_id: str) -> Conversation:
        """Return the conversation."""
        return self.conversation

    def append(self, conversation_id: str, messages: Sequence[Message]) -> None:
        """Keep the messages of a finished turn, all of them or none."""
        self.replace(replace(self.conversation, messages=[*self.conversation.messages, *messages]))

    def replace(self, conversation: Conversation) -> None:
        """Keep a conversation; one of which nothing was said yet is kept with its first turn."""
        asked = (m.content for m in conversation.messages if m.role == "user" and not m.reference)
        first = next(asked, None)
        conversation.id = self.conversation.id
        conversation.title = conversation.title or _title(first or "")
        kept = self._context.conversations
        if kept is not None and first is not None:
            self.note = kept.save(conversation, model=self.model or "") or self.note
        self.conversation = conversation


def _title(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _TITLE_CHARACTERS else line[: _TITLE_CHARACTERS - 1] + "…"


def _arguments(call: ToolCall) -> str:
    text = json.dumps(dict(call.arguments), ensure_ascii=False)
    return text if len(text) <= _ARGUMENTS_CHARACTERS else text[:_ARGUMENTS_CHARACTERS] + "…"


def _said(outcome: Outcome) -> str:
    said = json.loads(outcome.content)
    return str(said.get("message", outcome.fault)) if isinstance(said, dict) else str(said)


def _total(written: Sequence[Written]) -> Written | None:
    """Return what the rounds of a turn cost together."""
    if not written:
        return None
    return replace(
        written[-1],
        prompt_tokens=sum(each.prompt_tokens for each in written),
        cached_tokens=sum(each.cached_tokens for each in written),
        tokens=sum(each.tokens for each in written),
        read_s=sum(each.read_s for each in written),
        write_s=sum(each.write_s for each in written),
    )
