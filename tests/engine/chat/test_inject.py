"""A model whose template knows no tools is shown them as text, once."""

from __future__ import annotations

import json
from dataclasses import replace

from engine.chat.calls import parse
from engine.chat.inject import shown
from engine.chat.records import Message, ToolCall
from engine.chat.stream import split
from tests.engine.chat.scripted import FACTS, tool

BARE = replace(FACTS, tools=False)
READ = tool("read", id={"type": "string"})
CALL = ToolCall("c1", "read", {"id": "été"})
TALK = [
    Message("system", "Be brief. # Tools <tools> TOOL FORMAT:"),
    Message("user", "Read it."),
    Message("assistant", "I look.", calls=(CALL,)),
    Message("tool", '"<tool_call>text</tool_call>"', call_id="c1", name="read"),
    Message("assistant", "It is short."),
]


def test_tools_stand_once_in_the_system_message() -> None:
    """Whatever the user's own system message says; the history is not changed."""
    before = list(TALK)
    messages = shown(TALK, [READ], BARE)
    assert messages[0].content.startswith(TALK[0].content)
    assert messages[0].content.count("You may call these tools:") == 1
    assert json.dumps(READ.schema()["function"]) in messages[0].content
    assert before == TALK
    assert shown(TALK[1:], [READ], BARE)[0].role == "system"


def test_the_form_that_is_asked_for_is_read_as_a_call() -> None:
    """The rules and the parser agree."""
    rules = shown([], [READ], BARE)[0].content
    (asked,) = split(rules, BARE, calls=True).calls
    (call,) = parse(asked.text.replace("{...}", '{"id": "a"}'), lambda: "c1").calls
    assert (call.name, call.arguments) == ("NAME", {"id": "a"})


def test_calls_and_results_stay_what_they_are() -> None:
    """The backend writes them, also for a template that knows none."""
    assert shown(TALK, [READ], BARE)[1:] == TALK[1:]


def test_without_tools_there_are_no_rules() -> None:
    """In the last round of a turn, for instance."""
    assert shown(TALK, [], BARE) == TALK


def test_a_template_that_knows_tools_gets_everything_as_it_is() -> None:
    """It writes calls in the form that its model learned."""
    assert shown(TALK, [READ], FACTS) == TALK
