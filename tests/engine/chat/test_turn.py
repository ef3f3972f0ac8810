"""A turn: written, calls run, answered, and kept whole or not at all."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.chat.context import Excerpt
from engine.chat.conversation import ConversationManager, torn
from engine.chat.execute import Executor
from engine.chat.records import Tool, WritingOptions, Written
from engine.chat.turn import (
    MOST_ROUNDS,
    UNREADABLE,
    Answer,
    CallBegan,
    CallEnded,
    Event,
    LeftOut,
    Orchestrator,
    Text,
)
from engine.errors import ChildDied, PromptTooLong
from tests.engine.chat.scripted import FACTS, ScriptedBackend, call, tool

OPTIONS = WritingOptions(max_tokens=100)
ADD = tool("add", lambda given: given["a"] + given["b"], a={"type": "number"}, b={"type": "number"})


class Talk:
    """One conversation with a scripted backend."""

    def __init__(self, backend: ScriptedBackend, *tools: Tool, **more: Any) -> None:
        self.backend = backend
        self.manager = ConversationManager()
        self.orchestrator = Orchestrator(backend, self.manager, Executor(tools), **more)
        self.events: list[Event] = []

    def say(self, text: str = "Hello", **more: Any) -> Answer:
        return self.orchestrator.whole("a", text, options=OPTIONS, **more)

    def stream(self, text: str = "Hello", **more: Any) -> None:
        more.setdefault("on_event", self.events.append)
        self.orchestrator.stream("a", text, options=OPTIONS, **more)

    @property
    def history(self) -> list[tuple[str, str]]:
        return [(message.role, message.content) for message in self.manager.messages("a")]


def test_an_answer_without_calls_is_one_round() -> None:
    """It is kept with the question; thoughts are kept apart."""
    talk = Talk(ScriptedBackend("<think>hm</think>Hi."))
    answer = talk.say()
    assert (answer.text, answer.thinking, answer.finish) == ("Hi.", "hm", "stop")
    assert talk.history == [("user", "Hello"), ("assistant", "Hi.")]
    assert answer.kept == talk.manager.messages("a")
    assert answer.problems == ()


def test_calls_run_and_the_model_writes_again() -> None:
    """It sees its call and the result; both are kept."""
    talk = Talk(ScriptedBackend("I add. " + call("add", a=1, b="2"), "It is 3."), ADD)
    answer = talk.say()
    assert answer.text == "It is 3."
    assert [outcome.content for outcome in answer.outcomes] == ["3"]
    shown = talk.backend.asked[1]
    assert [message.role for message in shown] == ["user", "assistant", "tool"]
    assert shown[1].calls[0].id == shown[2].call_id
    assert talk.history == [
        ("user", "Hello"),
        ("assistant", "I add."),
        ("tool", "3"),
        ("assistant", "It is 3."),
    ]


def test_the_events_of_a_stream_are_the_whole_answer() -> None:
    """Text as it comes, calls as they run, the answer last."""
    answers = ("<think>hm</think>I add. " + call("add", a=1, b=2), "It is 3.")
    talk = Talk(ScriptedBackend(*answers), ADD)
    talk.stream()
    kinds = [type(event) for event in talk.events if not isinstance(event, Text)]
    assert kinds == [CallBegan, CallEnded, Answer]
    texts = [event for event in talk.events if isinstance(event, Text)]
    assert "".join(event.text for event in texts if event.kind == "answer") == "I add. It is 3."
    assert "".join(event.text for event in texts if event.kind == "thinking") == "hm"
    streamed = talk.events[-1]
    whole = Talk(ScriptedBackend(*answers), ADD).say()
    assert isinstance(streamed, Answer)
    assert (streamed.text, streamed.thinking) == (whole.text, whole.thinking)


def test_every_call_gets_an_id_of_its_own() -> None:
    """Models repeat theirs."""
    same = '<tool_call>{"id": "1", "name": "add", "arguments": {"a": 1, "b": %d}}</tool_call>'
    talk = Talk(ScriptedBackend(same % 1 + same % 2, same % 3, "Done."), ADD)
    ids = [outcome.call.id for outcome in talk.say().outcomes]
    assert len(set(ids)) == 3
    assert "1" not in ids


def test_a_broken_call_is_answered_with_what_is_wrong() -> None:
    """The model writes it again; what it wrote is kept."""
    talk = Talk(ScriptedBackend('<tool_call>{"name": "add", "x</tool_call>', "Sorry."), ADD)
    answer = talk.say()
    (outcome,) = answer.outcomes
    assert (outcome.fault, outcome.call.name) == ("malformed_call", UNREADABLE)
    assert "a string is not closed" in json.loads(outcome.content)["message"]
    assert outcome.call.arguments == {"text": '{"name": "add", "x'}
    assert torn(talk.manager.messages("a")) == ""


def test_a_call_that_was_cut_off_never_runs() -> None:
    """Missing brackets are added to what the model ended, not to what ended the model."""
    cut = Written('<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2', finish="length")
    talk = Talk(ScriptedBackend(cut, "Sorry."), ADD)
    (outcome,) = talk.say().outcomes
    assert outcome.fault == "malformed_call"
    assert "cut off" in outcome.content


def test_a_call_without_marks_is_one_if_it_names_a_tool() -> None:
    """Another answer in JSON is shown at its end."""
    talk = Talk(ScriptedBackend('{"name": "add", "parameters": {"a": 1, "b": 2}}', "3."), ADD)
    assert talk.say().outcomes[0].content == "3"
    person = '{"name": "Ada", "born": 1815}'
    talk = Talk(ScriptedBackend(person), ADD)
    talk.stream()
    assert talk.events[:-1] == [Text("answer", person)]
    assert talk.history[-1] == ("assistant", person)


def test_without_tools_their_marks_are_text() -> None:
    """There is nothing to call."""
    talk = Talk(ScriptedBackend(call("add", a=1)))
    assert talk.say().text == call("add", a=1)


def test_the_last_round_has_no_tools() -> None:
    """The model must answer; if it still writes a call, that is kept and said."""
    rounds = [f"Step {n}. " + call("add", a=n, b=1) for n in range(MOST_ROUNDS)]
    talk = Talk(ScriptedBackend(*rounds), ADD)
    answer = talk.say()
    assert talk.backend.offered == [("add",)] * (MOST_ROUNDS - 1) + [()]
    assert answer.text == "Step 9."
    assert len(answer.outcomes) == MOST_ROUNDS - 1
    assert talk.backend.answers == []


def test_a_loop_of_calls_ends_with_an_answer() -> None:
    """The fourth equal call does not run, and the next round has no tools."""
    ran: list[Any] = []
    look = tool("look", ran.append)
    talk = Talk(ScriptedBackend(*["I look. " + call("look")] * 4, "Nothing."), look)
    answer = talk.say()
    assert len(ran) == 3
    assert answer.outcomes[-1].fault == "loop"
    assert talk.backend.offered[-1] == ()
    assert [problem.fault for problem in answer.problems] == ["loop"]
    assert answer.text == "Nothing."


def test_of_a_large_batch_only_so_many_calls_run() -> None:
    """Those of the batch count; every call has its result."""
    batch = "".join(call("add", a=n, b=0) for n in range(8))
    talk = Talk(ScriptedBackend(batch, batch), ADD)
    answer = talk.say()
    assert [outcome.fault for outcome in answer.outcomes] == [None] * 5 + ["loop"] * 3
    assert [problem.fault for problem in answer.problems] == ["empty", "loop"]
    assert '"add"' in answer.text
    assert torn(talk.manager.messages("a")) == ""


def test_an_answer_with_faults_is_kept_and_says_so() -> None:
    """Nothing is thrown away."""
    talk = Talk(ScriptedBackend("so it goes " * 50, Written("Half", finish="length")))
    assert [problem.fault for problem in talk.say().problems] == ["repetitive"]
    assert [problem.fault for problem in talk.say().problems] == ["cut_off"]
    assert len(talk.history) == 4


def test_turns_that_no_longer_fit_are_said_once_a_turn() -> None:
    """The history keeps them."""
    talk = Talk(ScriptedBackend("one", "two", facts=replace(FACTS, context=250)))
    talk.say("word " * 120)
    talk.stream("word " * 120)
    assert talk.events[0] == LeftOut(1)
    assert len(talk.history) == 4
    assert len(talk.backend.asked[1]) == 1


def test_excerpts_are_attached_once_and_watched() -> None:
    """The next turn has it; when the file changes, the model no longer sees it."""
    now = {"talk.json": "aa"}
    talk = Talk(ScriptedBackend("one", "two", "three"), sha256_of=now.get)
    excerpt = Excerpt("talk.json", "aa", "the beans came through")
    talk.say(excerpts=[excerpt])
    talk.say(excerpts=[excerpt])
    assert sum("beans" in content for _, content in talk.history) == 1
    assert "beans" in talk.backend.asked[1][0].content
    now["talk.json"] = "bb"
    talk.say()
    assert "beans" not in str(talk.backend.asked[2])
    assert sum("beans" in content for _, content in talk.history) == 1


def test_what_the_backend_raises_leaves_the_conversation_as_it_was() -> None:
    """Also after calls have run."""
    talk = Talk(ScriptedBackend("Hi.", call("add", a=1, b=2), ChildDied(), "Yes."), ADD)
    talk.say()
    before = talk.history
    with pytest.raises(ChildDied):
        talk.say()
    with pytest.raises(PromptTooLong):
        talk.say("word " * 3_000)
    assert talk.history == before
    assert talk.say().text == "Yes."


def test_an_interrupt_while_text_is_shown_leaves_the_conversation_as_it_was() -> None:
    """The face may stop at any event."""
    talk = Talk(ScriptedBackend("Hello there.", "Yes."))

    def interrupt(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        talk.stream(on_event=interrupt)
    assert talk.history == []
    assert talk.say().text == "Yes."


def after(calls: int) -> Callable[[], bool]:
    """Return a question that is answered with yes from its n-th time on."""
    left = [calls]

    def cancelled() -> bool:
        left[0] -= 1
        return left[0] < 0

    return cancelled


@pytest.mark.parametrize("calls", [0, 1, 5, 20, 30, 40])
def test_a_cancelled_turn_leaves_the_conversation_as_it_was(calls: int) -> None:
    """Wherever it is cancelled; what was written is in the answer."""
    talk = Talk(ScriptedBackend("Hi.", "I add. " + call("add", a=1, b=2), "It is 3." * 30), ADD)
    talk.say()
    answer = talk.say(cancelled=after(calls))
    assert (answer.finish, answer.kept) == ("cancelled", ())
    assert talk.history == [("user", "Hello"), ("assistant", "Hi.")]


def piece(chance: random.Random) -> str:
    """Return something that a model writes."""
    one = call(chance.choice(["add", "look", "fail", "none"]), a=chance.randrange(3), b=1)
    return chance.choice(
        ["Hi. ", one, one + one, "<think>hm</think>", "</think>", one[:-9], one[:20], "{", "[f("]
    )


@pytest.mark.parametrize("seed", range(150))
def test_no_conversation_is_ever_torn(seed: int) -> None:
    """Random answers, tools, cancellations and errors: whole turns are kept, others are not."""
    chance = random.Random(seed)
    fail = tool("fail", lambda given: 1 // 0)
    facts = replace(FACTS, context=chance.choice([300, 2_000]), tools=chance.random() < 0.5)
    talk = Talk(ScriptedBackend(facts=facts), ADD, tool("look"), fail)
    turns = 0
    for _ in range(chance.randrange(1, 8)):
        texts = ["".join(piece(chance) for _ in range(chance.randrange(4))) for _ in range(10)]
        answers: list[Any] = list(texts)
        if chance.random() < 0.3:
            answers[chance.randrange(10)] = ChildDied()
        talk.backend.answers = answers
        before = talk.manager.messages("a")
        stop = after(chance.randrange(400)) if chance.random() < 0.5 else lambda: False
        try:
            answer = talk.say("word " * chance.randrange(1, 60), cancelled=stop)
        except (ChildDied, PromptTooLong):
            answer = None
        now = talk.manager.messages("a")
        turns += answer is not None and answer.finish != "cancelled"
        if answer is None:
            assert now == before
        else:
            assert now == before + answer.kept
            assert bool(answer.kept) == (answer.finish != "cancelled")
        for shown in talk.backend.asked:
            assert torn(shown) == ""
    kept = talk.manager.messages("a")
    assert torn(kept) == ""
    assert sum(message.role == "user" for message in kept) == turns
    ids = [each.id for message in kept for each in message.calls]
    assert len(set(ids)) == len(ids)
