"""A chat on a terminal: what is shown, what is kept, and what may be typed besides messages."""

from __future__ import annotations

import json
import os
import signal
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import click
import pytest

from engine.chat.records import BackendFacts, Conversation, Message, Tool, WritingOptions, Written
from engine.cli import chat, slash
from engine.cli.answer import AnswerScreen, figures, stats_line
from engine.cli.context import CliContext, Kept
from engine.cli.talk import Talk
from engine.cli.writer import Writer
from engine.errors import ChildDied
from engine.models import catalog
from tests.engine.chat.scripted import FACTS, ScriptedBackend, call, tool


class ScriptedWriter:
    """A loaded model that answers by a script."""

    def __init__(self, backend: ScriptedBackend) -> None:
        self.backend = backend
        self.info = catalog.describe(catalog.EMBEDDED)

    @contextmanager
    def turn(self) -> Iterator[ScriptedBackend]:
        yield self.backend


class Shelf:
    """Keeps conversations in memory, as JSON would."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, list[Message]]] = {}
        self.note = ""

    def all(self) -> Sequence[Kept]:
        return [
            Kept(key, title, "m", len(messages), "2026-11-29T10:00:00.000Z")
            for key, (title, messages) in self.kept.items()
        ]

    def load(self, conversation_id: str) -> Conversation:
        title, messages = self.kept[conversation_id]
        return Conversation(conversation_id, list(messages), title)

    def save(self, conversation: Conversation, *, model: str) -> str:
        conversation.id = conversation.id or str(len(self.kept) + 1)
        self.kept[conversation.id] = (conversation.title, list(conversation.messages))
        return self.note


class WithShelf(CliContext):
    """A context that keeps conversations."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf()
        self.own_tools: Sequence[Tool] = ()

    def tools(self) -> Sequence[Tool]:
        return self.own_tools

    @property
    def conversations(self) -> Shelf:
        return self.shelf


class Rig:
    """A talk whose model follows a script."""

    def __init__(
        self,
        *answers: Any,
        thinking: str = "off",
        facts: BackendFacts = FACTS,
        tools: Sequence[Tool] = (),
        uses_tools: bool | None = None,
    ) -> None:
        self.backend = ScriptedBackend(*answers, facts=facts)
        self.context = WithShelf()
        self.context.own_tools = tools
        self.talk = Talk(
            self.context,
            cast(Writer, ScriptedWriter(self.backend)),
            Conversation(""),
            WritingOptions(max_tokens=50),
            AnswerScreen(thinking=thinking),
            uses_tools=uses_tools,
        )

    @property
    def kept(self) -> list[str]:
        return [message.content for message in self.talk.messages]


def test_an_answer_is_shown_and_the_turn_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """In memory and on the shelf, with the beginning of the first message as its title."""
    rig = Rig("Hello there.", "Fine.")
    rig.talk.say("Good morning to everybody in this long line that has no end, I fear")
    rig.talk.say("How are you?")
    assert capsys.readouterr().out == "Hello there.\nFine.\n"
    assert [m.content for m in rig.backend.asked[1]] == rig.kept[:3]
    (title, messages) = rig.context.shelf.kept["1"]
    assert title.startswith("Good morning to everybody")
    assert len(title) <= 60
    assert [message.content for message in messages] == rig.kept


def test_an_answer_cannot_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """What a model writes is shown with every control character as its code, lines kept."""
    evil = "Yes\u202e, of\x1b[2J course:\n\u2066\ta\rb\u2028\u200bc"
    rig = Rig(f"<think>{evil}</think>{evil}", thinking="dim")
    rig.talk.say("hi")
    shown = capsys.readouterr()
    assert "of\\x1b[2J course:\n\\u2066" in shown.out
    for text in (shown.out, shown.err):
        plain = text.replace("\n", "").replace("\x1b[2m", "").replace("\x1b[0m", "")
        assert not {unicodedata.category(c) for c in plain} & {"Cc", "Cf", "Zl"}
    assert rig.kept[1] == evil


@pytest.mark.parametrize(
    ("thinking", "is_shown"), [("off", False), ("hidden", False), ("dim", True)]
)
def test_thoughts_are_shown_apart_or_not_at_all(
    thinking: str, is_shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Never on standard output, which has the answer."""
    Rig("<think>Hm, hm.</think>Yes.", thinking=thinking).talk.say("hi")
    shown = capsys.readouterr()
    assert shown.out == "Yes.\n"
    assert ("Hm, hm." in shown.err) is is_shown


def test_ctrl_c_ends_the_answer_and_not_the_conversation(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The turn that was ended leaves nothing behind, and the next one works."""

    def interrupted() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "A long story"

    rig = Rig(interrupted, "Fine.")
    before = signal.getsignal(signal.SIGINT)
    rig.talk.say("Tell me a story.")
    assert "You ended the answer" in capsys.readouterr().err
    assert rig.kept == []
    assert signal.getsignal(signal.SIGINT) is before
    rig.talk.say("How are you?")
    assert rig.kept == ["How are you?", "Fine."]


def test_a_second_ctrl_c_ends_the_command() -> None:
    """Where a model does not stop, the user must not wait."""

    def interrupted() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return "never"

    with pytest.raises(click.Abort):
        Rig(interrupted).talk.say("hi")


def test_old_turns_are_left_out_and_the_user_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Whole turns, where the context is full."""
    facts = BackendFacts("script", context=140)
    rig = Rig("one", "two", "three", facts=facts)
    for _ in range(3):
        rig.talk.say("word " * 40)
    assert "left out" in capsys.readouterr().err
    assert len(rig.backend.asked[2]) < 5
    assert len(rig.kept) == 6


@pytest.mark.parametrize(("answer", "ran"), [("y\n", 1), ("n\n", 0), ("\n", 0)])
def test_a_tool_that_asks_first_asks_the_user(
    answer: str, ran: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a yes it does not run."""
    runs: list[object] = []

    def run(arguments: object) -> str:
        runs.append(arguments)
        return "done"

    monkeypatch.setattr("click.termui.visible_prompt_func", lambda *_: answer.strip())
    enhance = tool("enhance", run, asks_first=True, file={"type": "string"})
    rig = Rig(call("enhance", file="a\x1b[2J"), "As you like.", tools=[enhance])
    rig.talk.say("Enhance it.")
    shown = capsys.readouterr()
    assert len(runs) == ran
    assert "enhance" in shown.err
    assert "\x1b[2J" not in shown.err
    assert shown.out.endswith("As you like.\n")


@pytest.mark.parametrize(
    ("by_template", "wanted", "offered"),
    [
        (True, None, True),
        (False, None, False),
        (True, False, False),
        (False, True, True),
    ],
)
def test_tools_are_for_models_that_know_them_unless_the_user_says_so(
    by_template: bool, wanted: bool | None, offered: bool
) -> None:
    """A model without them in its template reads long instructions and uses none."""
    facts = BackendFacts("script", context=2_000, tools=by_template)
    rig = Rig("Yes.", facts=facts, tools=[tool("list")], uses_tools=wanted)
    rig.talk.say("hi")
    assert rig.backend.offered == [("list",) if offered else ()]


def test_what_could_not_be_kept_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """And the conversation goes on."""
    rig = Rig("Hello.")
    rig.context.shelf.note = "The conversation is not kept: the disk is full."
    rig.talk.say("hi")
    assert "the disk is full" in capsys.readouterr().err
    assert rig.kept == ["hi", "Hello."]


def test_instructions_are_shown_to_the_model_and_stay_when_a_conversation_begins() -> None:
    """`/system TEXT` sets them, `/clear` keeps them, `/system -` removes them."""
    rig = Rig("Oui.", "Non.")
    slash.run(rig.talk, "/system Answer in French.")
    rig.talk.say("Yes?")
    assert rig.backend.asked[0][0] == Message("system", "Answer in French.")
    slash.run(rig.talk, "/clear")
    assert rig.kept == ["Answer in French."]
    rig.talk.say("No?")
    assert set(rig.context.shelf.kept) == {"1", "2"}
    assert rig.context.shelf.kept["1"][1][-1].content == "Oui."
    slash.run(rig.talk, "/system -")
    assert rig.talk.system == ""


def test_a_transcript_is_shown_with_the_next_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once, as data; a file that is none is an error and not the end."""
    file = tmp_path / "talk.json"
    file.write_text(json.dumps([{"start": 0, "end": 2, "text": "The plumber comes on Friday."}]))
    rig = Rig("On Friday.", "Yes.")
    assert not slash.run(rig.talk, f"/file {file}")
    rig.talk.say("When?")
    rig.talk.say("Sure?")
    assert sum("The plumber comes" in m.content for m in rig.backend.asked[1]) == 1
    assert not slash.run(rig.talk, f"/file {tmp_path / 'none.json'}")
    assert "cannot be read" in capsys.readouterr().err


def test_a_conversation_is_saved_as_a_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`/save FILE` writes what was said; without a file it says where it is kept."""
    rig = Rig("Hello.\x1b[2J")
    rig.talk.say("hi")
    slash.run(rig.talk, f"/save {tmp_path / 'new' / 'talk.md'}")
    text = (tmp_path / "new" / "talk.md").read_text()
    assert "## You\n\nhi\n" in text
    assert "\x1b" not in text
    slash.run(rig.talk, "/save")
    assert "--continue 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/help", "/exit"),
        ("/stats", "tokens"),
        ("/sytem x", "Did you mean /system?"),
        ("/model", ""),
        ("/model nosuch\x1b", "There is no model"),
        ("/file", "Name a transcript"),
    ],
)
def test_what_may_be_typed_besides_messages(
    line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of it ends the conversation, whatever is wrong with it."""
    assert not slash.run(Rig().talk, line)
    shown = capsys.readouterr().err
    assert said in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("line", ["/exit", "/quit", "/EXIT"])
def test_a_conversation_ends_where_the_user_says_so(line: str) -> None:
    """As Ctrl-D does."""
    assert slash.run(Rig().talk, line)


def test_a_chat_reads_lines_to_the_end_of_its_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Empty lines are nothing, `//` begins a message, and a child that died is no end."""
    lines = iter(["", "//etc is a folder", "again", None])
    monkeypatch.setattr(chat, "read_line", lambda: next(lines))
    rig = Rig(ChildDied(), "Yes.")
    chat._converse(rig.talk)
    assert rig.kept == ["again", "Yes."]
    assert rig.backend.asked[0][0].content == "/etc is a folder"
    assert "Error: " in capsys.readouterr().err


def test_ctrl_c_at_the_prompt_ends_a_chat_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """click raises the same for Ctrl-C and the end of input; only the latter ends it at once."""
    typed: list[type[BaseException]] = []

    def prompt(*_: object, **__: object) -> str:
        raise typed.pop(0)

    monkeypatch.setattr("click.termui.visible_prompt_func", prompt)
    monkeypatch.setattr("sys.stdin", Terminal())
    typed[:] = [EOFError]
    assert chat.read_line() is None
    typed[:] = [KeyboardInterrupt, EOFError]
    assert chat.read_line() is None
    typed[:] = [KeyboardInterrupt, KeyboardInterrupt]
    with pytest.raises(click.Abort):
        chat.read_line()


class Terminal:
    """Standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_list_of_conversations_is_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    """As a table and as JSON."""
    found = [Kept("7", "Beans\x1b[2J [red]", "m\u202e", 4, "2026-11-29T10:00:00.000Z")]
    chat.show_list(found, as_json=False)
    chat.show_list(found, as_json=True)
    table, _, listed = capsys.readouterr().out.partition("[\n")
    assert "\x1b" not in table
    assert "\u202e" not in table
    assert "[red]" in table
    assert json.loads("[" + listed)[0]["title"] == found[0].title
    chat.show_list([], as_json=False)
    assert "No conversation" in capsys.readouterr().err


def test_what_an_answer_cost_is_said_in_words_and_figures() -> None:
    """Nothing is divided by a time that was not measured."""
    written = Written("x", 30, 10, 8, 0.5, 2.0, 300_000_000)
    assert "8 tokens in 2.0 s (4.0 tokens/s)" in stats_line(written, FACTS)
    assert "read 20 of 30 tokens" in stats_line(written, FACTS)
    assert "300 MB" in stats_line(written, FACTS)
    assert figures(written)["tokens_per_s"] == 4.0
    assert figures(Written("x"))["tokens_per_s"] is None
    assert "tokens/s" not in stats_line(Written("x"), FACTS)
