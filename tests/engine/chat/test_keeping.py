"""A message is the same after it was kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.keeping import dump, load
from engine.chat.records import Message, ToolCall

VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text())
CALLS = st.builds(ToolCall, st.text(), st.text(), st.dictionaries(st.text(), VALUES))
MESSAGES = st.builds(
    Message,
    st.sampled_from(["system", "user", "assistant", "tool"]),
    st.text(),
    calls=st.lists(CALLS).map(tuple),
    call_id=st.text(),
    name=st.text(),
    thinking=st.text(),
    pinned=st.booleans(),
    reference=st.text(),
)


@given(MESSAGES)
def test_a_message_is_read_as_it_was_kept(message: Message) -> None:
    """In ASCII, whatever it says."""
    text = dump(message)
    assert text.isascii()
    assert load(text) == message


@pytest.mark.parametrize(
    "text", ["", "7", "{}", '{"role": "root", "content": ""}', '{"role": "user", "calls": [1]}']
)
def test_what_is_no_message_is_refused(text: str) -> None:
    """With the error that callers expect."""
    with pytest.raises(ValueError, match=r"not a message|not a call|Expecting"):
        load(text)


def test_a_key_of_a_later_version_is_ignored() -> None:
    """So that an older version still reads the conversation."""
    kept = json.loads(dump(Message("user", "hi"))) | {"mood": "good"}
    assert load(json.dumps(kept)) == Message("user", "hi")
