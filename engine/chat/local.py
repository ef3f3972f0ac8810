"""Stand-in until the real adapter is merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.chat.records import BackendFacts, Message, Tool, WritingOptions, Written
from engine.child.client import ModelClient


class LocalBackend:
    """A model child as a backend."""

    def __init__(self, client: ModelClient) -> None:
        self.client = client

    @property
    def facts(self) -> BackendFacts:
        """Return what the model can do."""
        return BackendFacts(self.client.info.name, 2048)

    def count(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Return a guess."""
        return sum(len(message.content) for message in messages) // 3

    def write(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        options: WritingOptions,
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Written:
        """Write an answer."""
        pieces: list[str] = []

        def hear(text: str) -> None:
            pieces.append(text)
            on_text(text)

        self.client.write(
            [{"role": m.role, "content": m.content} for m in messages],
            max_tokens=options.max_tokens,
            on_text=hear,
        )
        return Written("".join(pieces), memory_bytes=self.client.memory_bytes())
