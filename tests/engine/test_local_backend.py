"""The chat backend of the product, with SmolLM2 in a real child."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.chat.local import LocalBackend
from engine.chat.records import Backend, Message, Tool, ToolCall, WritingOptions
from engine.child.client import ModelClient, _Hearing
from engine.errors import ChildRepeats, ModelRefused, PromptTooLong, ToolRefused
from engine.models import catalog
from tests.chat_model import smollm2

QUESTION = Message("user", "What is the capital of France?")
SHORT = WritingOptions(max_tokens=12)
READ = Tool(
    "read",
    "Reads a talk.",
    {
        "type": "object",
        "properties": {"kind": {"enum": ["text", "json"]}},
        "required": ["kind"],
        "additionalProperties": False,
    },
    run=lambda arguments: None,
)


@pytest.fixture(scope="module")
def client() -> Iterator[ModelClient]:
    """Return a child that holds SmolLM2."""
    one = ModelClient(catalog.describe(str(smollm2())))
    yield one
    one.close()


def silent(piece: str) -> None:
    """Hear a piece and do nothing."""


def test_a_conversation_goes_through_the_child(client: ModelClient) -> None:
    """Facts, count, two turns, and a cache that is kept between them."""
    backend: Backend = LocalBackend(client)
    assert backend.facts.context == 8192
    assert not backend.facts.tools
    pieces: list[str] = []
    first = backend.write([QUESTION], options=SHORT, on_text=pieces.append)
    assert "Paris" in first.text
    assert "".join(pieces) == first.text
    assert first.prompt_tokens == backend.count([QUESTION])
    assert (first.finish, first.tokens > 3) == ("stop", True)
    assert min(first.read_s, first.write_s, first.memory_bytes or 0) > 0
    more = [QUESTION, Message("assistant", first.text), Message("user", "And of Italy?")]
    second = backend.write(more, options=SHORT, on_text=silent)
    assert second.cached_tokens == first.prompt_tokens + first.tokens + 1


def test_a_cancelled_answer_leaves_the_child_alive(client: ModelClient) -> None:
    """The same process answers the next question, and a late cancel does not reach it."""
    backend = LocalBackend(client)
    pid = client.start().pid
    heard: list[str] = []
    long = WritingOptions(max_tokens=400, temperature=1.0, seed=1)
    story = [Message("user", "Tell me a long story about a garden.")]
    cut = backend.write(story, options=long, on_text=heard.append, cancelled=lambda: len(heard) > 2)
    assert cut.finish == "cancelled"
    assert 2 < cut.tokens < 200
    client._process.tell({"op": "cancel", "number": client._answers})
    again = backend.write([QUESTION], options=SHORT, on_text=silent)
    assert (again.finish, "Paris" in again.text) == ("stop", True)
    assert client.start().pid == pid


def test_a_call_and_its_result_are_shown_in_the_next_turn(client: ModelClient) -> None:
    """A model whose template shows no tools reads the result as a user's turn."""
    backend = LocalBackend(client)
    options = WritingOptions(max_tokens=30, force_tool=True)
    called = backend.write([QUESTION], tools=[READ], options=options, on_text=silent)
    assert called.text.startswith('<tool_call>\n{"name": "read", "arguments": {"kind": "')
    call = ToolCall("1", "read", {"kind": "text"})
    messages = [
        QUESTION,
        Message("assistant", "", calls=(call,)),
        Message("tool", "The capital is Paris.", call_id="1", name="read"),
    ]
    assert backend.count(messages, [READ]) > backend.count(messages[:2], [READ])
    said = backend.write(messages, tools=[READ], options=SHORT, on_text=silent)
    assert said.cached_tokens > backend.count([QUESTION])


def test_what_cannot_be_answered_is_an_error_with_a_name_and_the_child_goes_on(
    client: ModelClient,
) -> None:
    """A conversation that is too long, a schema that cannot be held."""
    backend = LocalBackend(client)
    pid = client.start().pid
    with pytest.raises(PromptTooLong) as caught:
        backend.write([Message("user", "word " * 9_000)], options=SHORT, on_text=silent)
    assert "8,192" in str(caught.value)
    unique = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}
    odd = Tool("odd", "", unique, run=lambda arguments: None)
    with pytest.raises(ToolRefused):
        backend.write([QUESTION], tools=[odd], options=SHORT, on_text=silent)
    assert client.start().pid == pid


def test_a_listener_that_fails_ends_the_child_and_the_next_one_answers(client: ModelClient) -> None:
    """A child that went on with an answer nobody reads would mix it into the next."""

    def fail(piece: str) -> None:
        raise KeyboardInterrupt

    backend = LocalBackend(client)
    with pytest.raises(KeyboardInterrupt):
        backend.write([QUESTION], options=SHORT, on_text=fail)
    assert not client.alive
    assert "Paris" in backend.write([QUESTION], options=SHORT, on_text=silent).text


def test_a_model_that_only_punctuates_does_not_converse(model_folders: dict[str, Path]) -> None:
    """The embedded model is refused in words."""
    one = ModelClient(catalog.describe("punct"))
    try:
        with pytest.raises(ModelRefused) as caught:
            LocalBackend(one).count([QUESTION])
        assert caught.value.hint
    finally:
        one.close()


def test_a_child_that_writes_more_than_it_was_asked_for_is_ended() -> None:
    """Pieces are counted; the child is not trusted to stop."""
    hearing = _Hearing(2, silent, lambda: False, lambda: None)
    assert hearing.hear({"event": "text", "text": "a"})
    assert hearing.hear({"event": "progress", "tokens": 3})
    assert hearing.hear({"event": "text", "text": "b"})
    with pytest.raises(ChildRepeats):
        hearing.hear({"event": "text", "text": "c"})
