"""A backend that answers by a script, and what tests need around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from engine.chat.records import BackendFacts, Message, Tool, WritingOptions, Written

FACTS = BackendFacts("script", context=2_000, thinking=("<think>", "</think>"), tools=True)


class ScriptedBackend:
    """Writes these answers, one after the other, and keeps what it was asked.

    An answer may be a callable that returns the text, so that a test can act while it is written.
    """

    def __init__(
        self,
        *answers: str | Callable[[], str] | Exception | Written,
        facts: BackendFacts = FACTS,
        piece: int = 3,
    ) -> None:
        self.answers = list(answers)
        self._facts = facts
        self.piece = piece  # characters that come at once
        self.asked: list[tuple[Message, ...]] = []
        self.offered: list[tuple[str, ...]] = []
        self.counted = 0  # words

    @property
    def facts(self) -> BackendFacts:
        return self._facts

    def count(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Count a word as a token, and four for every message and tool."""
        texts = [message.content for message in messages]
        texts += [json.dumps(call.arguments) for message in messages for call in message.calls]
        words = sum(len(text.split()) for text in texts)
        self.counted += words
        return 3 + words + 4 * len(messages) + 4 * len(tools)

    def write(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        options: WritingOptions,
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Written:
        """Write the next answer in small pieces."""
        self.asked.append(tuple(messages))
        self.offered.append(tuple(tool.name for tool in tools))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        done = answer if isinstance(answer, Written) else None
        text = done.text if done else answer() if callable(answer) else str(answer)
        written = ""
        for start in range(0, len(text), self.piece):
            if cancelled():
                return Written(written, finish="cancelled")
            on_text(text[start : start + self.piece])
            written += text[start : start + self.piece]
        return replace(done or Written(text), prompt_tokens=self.count(messages, tools))


def call(name: str, **arguments: Any) -> str:
    """Return a call as a model writes it."""
    body = json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)
    return f"<tool_call>{body}</tool_call>"


def tool(
    name: str, run: Callable[..., Any] = dict, *, asks_first: bool = False, **properties: Any
) -> Tool:
    """Return a tool whose parameters are all required."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return Tool(name, f"The tool {name}.", schema, run, asks_first)
