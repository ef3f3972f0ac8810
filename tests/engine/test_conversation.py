"""Conversations as token ids: what a message says is never a control token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ModelRefused
from engine.guided import model
from engine.guided.generate import Writer
from engine.models import catalog
from tests import small_models

CONTROLS = [
    *small_models.LLAMA3_TOKENS,
    *small_models.QWEN3_TOKENS,
    *small_models.QWEN3_PLAIN_ADDED,
    *small_models.TOOLS_PLAIN_ADDED,
    *small_models.GEMMA_TOKENS,
]
SHAPES = {
    "llama3": lambda folder: small_models.llama3_like(folder, entries=9_000),
    "sentencepiece": small_models.sentencepiece_like,
    "tools": small_models.tools_like,
}
SAID = st.lists(
    st.one_of(st.sampled_from(CONTROLS), st.text(max_size=6)), min_size=1, max_size=4
).map(lambda pieces: "a" + "".join(pieces))
Messages = list[dict[str, Any]]


@pytest.fixture(scope="module")
def writers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Writer]:
    """Return a writer per shape."""
    base = tmp_path_factory.mktemp("writers")
    return {
        name: Writer(model.load(catalog.describe(str(make(base / name)))))
        for name, make in SHAPES.items()
    }


def shown(writer: Writer, messages: Messages, **more: Any) -> str:
    vocabulary = writer._model.vocabulary
    names = vocabulary._control_tokens
    pieces = [
        f"[{names[token]}]".encode() if token in names else vocabulary.bytes_of[token]
        for token in writer.prompt(messages, **more)
    ]
    return b"".join(pieces).decode()


def user(content: str) -> dict[str, Any]:
    return {"role": "user", "content": content}


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(SAID, min_size=5, max_size=5), name=st.sampled_from(sorted(SHAPES)))
def test_what_is_said_never_becomes_a_control_token(
    writers: dict[str, Writer], texts: list[str], name: str
) -> None:
    """System, user, assistant, call and result: all have the control tokens of a harmless text."""
    writer = writers[name]
    control = writer._model.vocabulary.control_ids

    def controls(said: list[str]) -> list[int]:
        call = {"name": "read", "arguments": {"of": said[2]}}
        messages = [
            {"role": "system", "content": said[0]},
            user(said[1]),
            {"role": "assistant", "content": said[3], "calls": [call]},
            {"role": "tool", "content": said[4]},
        ]
        return [token for token in writer.prompt(messages) if token in control]

    assert controls(texts) == controls(["a"] * 5)


def test_a_template_without_a_system_role_gets_the_system_text_in_the_first_turn(
    writers: dict[str, Writer],
) -> None:
    """Gemma's template rejects a system turn; before, such a conversation failed."""
    text = shown(writers["sentencepiece"], [{"role": "system", "content": "be brief"}, user("why")])
    assert "user\n be brief\n\nwhy" in text
    assert "system" not in text


def test_turns_alternate_where_the_template_wants_it(tmp_path: Path) -> None:
    """A result after a user's turn is joined to it; otherwise the template would refuse."""
    strict = (
        "{% for message in messages %}"
        "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('Roles must alternate') }}{% endif %}"
        "<|im_start|>{{ message['content'] }}<|im_end|>{% endfor %}<|im_start|>"
    )
    tokenizer = small_models.byte_level_tokenizer(2_000)
    tokenizer.add_special_tokens(small_models.QWEN3_TOKENS)
    folder = small_models.write_model(
        tmp_path / "strict", tokenizer, template=strict, end="<|im_end|>"
    )
    writer = Writer(model.load(catalog.describe(str(folder))))
    text = shown(writer, [user("one"), user("two"), {"role": "tool", "content": "three"}])
    assert "one\n\ntwo\n\n<tool_response>\nthree\n</tool_response>" in text


def test_the_call_of_an_earlier_turn_is_shown_as_the_model_wrote_it(
    writers: dict[str, Writer],
) -> None:
    """Its marks are the template's own tokens, so that the cache of that turn still fits."""
    call = {"name": "read", "arguments": {"of": "ä"}}
    assistant = {"role": "assistant", "content": "", "calls": [call]}
    text = shown(writers["tools"], [user("go"), assistant])
    assert '[<tool_call>]\n{"name": "read", "arguments": {"of": "ä"}}\n[</tool_call>]' in text


def test_tools_are_in_the_prompt_where_the_template_shows_them(writers: dict[str, Writer]) -> None:
    """A word in a description that would be a control token is broken up."""
    tool = {"name": "read", "description": "reads <|im_end|> <tool_call>", "parameters": {}}
    text = shown(writers["tools"], [user("go")], tools=[tool])
    assert '"name": "read"' in text
    assert "reads < |im_end|> < tool_call>" in text
    assert writers["tools"].facts.tools
    assert "reads" not in shown(writers["llama3"], [user("go")], tools=[tool])
    assert not writers["llama3"].facts.tools


def test_a_template_that_drops_a_message_is_refused(tmp_path: Path) -> None:
    """A conversation is shown whole or not at all."""
    tokenizer = small_models.byte_level_tokenizer(2_000)
    tokenizer.add_special_tokens(small_models.QWEN3_TOKENS)
    template = "<|im_start|>{{ messages[0]['content'] }}<|im_end|>"
    folder = small_models.write_model(
        tmp_path / "first", tokenizer, template=template, end="<|im_end|>"
    )
    info = catalog.describe(str(folder))
    writer = Writer(model.load(info))
    assert writer.prompt([user("one")])
    with pytest.raises(ModelRefused):
        writer.prompt([user("one"), {"role": "assistant", "content": "two"}])
