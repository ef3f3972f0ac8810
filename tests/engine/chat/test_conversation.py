"""Conversations in memory: whole turns, one at a time, bounded."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.conversation import ConversationManager, torn
from engine.chat.records import Conversation, Message, ToolCall
from engine.errors import ConversationBusy, TornHistory

HELLO = Message("user", "Hello")
CALL = ToolCall("c1", "read", {})
CALLS = Message("assistant", "", calls=(CALL,))
RESULT = Message("tool", "{}", call_id="c1", name="read")


class Shelf:
    """A store in memory that can fail."""

    def __init__(self) -> None:
        self.kept: dict[str, Conversation] = {}
        self.full = False

    def load(self, conversation_id: str) -> Conversation | None:
        return self.kept.get(conversation_id)

    def append(self, conversation_id: str, messages: Sequence[Message]) -> None:
        if self.full:
            raise OSError("the disk is full")
        known = self.kept.setdefault(conversation_id, Conversation(conversation_id))
        known.messages = [*known.messages, *messages]

    def replace(self, conversation: Conversation) -> None:
        if self.full:
            raise OSError("the disk is full")
        self.kept[conversation.id] = conversation


def test_a_turn_is_kept_whole() -> None:
    """A commit keeps it; the turn then goes on with the next one."""
    manager = ConversationManager()
    with manager.turn("a") as turn:
        turn.add(HELLO, CALLS, RESULT, Message("assistant", "Hi"))
        manager.commit(turn)
        assert turn.added == []
        assert len(turn.messages) == 4
    assert [m.role for m in manager.messages("a")] == ["user", "assistant", "tool", "assistant"]


def test_a_turn_without_a_commit_leaves_nothing() -> None:
    """Whether it ended well or not."""
    manager = ConversationManager()
    with manager.turn("a") as turn:
        turn.add(HELLO)
    with contextlib.suppress(KeyboardInterrupt), manager.turn("a") as turn:
        turn.add(HELLO)
        raise KeyboardInterrupt
    assert manager.messages("a") == ()


@pytest.mark.parametrize("added", [[CALLS], [RESULT], [CALLS, HELLO, RESULT], [CALLS, RESULT] * 2])
def test_a_torn_turn_is_refused_unless_it_is_whole(added: list[Message]) -> None:
    """A call without its result, or a result without its call, never enters the history."""
    manager = ConversationManager()
    with manager.turn("a") as turn:
        turn.add(*added)
        if torn(added):
            with pytest.raises(TornHistory):
                manager.commit(turn)
        else:
            manager.commit(turn)
    assert manager.messages("a") == (() if torn(added) else tuple(added))


def test_a_store_that_fails_leaves_memory_as_it_was() -> None:
    """Memory never holds what the store does not."""
    shelf = Shelf()
    manager = ConversationManager(shelf)
    with manager.turn("a") as turn:
        turn.add(HELLO)
        manager.commit(turn)
    shelf.full = True
    with manager.turn("a") as turn:
        turn.add(HELLO)
        with pytest.raises(OSError, match="full"):
            manager.commit(turn)
    with pytest.raises(OSError, match="full"):
        manager.clear("a")
    assert manager.messages("a") == (HELLO,) == tuple(shelf.kept["a"].messages)


def test_two_turns_of_one_conversation_are_refused() -> None:
    """Those of two conversations go on beside each other."""
    manager = ConversationManager()
    with manager.turn("a"), manager.turn("b"):
        with pytest.raises(ConversationBusy), manager.turn("a"):
            pass
        with pytest.raises(ConversationBusy):
            manager.set_system("a", "Be brief.")
    with manager.turn("a"):
        pass


def test_the_system_message_is_the_first_and_stays() -> None:
    """Setting it again replaces it; clearing leaves it; an empty one removes it."""
    manager = ConversationManager(Shelf())
    with manager.turn("a") as turn:
        turn.add(HELLO)
        manager.commit(turn)
    manager.set_system("a", "Be brief.")
    manager.set_system("a", "Be kind.")
    assert manager.messages("a") == (Message("system", "Be kind."), HELLO)
    manager.clear("a")
    assert manager.messages("a") == (Message("system", "Be kind."),)
    manager.set_system("a", "")
    assert manager.messages("a") == ()


def test_a_conversation_that_left_memory_comes_back_from_the_store() -> None:
    """Memory is bounded; what is in use stays in it."""
    shelf = Shelf()
    manager = ConversationManager(shelf, most=2)
    with manager.turn("a") as turn:
        turn.add(HELLO)
        manager.commit(turn)
        for other in "bcd":
            manager.messages(other)
        assert manager.ids() == ["a", "d"]
    manager.messages("e")
    manager.messages("f")
    assert manager.ids() == ["e", "f"]
    assert manager.messages("a") == (HELLO,)


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.integers(1, 4))
def test_memory_is_bounded_by_what_is_used_last(used: list[str], most: int) -> None:
    """Whatever the order, the last ones stay."""
    manager = ConversationManager(most=most)
    for each in used:
        with manager.turn(each):
            pass
    last = list(dict.fromkeys(reversed(used)))[:most]
    assert manager.ids() == last[::-1]
