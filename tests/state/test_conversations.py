"""Conversations are kept whole, and two processes cannot overwrite each other."""

from __future__ import annotations

import pytest

from state.conversations import ConversationRows
from state.database import Database
from state.errors import ConversationMoved, NoSuchConversation


@pytest.fixture
def rows(database: Database) -> ConversationRows:
    return ConversationRows(database)


def test_a_conversation_is_read_as_it_was_saved(rows: ConversationRows) -> None:
    """Messages in order, whatever their number; a shorter list leaves nothing behind."""
    begun = rows.begin(["a", "b", "c"], title="Beans", model="m")
    assert rows.read(begun.id) == (begun, ["a", "b", "c"])
    saved = rows.save(begun, ["x"], title="Peas", model="n")
    assert rows.read(begun.id) == (saved, ["x"])
    assert (saved.title, saved.model, saved.messages) == ("Peas", "n", 1)
    assert saved.revision == begun.revision + 1


def test_the_newest_conversation_is_first(rows: ConversationRows) -> None:
    """The one that changed last, not the one that began last."""
    first = rows.begin(["a"], title="1", model="m")
    second = rows.begin(["b"], title="2", model="m")
    rows.database.execute("UPDATE conversations SET changed_at = '2026-01-01T00:00:00.000Z'")
    rows.save(first, ["a", "c"], title="1", model="m")
    assert [row.id for row in rows.all()] == [first.id, second.id]
    assert [row.id for row in rows.all(limit=1)] == [first.id]


def test_a_save_over_what_another_process_wrote_is_refused(rows: ConversationRows) -> None:
    """And nothing of it stays."""
    begun = rows.begin(["a"], title="t", model="m")
    rows.save(begun, ["a", "theirs"], title="t", model="m")
    with pytest.raises(ConversationMoved) as caught:
        rows.save(begun, ["a", "ours"], title="ours", model="m")
    assert caught.value.hint
    row, messages = rows.read(begun.id)
    assert (row.title, messages) == ("t", ["a", "theirs"])


def test_a_removed_conversation_is_gone_with_its_messages(rows: ConversationRows) -> None:
    """Its number is not given to another."""
    begun = rows.begin(["a"], title="t", model="m")
    rows.remove(begun.id)
    for ask in (lambda: rows.read(begun.id), lambda: rows.remove(begun.id)):
        with pytest.raises(NoSuchConversation):
            ask()
    with pytest.raises(NoSuchConversation):
        rows.save(begun, ["b"], title="t", model="m")
    assert rows.database.query("SELECT * FROM messages") == []
    assert rows.begin([], title="t", model="m").id > begun.id
