"""Messages <-> JSON, as conversations are kept on disk."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, get_args

from engine.chat.records import Message, Role, ToolCall


def dump(message: Message) -> str:
    """Return a message as JSON; what is empty is left out."""
    data = {key: value for key, value in asdict(message).items() if value}
    data["role"] = message.role
    data["content"] = message.content
    return json.dumps(data)


def load(text: str) -> Message:
    """Return the message in a JSON text of `dump`; raises ValueError for anything else.

    Keys that a later version added are ignored.
    """
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("role") not in get_args(Role):
        raise ValueError("this is not a message")
    calls = tuple(_call(call) for call in data.get("calls", ()))
    return Message(
        role=data["role"],
        content=str(data.get("content", "")),
        calls=calls,
        call_id=str(data.get("call_id", "")),
        name=str(data.get("name", "")),
        thinking=str(data.get("thinking", "")),
        pinned=bool(data.get("pinned", False)),
        reference=str(data.get("reference", "")),
    )


def _call(data: Any) -> ToolCall:
    if not isinstance(data, dict) or not isinstance(data.get("arguments"), dict):
        raise ValueError("this is not a call")
    return ToolCall(str(data.get("id", "")), str(data.get("name", "")), data["arguments"])
