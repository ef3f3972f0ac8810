"""Conversations as the home keeps them: the engine's messages in the database's rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from daemon.home import make_folders
from daemon.operations.errors import InvalidRequest
from daemon.operations.session import Session
from engine.chat import keeping
from engine.chat.records import Conversation
from state.conversations import ConversationRow, ConversationRows
from state.errors import ConversationMoved, DatabaseUnusable, NoSuchConversation

_LONGEST_ID = 18  # digits; a database has no longer number


class KeptConversations:
    """The conversations of one home; the database is open for one operation at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._seen: dict[str, ConversationRow] = {}  # as we last read or wrote them

    def all(self) -> list[ConversationRow]:
        """Return the conversations that changed last, newest first."""
        with self._rows() as rows:
            return rows.all()

    def load(self, conversation_id: str) -> Conversation:
        """Return a conversation by its number, the newest for ""; raises NoSuchConversation."""
        with self._rows() as rows:
            if conversation_id:
                number = _number(conversation_id)
            else:
                newest = rows.all(limit=1)
                if not newest:
                    raise NoSuchConversation("no conversation is kept yet")
                number = newest[0].id
            row, payloads = rows.read(number)
        try:
            messages = [keeping.load(payload) for payload in payloads]
        except ValueError as error:
            raise DatabaseUnusable(
                f"conversation {row.id} cannot be read", hint="Begin another one."
            ) from error
        self._seen[str(row.id)] = row
        return Conversation(str(row.id), messages, row.title)

    def save(self, conversation: Conversation, *, model: str) -> str:
        """Keep a conversation whole and give it its id; return what the user should know, or "".

        One that another process has continued or removed meanwhile is kept as another.
        """
        payloads = [keeping.dump(message) for message in conversation.messages]
        title = conversation.title or "..."
        note = ""
        with self._rows() as rows:
            row = self._seen.get(conversation.id)
            try:
                row = rows.save(row, payloads, title=title, model=model) if row else None
            except (ConversationMoved, NoSuchConversation) as moved:
                row, note = None, f"{moved}: this one is kept as another."
            if row is None:
                row = rows.begin(payloads, title=title, model=model)
        conversation.id = str(row.id)
        self._seen[conversation.id] = row
        return note

    @contextmanager
    def _rows(self) -> Iterator[ConversationRows]:
        make_folders(self._session.home)
        with self._session.writing(create=True) as book:
            yield ConversationRows(book.queue.database)


def _number(conversation_id: str) -> int:
    plain = conversation_id.isascii() and conversation_id.isdecimal()
    if not plain or len(conversation_id) > _LONGEST_ID:
        raise InvalidRequest(f"{conversation_id!r} is no number of a conversation.")
    return int(conversation_id)
