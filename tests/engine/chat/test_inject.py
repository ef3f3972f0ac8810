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


def test_calls_and_results_are_text_that_reads_as_the_call() -> None:
    """The model sees its own call in the form that it is asked to write."""
    _, _, called, result, _ = shown(TALK, [READ], BARE)
    assert called.calls == ()
    found = split(called.content, BARE, calls=True)
    assert found.answer == "I look."
    assert parse(found.calls[0].text, lambda: "c1").calls == (CALL,)
    assert (result.role, result.content.splitlines()[0]) == ("user", "Result of read:")


def test_without_tools_there_are_no_rules() -> None:
    """Calls of earlier rounds stay text."""
    messages = shown(TALK, [], BARE)
    assert messages[0] == TALK[0]
    assert messages[2].calls == ()


def test_a_template_that_knows_tools_gets_everything_as_it_is() -> None:
    """It writes calls in the form that its model learned."""
    assert shown(TALK, [READ], FACTS) == TALK
