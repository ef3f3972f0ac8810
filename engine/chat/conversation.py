"""Conversations in memory: one turn at a time each, and a turn is kept whole or not at all."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from engine.chat.records import Conversation, Message
from engine.errors import ConversationBusy, TornHistory


class Store(Protocol):
    """Keeps conversations beyond memory. What it raises leaves memory as it was."""

    def load(self, conversation_id: str) -> Conversation | None:
        """Return a conversation, None where there is none."""

    def append(self, conversation_id: str, messages: Sequence[Message]) -> None:
        """Keep the messages of a finished turn, all of them or none."""

    def replace(self, conversation: Conversation) -> None:
        """Keep a conversation in place of what there was of it."""


@dataclass(slots=True)
class Turn:
    """The messages of a turn while it is made; without `commit` they are gone at its end."""

    conversation_id: str
    history: tuple[Message, ...]  # of the turns before
    added: list[Message] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        """Return the history and what was added."""
        return [*self.history, *self.added]

    def add(self, *messages: Message) -> None:
        """Add messages to the turn."""
        self.added.extend(messages)


@dataclass(slots=True)
class _Entry:
    conversation: Conversation
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: int = 0  # who holds the lock and who waits for it


class ConversationManager:
    """Holds conversations and lets one turn at a time change each; any thread may call it."""

    def __init__(self, store: Store | None = None, *, most: int = 100) -> None:
        """Make a manager that keeps at most this many conversations in memory.

        Those that nobody uses leave it first; without a store they are gone then.
        """
        self._store = store
        self._most = most
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._guard = threading.Lock()

    def messages(self, conversation_id: str) -> tuple[Message, ...]:
        """Return the committed messages of a conversation."""
        with self._guard:
            return tuple(self._entry(conversation_id).conversation.messages)

    def ids(self) -> list[str]:
        """Return the conversations in memory, the one used last at the end."""
        with self._guard:
            return list(self._entries)

    @contextmanager
    def turn(self, conversation_id: str, *, wait_s: float = 0.0) -> Iterator[Turn]:
        """Begin a turn; raises ConversationBusy where another one goes on for `wait_s` more."""
        with self._held(conversation_id, wait_s) as entry:
            yield Turn(conversation_id, tuple(entry.conversation.messages))

    def commit(self, turn: Turn) -> None:
        """Keep what a turn added, and begin the next one.

        Raises TornHistory for calls without results or results without calls, and what the store
        raises; then nothing is kept.
        """
        if fault := torn(turn.added):
            raise TornHistory(fault)
        if self._store is not None:
            self._store.append(turn.conversation_id, tuple(turn.added))
        with self._guard:
            conversation = self._entries[turn.conversation_id].conversation
            conversation.messages = [*conversation.messages, *turn.added]
            turn.history = tuple(conversation.messages)
        turn.added.clear()

    def set_system(self, conversation_id: str, text: str, *, wait_s: float = 0.0) -> None:
        """Set the system message of a conversation; an empty text removes it."""
        with self._held(conversation_id, wait_s) as entry:
            rest = [message for message in entry.conversation.messages if message.role != "system"]
            self._replace(entry, [*([Message("system", text)] if text else []), *rest])

    def clear(self, conversation_id: str, *, wait_s: float = 0.0) -> None:
        """Remove all messages but the system message."""
        with self._held(conversation_id, wait_s) as entry:
            kept = [message for message in entry.conversation.messages if message.role == "system"]
            self._replace(entry, kept)

    def _replace(self, entry: _Entry, messages: list[Message]) -> None:
        changed = replace(entry.conversation, messages=messages)
        if self._store is not None:
            self._store.replace(changed)
        entry.conversation = changed

    @contextmanager
    def _held(self, conversation_id: str, wait_s: float) -> Iterator[_Entry]:
        with self._guard:
            entry = self._entry(conversation_id)
            entry.waiting += 1
        try:
            if not entry.lock.acquire(timeout=wait_s):
                raise ConversationBusy()
            try:
                yield entry
            finally:
                entry.lock.release()
        finally:
            with self._guard:
                entry.waiting -= 1
                self._evict()

    def _entry(self, conversation_id: str) -> _Entry:
        """Return a conversation, from the store if need be; the guard is held."""
        entry = self._entries.get(conversation_id)
        if entry is None:
            known = self._store.load(conversation_id) if self._store is not None else None
            entry = self._entries[conversation_id] = _Entry(known or Conversation(conversation_id))
        self._entries.move_to_end(conversation_id)
        self._evict(keep=conversation_id)
        return entry

    def _evict(self, *, keep: str = "") -> None:
        """Remove the conversations that nobody uses until few enough are left."""
        idle = [key for key, entry in self._entries.items() if not entry.waiting and key != keep]
        for key in idle[: max(0, len(self._entries) - self._most)]:
            del self._entries[key]


def torn(messages: Sequence[Message]) -> str:
    """Return what is wrong with calls and results in these messages; "" if nothing is.

    The results of an assistant's calls follow it at once, in the order of the calls.
    """
    expected: list[str] = []
    for message in messages:
        if message.role == "tool":
            if not expected or message.call_id != expected.pop(0):
                return f"the result {message.call_id!r} answers no call before it"
        elif expected:
            return f"the call {expected[0]!r} has no result"
        else:
            expected = [call.id for call in message.calls]
    return f"the call {expected[0]!r} has no result" if expected else ""
