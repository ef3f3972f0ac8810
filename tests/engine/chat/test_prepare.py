"""What of a conversation fits: whole turns, calls with their results, what is pinned."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.conversation import torn
from engine.chat.prepare import Prepared, Preparer, prompt_limit
from engine.chat.records import Message, ToolCall, WritingOptions
from engine.errors import PromptTooLong
from tests.engine.chat.scripted import FACTS, ScriptedBackend, tool

SYSTEM = Message("system", "Be brief.")
SHORT = WritingOptions(max_tokens=100)


def question(n: int, words: int = 10) -> Message:
    """Return a question that begins with its number."""
    return Message("user", f"q{n} " + "word " * (words - 1))


def turn(n: int, *, calls: int = 0, words: int = 10, pinned: bool = False) -> list[Message]:
    """Return a turn with this many rounds of calls; its question may be pinned."""
    messages = [replace(question(n, words), pinned=pinned)]
    for k in range(calls):
        call = ToolCall(f"c{n}.{k}", "read", {"n": n})
        messages.append(Message("assistant", "I look.", calls=(call,)))
        messages.append(Message("tool", "found " * words, call_id=call.id, name="read"))
    return [*messages, Message("assistant", f"a{n} " + "word " * (words - 1))]


def prepare(messages: list[Message], context: int, options: WritingOptions = SHORT) -> Prepared:
    """Return what is shown in a context of this many tokens."""
    backend = ScriptedBackend(facts=replace(FACTS, context=context))
    return Preparer(backend).prepare(messages, (), options)


def begins(prepared: Prepared) -> list[str]:
    """Return the first words of what is shown."""
    return [message.content.split()[0] for message in prepared.messages]


def test_a_conversation_that_fits_is_shown_whole() -> None:
    """Nothing is left out, and the tokens are those that the backend counts."""
    messages = [SYSTEM, *turn(1), question(2)]
    prepared = prepare(messages, 1_000)
    assert prepared.messages == tuple(messages)
    assert (prepared.left_out, prepared.limit) == (0, 900)
    assert prepared.tokens == ScriptedBackend().count(messages)


def test_old_turns_are_left_out_whole_and_counted() -> None:
    """The system message and the newest question stay, in order."""
    messages = [SYSTEM, *turn(1), *turn(2), *turn(3), question(4)]
    prepared = prepare(messages, 110)
    assert begins(prepared) == ["Be", "q3", "a3", "q4"]
    assert prepared.left_out == 2


def test_what_is_pinned_stays_and_joins_the_next_question() -> None:
    """Templates take no two messages of the user in a row."""
    messages = [*turn(1, pinned=True), *turn(2, words=200), question(3)]
    prepared = prepare(messages, 200)
    assert [message.role for message in prepared.messages] == ["user"]
    assert prepared.messages[0].content.split()[0] == "q1"
    assert "q3" in prepared.messages[0].content
    assert prepared.left_out == 2


def test_of_one_long_turn_the_oldest_calls_go_with_their_results() -> None:
    """The question and the newest results stay."""
    messages = turn(1, calls=4, words=30)[:-1]
    prepared = prepare(messages, 250)
    assert [m.role for m in prepared.messages] == ["user", "assistant", "tool", "assistant", "tool"]
    assert prepared.messages[-1].call_id == "c1.3"
    assert torn(prepared.messages) == ""
    assert prepared.left_out == 1


def test_a_message_that_fits_nowhere_is_refused_with_figures() -> None:
    """It says how much there is and how much fits."""
    with pytest.raises(PromptTooLong, match="have 507 tokens; 100 fit"):
        prepare([question(1, 500)], 200)


def test_the_reserve_is_for_the_answer_and_at_most_half() -> None:
    """One limit, whoever asks."""
    assert prompt_limit(FACTS, WritingOptions(max_tokens=300)) == 1_700
    assert prompt_limit(FACTS, WritingOptions(max_tokens=3_000)) == 1_000


def test_tools_count() -> None:
    """What describes them is part of the prompt."""
    backend = ScriptedBackend(facts=replace(FACTS, context=200))
    messages = [*turn(1, words=30), question(2)]
    few = Preparer(backend).prepare(messages, (), SHORT)
    many = Preparer(backend).prepare(messages, [tool(f"t{n}") for n in range(8)], SHORT)
    assert (few.left_out, many.left_out) == (0, 1)


def test_a_late_system_message_is_shown_in_its_place_as_one_of_the_user() -> None:
    """Templates know one, at the beginning."""
    messages = [SYSTEM, *turn(1), Message("system", "Now in French."), question(2)]
    prepared = prepare(messages, 1_000)
    assert [message.role for message in prepared.messages] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert prepared.messages[3].content.startswith("Now in French.\n\nq2")


def test_a_long_conversation_is_not_counted_again_and_again() -> None:
    """Every message once, and what is shown once a turn: no more."""
    backend = ScriptedBackend(facts=replace(FACTS, context=400))
    preparer = Preparer(backend)
    messages = [SYSTEM]
    for n in range(200):
        messages += turn(n)
        preparer.prepare([*messages, question(n)], (), SHORT)
    # 20 words a turn once, 11 for its next question, and 300 tokens shown at most three times
    assert backend.counted < 200 * (20 + 11 + 3 * 300)


turns = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 40), st.booleans()), min_size=1, max_size=8
)


@given(turns, st.integers(60, 900), st.booleans(), st.booleans())
def test_whatever_is_left_out_nothing_is_torn(
    shapes: list[tuple[int, int, bool]], context: int, system: bool, tools_known: bool
) -> None:
    """It fits, keeps the order, the system message, what is pinned and the newest message."""
    messages = [SYSTEM] if system else []
    for n, (calls, words, pinned) in enumerate(shapes):
        messages += turn(n, calls=calls, words=words, pinned=pinned)
    messages.append(question(99))
    backend = ScriptedBackend(facts=replace(FACTS, context=context, tools=tools_known))
    try:
        prepared = Preparer(backend).prepare(messages, (), SHORT)
    except PromptTooLong:
        return
    assert prepared.tokens == backend.count(prepared.messages) <= prepared.limit
    assert torn(prepared.messages) == ""
    text = "\n".join(message.content for message in prepared.messages)
    wanted = [m.content for m in messages if m.pinned or m.role == "system" or m is messages[-1]]
    places = [text.find(content) for content in wanted]
    assert -1 not in places
    assert places == sorted(places)
    roles = [message.role for message in prepared.messages]
    assert all(pair != ("user", "user") for pair in pairwise(roles))
    assert "system" not in roles[1:]
