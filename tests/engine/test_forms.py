"""Answers under a schema: whatever the model, they parse and fit."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jsonschema
import pytest

from engine.chat.local import LocalBackend
from engine.chat.records import Message, WritingOptions
from engine.child.client import ModelClient
from engine.errors import ToolRefused
from engine.models import catalog
from engine.written.requests import Request, Shown
from tests.chat_model import smollm2


@pytest.fixture(scope="module")
def backend() -> Iterator[LocalBackend]:
    client = ModelClient(catalog.describe(str(smollm2())), silence_s=280)
    yield LocalBackend(client)
    client.close()


@pytest.mark.timeout(600)
def test_every_sentence_cites_a_paragraph_that_was_shown(backend: LocalBackend) -> None:
    """The grammar has no other numbers, and no answer without one."""
    shown = (
        Shown("The river was cold.", (4,)),
        Shown("The school has twelve teachers.", (7,), "Ada"),
    )
    request = Request("description", "sentences", shown, 1, "en")
    written = backend.write(
        [Message("user", request.message())],
        options=WritingOptions(max_tokens=request.most_tokens, schema=request.schema()),
        on_text=lambda text: None,
    )
    answer = json.loads(written.text)
    jsonschema.validate(answer, request.schema())
    assert written.finish == "stop"
    assert {n for entry in answer["sentences"] for n in entry["cites"]} <= {4, 7}


@pytest.mark.timeout(600)
def test_a_schema_that_cannot_be_followed_is_refused(backend: LocalBackend) -> None:
    """Before anything is written."""
    with pytest.raises(ToolRefused):
        backend.write(
            [Message("user", "Hello.")],
            options=WritingOptions(max_tokens=5, schema={"$ref": "#/nowhere"}),
            on_text=lambda text: None,
        )
