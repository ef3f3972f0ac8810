"""What llasa-cli gets from a home: settings, conversations, a lease; and what it says without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.home import Home
from daemon.one_shot import HomeContext
from daemon.operations.conversations import KeptConversations
from daemon.operations.session import Session
from engine.chat.records import Conversation, Message, ToolCall
from engine.cli.run import UserMessage
from state.conversations import ConversationRows
from state.database import open_database
from state.errors import NoSuchConversation

SAID = [
    Message("system", "Be short."),
    Message("user", "Grüße \x1b \ud83d"),
    Message("assistant", "", (ToolCall("c1", "list", {"limit": 3}),), thinking="Hm."),
    Message("tool", "[]", call_id="c1", name="list"),
    Message("assistant", "None."),
]


def context(home: Home) -> HomeContext:
    made = HomeContext()
    made.home = str(home.path)
    return made


def kept(home: Home) -> KeptConversations:
    return KeptConversations(Session(str(home.path)))


def test_a_conversation_is_continued_by_another_process(home: Home) -> None:
    """Whole, with its calls and thoughts; the database is made at the first save."""
    talk = Conversation("", list(SAID), "Beans")
    assert kept(home).save(talk, model="m") == ""
    assert talk.id == "1"
    for asked in ("1", ""):
        again = kept(home).load(asked)
        assert (again.id, again.messages, again.title) == ("1", SAID, "Beans")
    assert [(row.title, row.messages) for row in kept(home).all()] == [("Beans", 5)]


def test_two_processes_that_continue_one_conversation_lose_nothing(home: Home) -> None:
    """The second one is kept as another conversation, and its user is told."""
    kept(home).save(Conversation("", SAID[:2], "t"), model="m")
    ours, theirs = kept(home), kept(home)
    mine, other = ours.load("1"), theirs.load("1")
    other.messages.append(SAID[-1])
    assert theirs.save(other, model="m") == ""
    note = ours.save(mine, model="m")
    assert "kept as another" in note
    assert (mine.id, other.id) == ("2", "1")
    assert ours.save(mine, model="m") == ""
    assert kept(home).load("1").messages == [*SAID[:2], SAID[-1]]


@pytest.mark.parametrize("asked", ["7", "x", "-1", "9" * 40, "\u0663"])
def test_a_conversation_that_is_not_there_is_an_error(home: Home, asked: str) -> None:
    """With what to do, and no traceback."""
    kept(home).save(Conversation("", SAID[:2], "t"), model="m")
    own = context(home)
    assert own.conversations is not None
    with pytest.raises(UserMessage) as caught:
        own.conversations.load(asked)
    assert caught.value.exit_code in (2, 3)
    assert str(caught.value).startswith("llasa-cli: ")


def test_no_conversation_is_an_error_too(home: Home) -> None:
    """`--continue` in a home where nobody has talked yet."""
    with pytest.raises(NoSuchConversation):
        kept(home).load("")


def test_a_conversation_that_cannot_be_kept_does_not_end(home: Home) -> None:
    """The user is told why, after every answer."""
    with open_database(home.database) as database:
        ConversationRows(database).database.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('llasa', 'm999_future', '')"
        )
    own = context(home)
    assert own.conversations is not None
    note = own.conversations.save(Conversation("", SAID[:2], "t"), model="m")
    assert "not kept" in note
    assert "newer" in note


def test_the_settings_name_the_model_that_writes(home: Home) -> None:
    """A relative folder lies in the home; a mistake is a message."""
    assert context(home).chat_model is None
    home.settings.write_text(f"chat_model = {json.dumps('models/mine')}\n")
    own = context(home)
    assert own.chat_model == "models/mine"
    assert own.base == home.path
    home.settings.write_text("chat_model = 7\n")
    with pytest.raises(UserMessage, match="line 1") as caught:
        _ = context(home).chat_model
    assert caught.value.exit_code == 3


def test_without_a_home_nothing_is_kept_and_nobody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It works all the same; a home that the user named must be there."""
    monkeypatch.setenv("LLASA_HOME", str(tmp_path / "none"))
    own = HomeContext()
    assert own.conversations is None
    assert own.chat_model is None
    assert own.base is None
    assert "llasactl install" in own.why_not_kept
    with own.lease() as lease, lease.turn():
        assert lease.lock_path is None
    own = HomeContext()
    own.home = str(tmp_path / "nor this")
    with pytest.raises(UserMessage, match="There is no llasa home"):
        _ = own.chat_model


def test_a_lease_of_a_home_without_a_daemon_is_granted(home: Home) -> None:
    """The model child locks the home's lock, so that only one loads a model."""
    with context(home).lease() as lease, lease.turn():
        assert lease.lock_path == home.model_lock
