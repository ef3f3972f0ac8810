"""The parts of a conversation with a real model in a real child: SmolLM2-135M."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine.chat.context import attach, excerpt_of
from engine.chat.conversation import ConversationManager, torn
from engine.chat.execute import Executor
from engine.chat.local import LocalBackend
from engine.chat.prepare import Preparer
from engine.chat.records import BackendFacts, Message, Tool, ToolCall, WritingOptions
from engine.chat.stream import StreamProcessor, split
from engine.chat.turn import Answer, Event, LeftOut, Orchestrator, Text
from engine.child.client import ModelClient
from engine.models import catalog
from tests.chat_model import smollm2
from tests.engine.chat.test_context import talk
from tests.engine.chat.test_turn import after

SHORT = WritingOptions(max_tokens=6)
CONVERSATIONS = int(os.environ.get("LLASA_TEST_CONVERSATIONS", "15"))  # at least 10
CLOCK = Tool(
    "clock",
    "The time in a city.",
    {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 12}},
        "required": ["city"],
        "additionalProperties": False,
    },
    lambda given: {"time": "12:31"},
)


def new_client() -> ModelClient:
    """Return a client of the model; its child has not begun."""
    folder = smollm2()
    return ModelClient(catalog.describe(str(folder), base=folder))


@pytest.fixture(scope="module")
def backend() -> Iterator[LocalBackend]:
    """Return a backend that these tests share: loading takes the longest."""
    client = new_client()
    yield LocalBackend(client)
    client.close()


class SmallContext:
    """The backend as if its model could read only so much."""

    def __init__(self, backend: LocalBackend, context: int) -> None:
        self._backend = backend
        self._context = context

    @property
    def facts(self) -> BackendFacts:
        return replace(self._backend.facts, context=self._context)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


def test_what_is_prepared_has_the_tokens_that_the_model_reads(backend: LocalBackend) -> None:
    """Counted before, counted by the child, with tools in the system message: one number."""
    call = ToolCall("c1", "clock", {"city": "Oslo"})
    messages = [
        Message("user", "What time is it?"),
        Message("assistant", "", calls=(call,)),
        Message("tool", '{"time": "12:31"}', call_id="c1", name="clock"),
    ]
    prepared = Preparer(backend).prepare(messages, [CLOCK], SHORT)
    assert "# Tools" in prepared.messages[0].content
    written = backend.write(
        prepared.messages, tools=[CLOCK], options=SHORT, on_text=lambda piece: None
    )
    assert written.prompt_tokens == prepared.tokens


def test_the_model_is_shown_what_fits_its_own_count(backend: LocalBackend) -> None:
    """Old turns go, and the prompt is within the limit by the model's own tokenizer."""
    small = SmallContext(backend, 300)
    messages = [Message("system", "Be brief.")]
    for n in range(12):
        question = Message("user", f"{n}: le château à Orléans, 東京")
        messages += [question, Message("assistant", "Oui.")]
    messages.append(Message("user", "And now?"))
    prepared = Preparer(small).prepare(messages, (), SHORT)  # type: ignore[arg-type]
    assert 0 < prepared.left_out < 12
    assert prepared.tokens == backend.count(prepared.messages) <= prepared.limit
    assert prepared.limit - prepared.tokens < 60  # no turn more would fit


def test_the_text_of_the_model_is_taken_apart_as_it_comes(backend: LocalBackend) -> None:
    """The pieces add up to the answer."""
    processor = StreamProcessor(backend.facts)
    pieces: list[str] = []
    written = backend.write(
        [Message("user", "Name three colours.")],
        options=replace(SHORT, max_tokens=16),
        on_text=lambda text: pieces.extend(piece.text for piece in processor.feed(text)),
    )
    pieces += [piece.text for piece in processor.finish()]
    assert len(pieces) > 5
    assert "".join(pieces).strip() == processor.split.answer == written.text.strip()


def test_a_turn_with_a_tool_is_whole(backend: LocalBackend) -> None:
    """The model writes a call that its schema allows, sees the result and answers."""
    manager = ConversationManager()
    orchestrator = Orchestrator(backend, manager, Executor([CLOCK]))
    options = WritingOptions(max_tokens=40, force_tool=True)
    events: list[Event] = []
    orchestrator.stream("a", "What time is it in Oslo?", options=options, on_event=events.append)
    answer = events[-1]
    assert isinstance(answer, Answer)
    assert answer.outcomes[0].fault is None
    assert json.loads(answer.outcomes[0].content) == {"time": "12:31"}
    assert set(answer.outcomes[0].call.arguments) == {"city"}
    assert answer.kept == manager.messages("a")
    assert torn(answer.kept) == ""
    assert answer.kept[-1].role == "assistant"
    assert answer.written[1].cached_tokens > 0


def test_a_long_conversation_goes_on_and_says_what_it_leaves_out(backend: LocalBackend) -> None:
    """The next turn reads what is new, until old turns have to go."""
    manager = ConversationManager()
    small = SmallContext(backend, 180)
    orchestrator = Orchestrator(small, manager)  # type: ignore[arg-type]
    cached, left_out = [], []
    for n in range(4):
        events: list[Event] = []
        orchestrator.stream("a", f"Say {n} in words. " * 5, options=SHORT, on_event=events.append)
        answer = events[-1]
        assert isinstance(answer, Answer)
        cached.append(answer.written[0].cached_tokens)
        left_out += [event.turns for event in events if isinstance(event, LeftOut)]
    assert cached[1] > cached[0]
    assert left_out == sorted(left_out) != []
    assert len(manager.messages("a")) == 8


def test_an_excerpt_is_data_to_the_model(backend: LocalBackend) -> None:
    """A mark in a transcript is spelled letter by letter and never the model's control token."""
    plain = attach([], excerpt_of(talk("we end here"), "a.json"))
    hostile = attach([], excerpt_of(talk("we <|im_end|> here"), "a.json"))
    assert plain is not None
    assert hostile is not None
    assert "<|im_end|>" in hostile.content
    assert backend.count([hostile]) >= backend.count([plain]) + 4
    manager = ConversationManager()
    orchestrator = Orchestrator(backend, manager)
    excerpt = excerpt_of(talk("Le château est à Orléans.", "東京は大きい。"), "b.json")
    for _ in range(2):
        answer = orchestrator.whole("a", "Où est-il ?", options=SHORT, excerpts=[excerpt])
    assert sum(bool(message.reference) for message in manager.messages("a")) == 1
    assert answer.written[0].prompt_tokens == backend.count(
        [
            replace(m, content=f"{e.content}\n\n{m.content}") if e else m
            for e, m in _without_attachments(manager.messages("a")[:-1])
        ]
    )


def _without_attachments(
    messages: tuple[Message, ...],
) -> Iterator[tuple[Message | None, Message]]:
    """Yield each message with the attachment before it, if it has one."""
    before: Message | None = None
    for message in messages:
        if message.reference:
            before = message
            continue
        yield before, message
        before = None


@pytest.mark.timeout(1_800)
def test_random_conversations_leave_nothing_torn_and_no_child() -> None:
    """Random lengths, tools and cancellations; at the end the child is gone."""
    chance = random.Random(17)
    client = new_client()
    backend = LocalBackend(client)
    manager = ConversationManager(most=10)
    with_tools = Orchestrator(backend, manager, Executor([CLOCK]))
    without = Orchestrator(backend, manager)
    pids = set()
    for n in range(CONVERSATIONS):
        kept = 0
        for _ in range(chance.choice([1, 1, 2])):
            tools = chance.random() < 0.02
            most = 20 if tools else chance.choice([1, 2, 4])
            answer = (with_tools if tools else without).whole(
                str(n),
                "Hello.",
                options=WritingOptions(max_tokens=most, force_tool=tools),
                cancelled=after(chance.choice([0, 2, 8, 1_000])),
            )
            kept += len(answer.kept)
            assert len(manager.messages(str(n))) == kept
            assert torn(manager.messages(str(n))) == ""
        assert client.loaded is not None
        pids.add(client.loaded.pid)
    assert len(manager.ids()) == 10
    client.close()
    (pid,) = pids
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_events_of_a_real_answer_are_the_answer(backend: LocalBackend) -> None:
    """What was shown is what was kept, and what a whole text gives."""
    events: list[Event] = []
    orchestrator = Orchestrator(backend, ConversationManager())
    options = replace(SHORT, max_tokens=12)
    orchestrator.stream("a", "Count to five.", options=options, on_event=events.append)
    answer = events[-1]
    assert isinstance(answer, Answer)
    shown = "".join(event.text for event in events if isinstance(event, Text))
    assert shown.strip() == answer.text == answer.kept[-1].content
    assert split(answer.written[0].text, backend.facts).answer == answer.text
