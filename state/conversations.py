"""Conversations with a local model; their messages are JSON that this room never reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from state.connection import Database, Value
from state.errors import ConversationMoved, NoSuchConversation
from state.migrations import NOW

_COLUMNS = (
    "id, title, model, revision, created_at, changed_at,"
    " (SELECT count(*) FROM messages WHERE conversation_id = conversations.id) AS messages"
)


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """A conversation as it was when it was read."""

    id: int
    title: str
    model: str  # that wrote last, as the user named it
    revision: int  # rises with every save
    created_at: str  # UTC, ISO 8601
    changed_at: str
    messages: int


class ConversationRows:
    """The table of conversations. One per thread, like its database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def all(self, *, limit: int = 100) -> list[ConversationRow]:
        """Return the conversations that changed last, newest first."""
        rows = self.database.query(
            f"SELECT {_COLUMNS} FROM conversations ORDER BY changed_at DESC, id DESC LIMIT ?",
            (limit,),
        )
        return [_row_of(row) for row in rows]

    def read(self, conversation_id: int) -> tuple[ConversationRow, list[str]]:
        """Return a conversation and its messages in order; raises NoSuchConversation."""
        with self.database.transaction():  # both as of one moment
            row = self._require(conversation_id)
            messages = self.database.query(
                "SELECT payload FROM messages WHERE conversation_id = ? ORDER BY position",
                (conversation_id,),
            )
        return row, [str(message["payload"]) for message in messages]

    def begin(self, messages: Sequence[str], *, title: str, model: str) -> ConversationRow:
        """Keep a new conversation; commits."""
        with self.database.transaction():
            inserted = self.database.execute(
                "INSERT INTO conversations (title, model) VALUES (?, ?) RETURNING id",
                (title, model),
            )
            return self._write(int(inserted[0]["id"]), messages)

    def save(
        self, seen: ConversationRow, messages: Sequence[str], *, title: str, model: str
    ) -> ConversationRow:
        """Keep a conversation as it is now, whole or not at all; commits.

        Raises ConversationMoved if it has changed since the caller saw it, NoSuchConversation if it
        was removed.
        """
        with self.database.transaction():
            if self._require(seen.id).revision != seen.revision:
                raise ConversationMoved(
                    f"another process has continued conversation {seen.id} meanwhile"
                )
            values: tuple[Value, ...] = (title, model, seen.id)
            self.database.execute(
                f"UPDATE conversations SET title = ?, model = ?, revision = revision + 1,"
                f" changed_at = {NOW} WHERE id = ?",
                values,
            )
            return self._write(seen.id, messages)

    def remove(self, conversation_id: int) -> None:
        """Remove a conversation with its messages; commits. Raises NoSuchConversation."""
        with self.database.transaction():
            self._require(conversation_id)
            self.database.execute(
                "DELETE FROM messages WHERE conversation_id = ?", (conversation_id,)
            )
            self.database.execute("DELETE FROM conversations WHERE id = ?", (conversation_id,))

    def _write(self, conversation_id: int, messages: Sequence[str]) -> ConversationRow:
        self.database.execute("DELETE FROM messages WHERE conversation_id = ?", (conversation_id,))
        for position, payload in enumerate(messages):
            self.database.execute(
                "INSERT INTO messages (conversation_id, position, payload) VALUES (?, ?, ?)",
                (conversation_id, position, payload),
            )
        return self._require(conversation_id)

    def _require(self, conversation_id: int) -> ConversationRow:
        row = self.database.query_one(
            f"SELECT {_COLUMNS} FROM conversations WHERE id = ?", (conversation_id,)
        )
        if row is None:
            raise NoSuchConversation(f"there is no conversation {conversation_id}")
        return _row_of(row)


def _row_of(row: sqlite3.Row) -> ConversationRow:
    return ConversationRow(**dict(row))
