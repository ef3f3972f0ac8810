"""A conversation's backend in the product: the model child."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

from engine.chat.records import BackendFacts, Message, Tool, WritingOptions, Written
from engine.child.client import ModelClient


class LocalBackend:
    """Writes answers with a model child. Its caller closes the client."""

    def __init__(self, client: ModelClient) -> None:
        self._client = client

    @cached_property
    def facts(self) -> BackendFacts:
        """Return what the model can do; starts the child. Raises `ModelError`, `ChildError`."""
        said = self._client.facts()
        thinking = said["thinking"]
        opened, closed = said["call_marks"]
        return BackendFacts(
            name=self._client.info.name,
            context=int(said["context"]),
            thinking=(str(thinking[0]), str(thinking[1])) if thinking else None,
            begins_thinking=False,  # the child writes the first mark where the prompt has it
            tools=bool(said["tools"]),
            call_marks=(str(opened), str(closed)),
        )

    def count(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Return the tokens of a conversation; raises `ModelError`, `ChildError`."""
        return self._client.count(_messages(messages), tools=_tools(tools))

    def write(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        options: WritingOptions,
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Written:
        """Write an answer; raises `ModelError`, `ChildError`, `ChatError`.

        A cancelled answer leaves the child as it is, ready for the next.
        """
        pieces: list[str] = []

        def hear(piece: str) -> None:
            pieces.append(piece)
            on_text(piece)

        said = self._client.write(
            _messages(messages),
            tools=_tools(tools),
            options=asdict(options),
            on_text=hear,
            cancelled=cancelled,
        )
        return Written(
            text="".join(pieces),
            prompt_tokens=int(said["prompt_tokens"]),
            cached_tokens=int(said["cached_tokens"]),
            tokens=int(said["tokens"]),
            read_s=float(said["read_s"]),
            write_s=float(said["write_s"]),
            memory_bytes=int(said["memory_bytes"]),
            finish=said["finish"],
        )


def _messages(messages: Sequence[Message]) -> list[Mapping[str, Any]]:
    """Return messages as the child gets them: what was thought is not shown again."""
    return [
        {
            "role": message.role,
            "content": message.content,
            "calls": [
                {"name": call.name, "arguments": dict(call.arguments)} for call in message.calls
            ],
        }
        for message in messages
    ]


def _tools(tools: Sequence[Tool]) -> list[Mapping[str, Any]]:
    return [dict(tool.schema()["function"]) for tool in tools]
