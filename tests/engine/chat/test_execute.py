"""Tools run with checked arguments, and whatever happens is a result."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from engine.chat.execute import Executor, Outcome
from engine.chat.records import Tool, ToolCall
from engine.errors import ModelNotFound
from tests.engine.chat.scripted import tool

NUMBER = {"type": "number"}
ECHO = tool("echo", lambda given: {"got": given}, a=NUMBER)


def run(*tools: Tool, name: str = "echo", given: dict[str, Any] | None = None) -> Outcome:
    """Return the outcome of one call."""
    return Executor(tools).run(ToolCall("c1", name, {"a": 1} if given is None else given))


def fault(outcome: Outcome) -> tuple[str, str]:
    """Return the fault and the message that the model reads."""
    content = json.loads(outcome.content)
    assert content["error"] == outcome.fault
    return content["error"], content["message"]


def test_a_result_is_the_value_as_json() -> None:
    """Arguments that spell the wanted type arrive as that type; letters stay letters."""
    outcome = run(ECHO, given={"a": "12"})
    assert json.loads(outcome.content) == {"got": {"a": 12}}
    assert (outcome.message.role, outcome.message.call_id) == ("tool", "c1")
    assert "é" in run(tool("echo", lambda given: "é"), given={}).content


def test_a_call_that_cannot_run_says_why() -> None:
    """An unknown tool, a missing argument, a wrong one: no tool runs."""
    ran: list[Any] = []
    watched = tool("echo", ran.append, a=NUMBER)
    assert fault(run(watched, name="ecko")) == (
        "unknown_tool",
        "There is no tool 'ecko'; there are: echo.",
    )
    assert fault(run(watched, given={})) == ("invalid_arguments", "`a` is missing.")
    assert fault(run(watched, given={"a": "x"}))[0] == "invalid_arguments"
    assert ran == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no such talk"), "no such talk"),
        (ModelNotFound("gone", hint="Get it."), "gone Get it."),
        (KeyError(), "KeyError"),
        (SystemExit("done"), "done"),
    ],
)
def test_what_a_tool_raises_is_a_result(error: BaseException, said: str) -> None:
    """With its hint, where it has one."""

    def broken(_given: Any) -> Any:
        raise error

    assert fault(run(tool("echo", broken), given={})) == ("failed", said)


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), object()])
def test_a_value_that_is_no_json_is_a_failure(value: Any) -> None:
    """The conversation holds JSON alone."""
    assert fault(run(tool("echo", lambda given: value), given={}))[0] == "failed"


def test_a_long_result_is_cut_and_says_so() -> None:
    """What is left is JSON too, and says how much there was."""
    executor = Executor([tool("long", lambda given: "x" * 500)], most_characters=100)
    outcome = executor.run(ToolCall("c1", "long", {}))
    content = json.loads(outcome.content)
    assert outcome.cut
    assert content["beginning"] == '"' + "x" * 99
    assert "100 of 502 characters" in content["cut"]


def test_a_tool_that_takes_too_long_is_left_behind() -> None:
    """Its next call does not start a second one before it has ended."""
    free = threading.Event()
    executor = Executor([tool("slow", lambda given: free.wait(60))], timeout_s=0.01)
    call = ToolCall("c1", "slow", {})
    assert fault(executor.run(call))[0] == "timed_out"
    assert fault(executor.run(call))[0] == "busy"
    free.set()


def test_a_cancelled_turn_does_not_wait_for_its_tool() -> None:
    """The user gets the terminal back at once."""
    free = threading.Event()
    executor = Executor([tool("slow", lambda given: free.wait(60))])
    outcome = executor.run(ToolCall("c1", "slow", {}), cancelled=lambda: True)
    assert fault(outcome)[0] == "cancelled"
    free.set()


def test_a_tool_that_asks_first_runs_when_the_user_agrees() -> None:
    """The user sees the arguments as they will be used; with nobody to ask, it is refused."""
    asked: list[Any] = []

    def agree(each: Tool, given: Any) -> bool:
        asked.append((each.name, given))
        return len(asked) == 1

    careful = tool("echo", lambda given: "ran", asks_first=True, a=NUMBER)
    executor = Executor([careful], ask=agree)
    call = ToolCall("c1", "echo", {"a": "1"})
    assert executor.run(call).content == '"ran"'
    assert fault(executor.run(call))[0] == "refused"
    assert asked == [("echo", {"a": 1})] * 2
    assert fault(Executor([careful]).run(call))[0] == "refused"


def test_two_tools_of_one_name_are_refused() -> None:
    """And a schema that cannot be checked, before anything is asked."""
    with pytest.raises(ValueError, match="one name"):
        Executor([ECHO, ECHO])
    with pytest.raises(ValueError, match="not checked"):
        Executor([tool("f", a={"anyOf": []})])
