"""What a conversation is made of: messages, tools, calls, answers, and who writes them.

Nothing here knows which model writes or where conversations are kept. A *backend* writes: the model
child in the product (`local.py`), a script in tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
#: A JSON value: what arguments of calls and results of tools are made of.
Json: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that a model wrote."""

    id: str  # ours and unique; models repeat theirs
    name: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation; its content is data and never a control token."""

    role: Role
    content: str
    calls: tuple[ToolCall, ...] = ()  # of an assistant
    call_id: str = ""  # of a tool's result: the call that it answers
    name: str = ""  # of a tool's result: the tool
    thinking: str = ""  # what an assistant thought before it answered; not shown to it again
    pinned: bool = False  # stays when old turns are left out
    reference: str = ""  # key of what was attached, so that it is attached once


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that a model may call: a name, what it does, a JSON schema, a callable.

    `run` gets arguments that were checked against `parameters`, and returns a JSON value. What it
    raises becomes an error result.
    """

    name: str
    description: str
    parameters: Mapping[str, Json]  # JSON schema of an object
    run: Callable[[Mapping[str, Json]], Json]
    asks_first: bool = False  # the user must agree to every call

    def schema(self) -> dict[str, Json]:
        """Return the tool as chat templates take it."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.description,
                "parameters": dict(self.parameters),
            },
        }


@dataclass(frozen=True, slots=True)
class WritingOptions:
    """How an answer is written."""

    max_tokens: int = 1_000
    temperature: float = 0.0  # 0: always the likeliest token
    top_p: float = 1.0
    seed: int | None = None
    think: bool = False  # where the model can
    force_tool: bool = False  # the answer begins with a call of one of the tools
    schema: Mapping[str, Json] | None = None  # JSON schema of the answer; None: it is free


@dataclass(frozen=True, slots=True)
class Written:
    """An answer as the backend wrote it."""

    text: str  # everything, thinking and calls included
    prompt_tokens: int = 0
    cached_tokens: int = 0  # of the prompt, read in an earlier turn
    tokens: int = 0  # written
    read_s: float = 0.0
    write_s: float = 0.0
    memory_bytes: int | None = None  # peak of the child
    finish: Literal["stop", "length", "cancelled"] = "stop"


@dataclass(frozen=True, slots=True)
class BackendFacts:
    """What a backend's model can do."""

    name: str
    context: int  # tokens, prompt and answer together
    thinking: tuple[str, str] | None = None  # marks around what it thinks
    begins_thinking: bool = False  # the rendered prompt ends inside these marks
    tools: bool = False  # its own template shows tools
    call_marks: tuple[str, str] = ("<tool_call>", "</tool_call>")


class Backend(Protocol):
    """Writes answers to conversations."""

    @property
    def facts(self) -> BackendFacts:
        """Return what the model can do."""

    def count(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Return the tokens of a conversation, by the model's own tokenizer and template."""

    def write(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        options: WritingOptions,
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Written:
        """Write an answer; `on_text` gets its pieces, thinking and calls included, as they come.

        With tools, what stands between `call_marks` is a call whose arguments fit the schema of its
        tool. Raises what the backend's room raises.
        """


@dataclass(slots=True)
class Conversation:
    """Messages in order, the system message first if there is one."""

    id: str
    messages: list[Message] = field(default_factory=list)
    title: str = ""
