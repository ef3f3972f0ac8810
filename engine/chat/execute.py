"""A call -> its result: arguments checked, errors as results, output and time bounded.

Whatever happens to a call, its result is a JSON text for the model, never an exception. A result is
data: it enters the conversation as content.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.chat import schema
from engine.chat.records import Message, Tool, ToolCall

MOST_CHARACTERS: Final = 8_000  # of a result
TIMEOUT_S: Final = 30.0
_POLL_S: Final = 0.05  # between two looks at whether the user cancelled

Fault = Literal[
    "unknown_tool",
    "invalid_arguments",
    "malformed_call",
    "refused",
    "busy",
    "failed",
    "timed_out",
    "cancelled",
    "loop",
]
#: Asks the user whether a tool may run with these arguments.
Ask = Callable[[Tool, Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call."""

    call: ToolCall
    content: str  # for the model
    fault: Fault | None = None
    cut: bool = False  # the result was longer than is shown
    duration_s: float = 0.0

    @property
    def message(self) -> Message:
        """Return the result as a message of the conversation."""
        return Message("tool", self.content, call_id=self.call.id, name=self.call.name)


@dataclass(slots=True)
class _Run:
    """A tool that runs in a thread of its own."""

    ended: threading.Event
    value: Any = None
    error: BaseException | None = None


class Executor:
    """Runs the tools of a conversation."""

    def __init__(
        self,
        tools: Sequence[Tool],
        *,
        ask: Ask | None = None,
        timeout_s: float = TIMEOUT_S,
        most_characters: int = MOST_CHARACTERS,
    ) -> None:
        """Take the tools; raises ValueError for two of one name and for a schema not understood.

        Without `ask`, a tool that asks first is always refused.
        """
        self.tools = tuple(tools)
        self._by_name = {tool.name: tool for tool in tools}
        if len(self._by_name) < len(self.tools):
            raise ValueError("two tools have one name")
        for tool in tools:
            schema.check_schema(tool.parameters, tool.name)
        self._ask = ask
        self._timeout_s = timeout_s
        self._most = most_characters
        self._late: dict[str, _Run] = {}  # that went on after their time

    def run(self, call: ToolCall, *, cancelled: Callable[[], bool] = lambda: False) -> Outcome:
        """Return the outcome of a call; raises nothing that a tool raises."""
        tool = self._by_name.get(call.name)
        if tool is None:
            known = ", ".join(sorted(self._by_name)) or "none"
            message = f"There is no tool {call.name!r}; there are: {known}."
            return failed(call, "unknown_tool", message)
        arguments = schema.conformed(dict(call.arguments), tool.parameters)
        if wrong := schema.problems(arguments, tool.parameters):
            return failed(call, "invalid_arguments", " ".join(wrong))
        if tool.asks_first and not (self._ask is not None and self._ask(tool, arguments)):
            return failed(call, "refused", "The user did not agree. Do not try it again.")
        return self._timed(call, tool, arguments, cancelled)

    def _timed(
        self,
        call: ToolCall,
        tool: Tool,
        arguments: Mapping[str, Any],
        cancelled: Callable[[], bool],
    ) -> Outcome:
        if tool.name in self._late and not self._late[tool.name].ended.is_set():
            message = f"An earlier call of {tool.name} still runs. Go on without it."
            return failed(call, "busy", message)
        begin = time.monotonic()
        run = _start(tool, arguments)
        while not run.ended.wait(min(_POLL_S, self._timeout_s)):
            late = time.monotonic() - begin >= self._timeout_s
            if late or cancelled():
                self._late[tool.name] = run
                if not late:
                    return failed(call, "cancelled", "The user stopped it.")
                message = f"{tool.name} took longer than {self._timeout_s:g} s. Ask for less."
                return failed(call, "timed_out", message)
        duration_s = time.monotonic() - begin
        if run.error is not None:
            return failed(call, "failed", _said(run.error), duration_s)
        try:
            text = json.dumps(run.value, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            return failed(call, "failed", f"{tool.name} returned no JSON value.", duration_s)
        content = self._bounded(text)
        return Outcome(call, content, cut=content is not text, duration_s=duration_s)

    def _bounded(self, text: str) -> str:
        if len(text) <= self._most:
            return text
        note = (
            f"This is the beginning of the result: {self._most:,} of {len(text):,} characters. "
            "Ask for less at a time to see the rest."
        )
        return json.dumps({"cut": note, "beginning": text[: self._most]}, ensure_ascii=False)


def failed(call: ToolCall, fault: Fault, message: str, duration_s: float = 0.0) -> Outcome:
    """Return the outcome of a call that gave no result, as an error that a model can read."""
    content = json.dumps({"error": fault, "message": message}, ensure_ascii=False)
    return Outcome(call, content, fault, duration_s=duration_s)


def _start(tool: Tool, arguments: Mapping[str, Any]) -> _Run:
    """Run a tool in a thread: Python ends no function from outside, it can only stop waiting."""
    run = _Run(threading.Event())

    def work() -> None:
        try:
            run.value = tool.run(arguments)
        except BaseException as error:  # whatever a tool raises is a result
            run.error = error
        finally:
            run.ended.set()

    threading.Thread(target=work, name=f"tool-{tool.name}", daemon=True).start()
    return run


def _said(error: BaseException) -> str:
    """Return what an error says, with its hint where it has one."""
    said = str(error) or type(error).__name__
    with contextlib.suppress(Exception):
        if hint := getattr(error, "hint", ""):
            return f"{said} {hint}"
    return said
