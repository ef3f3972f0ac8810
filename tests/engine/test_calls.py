"""Tool calls are decoded under their schema: whatever the model, what it calls is well formed."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.errors import ToolRefused
from engine.guided import model
from engine.guided.calls import CallGrammar, CallGuide
from engine.guided.generate import Options, Writer
from engine.models import catalog
from tests import small_models
from tests.chat_model import smollm2

MARKS = small_models.TOOLS_PLAIN_ADDED[0], small_models.TOOLS_PLAIN_ADDED[1]
CALL = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)
QUESTION = {"role": "user", "content": "Read the talk about gardens."}
Tool = dict[str, Any]

# Not made smaller: every try runs a model.
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
VALUES = st.one_of(
    st.builds(lambda most: {"type": "integer", "minimum": -5, "maximum": most}, st.integers(0, 99)),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.lists(
        st.text('abcé"\\\n<', min_size=1, max_size=5), min_size=1, max_size=3, unique=True
    ).map(lambda words: {"enum": words}),
    st.builds(lambda most: {"type": "string", "maxLength": most}, st.integers(0, 6)),
    st.just({"type": "string", "pattern": "^[0-9]{2}:[0-9]{2}$"}),
)
NESTED = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        inner.map(lambda of: {"type": "array", "items": of, "maxItems": 2}),
        st.dictionaries(st.sampled_from(["a", "b c", "ä"]), inner, max_size=2).map(
            lambda of: {
                "type": "object",
                "properties": of,
                "required": sorted(of)[:1],
                "additionalProperties": False,
            }
        ),
        st.lists(inner, min_size=2, max_size=2).map(lambda of: {"anyOf": of}),
    ),
    max_leaves=4,
)
PARAMETERS = st.dictionaries(st.sampled_from(["name", "from", "to"]), NESTED, max_size=3).map(
    lambda of: {
        "type": "object",
        "properties": of,
        "required": sorted(of),
        "additionalProperties": False,
    }
)
TOOLS = st.lists(
    st.builds(
        lambda name, parameters: {"name": name, "description": "", "parameters": parameters},
        st.sampled_from(["read", "list_all", 'a "quoted" one', "lire_é"]),
        PARAMETERS,
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda tool: tool["name"],
)
READ: Tool = {
    "name": "read",
    "description": "Reads a talk.",
    "parameters": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "maxLength": 12},
            "minutes": {"type": "integer", "minimum": 0, "maximum": 90},
        },
        "required": ["name", "minutes"],
        "additionalProperties": False,
    },
}


def check(calls: list[str], tools: list[Tool]) -> None:
    """Raise unless each text is a call that the schema of its tool allows."""
    schemas = {tool["name"]: tool["parameters"] for tool in tools}
    for text in calls:
        call = json.loads(text)
        assert list(call) == ["name", "arguments"]
        jsonschema.validate(call["arguments"], schemas[call["name"]])


@pytest.fixture(scope="module")
def writers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Writer]:
    """Return random models: one has tokens for the marks of a call, one spells them."""
    base = tmp_path_factory.mktemp("callers")
    makers = {
        "tools": small_models.tools_like,
        "sentencepiece": small_models.sentencepiece_like,
    }
    return {
        name: Writer(model.load(catalog.describe(str(make(base / name)))))
        for name, make in makers.items()
    }


def answer(writer: Writer, tools: list[Tool], **options: Any) -> tuple[str, str]:
    pieces: list[str] = []
    took = writer.write([QUESTION], tools=tools, options=Options(**options), on_text=pieces.append)
    return "".join(pieces), took.finish


@settings(max_examples=12, phases=QUICK)
@given(
    tools=TOOLS,
    seed=st.integers(0, 1 << 20),
    temperature=st.sampled_from([0.0, 1.0, 5.0]),
    name=st.sampled_from(["tools", "sentencepiece"]),
)
def test_a_random_model_writes_calls_that_fit_their_schema(
    writers: dict[str, Writer], tools: list[Tool], seed: int, temperature: float, name: str
) -> None:
    """It knows nothing, and whatever it calls has a known name and allowed arguments."""
    text, finish = answer(
        writers[name],
        tools,
        max_tokens=80,
        temperature=temperature,
        seed=seed,
        force_tool=True,
    )
    assert text.startswith(MARKS[0])
    calls = CALL.findall(text)
    check(calls, tools)
    assert calls or finish == "length"


@pytest.fixture(scope="module")
def grammars(writers: dict[str, Writer]) -> dict[str, CallGrammar]:
    """Return the grammars of two kinds of tokenizers."""
    made = {}
    for name in ("tools", "sentencepiece"):
        loaded = writers[name]._model
        made[name] = CallGrammar(loaded.vocabulary, loaded.template.end_id)
    return made


@settings(max_examples=25, phases=QUICK)
@given(
    tools=TOOLS,
    chooser=st.randoms(use_true_random=False),
    name=st.sampled_from(["tools", "sentencepiece"]),
    thinking=st.booleans(),
)
def test_a_mark_in_any_spelling_begins_a_call(
    grammars: dict[str, CallGrammar],
    tools: list[Tool],
    chooser: random.Random,
    name: str,
    thinking: bool,
) -> None:
    """A model that spells the mark token by token, and longs to write on after it, cannot."""
    grammar = grammars[name]
    marks = ("<think>", "</think>") if thinking else None
    guide = CallGuide(grammar, tools, call_marks=MARKS, thinking=marks)
    text = _walk(grammar, guide, chooser, "ah <" + MARKS[0] + '{"name": 1}' + MARKS[1])
    calls = CALL.findall(text)
    assert calls
    check(calls, tools)
    assert all(mark not in call for call in calls for mark in (*MARKS, *(marks or ())))


def _walk(grammar: CallGrammar, guide: CallGuide, chooser: random.Random, wish: str) -> str:
    """Return a text whose writer follows a wish as far as it may, and guesses where it may not."""
    vocabulary = grammar.vocabulary
    by_start: dict[bytes, list[int]] = {}
    for data, token in grammar._sorted:
        by_start.setdefault(data[:1], []).append(token)
    written = b""
    target = wish.encode()
    restriction = None
    for _ in range(600):
        if restriction is not None and restriction.forced:
            tokens = list(restriction.forced)
        else:
            mask = None if restriction is None else restriction.mask
            rest = target[len(written) :] if target.startswith(written) else b""
            wanted = [
                token
                for token in by_start.get(rest[:1], ())
                if rest.startswith(vocabulary.bytes_of[token]) and (mask is None or mask[token])
            ]
            if mask is None and not wanted:
                return written.decode("utf-8", "replace")
            tokens = [chooser.choice(wanted or [int(n) for n in mask.nonzero()[0]])]
        written += b"".join(
            vocabulary.bytes_of.get(token) or vocabulary._control_tokens[token].encode()
            for token in tokens
        )
        restriction = guide.after(tokens, written.decode("utf-8", "replace"))
    return written.decode("utf-8", "replace")


def test_a_call_that_is_only_thought_of_is_free(grammars: dict[str, CallGrammar]) -> None:
    """A model that thinks about its form is left to it."""
    guide = CallGuide(grammars["tools"], [READ], call_marks=MARKS, thinking=("<think>", "</think>"))
    assert guide.after([65], "<think>a <tool_call>") is None
    assert guide.after([65], "<think>a</think><tool_call>") is not None


def test_a_schema_that_cannot_be_held_is_refused_by_the_name_of_its_tool(
    writers: dict[str, Writer],
) -> None:
    """Silence would let a call through that its tool forbids."""
    odd = {"type": "array", "uniqueItems": True}
    tool = {"name": "odd", "parameters": {"type": "object", "properties": {"a": odd}}}
    with pytest.raises(ToolRefused, match=r"the tool odd cannot be checked.*uniqueItems"):
        answer(writers["tools"], [READ, tool], max_tokens=5)


def test_definitions_are_those_of_their_own_tool(writers: dict[str, Writer]) -> None:
    """Two tools may use one name for different things."""
    tools = [
        {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {"of": {"$ref": "#/$defs/of"}},
                "required": ["of"],
                "additionalProperties": False,
                "$defs": {"of": {"enum": [name.upper()]}},
            },
        }
        for name in ("one", "two")
    ]
    for seed in range(2):
        text, _ = answer(
            writers["tools"], tools, max_tokens=40, temperature=3.0, seed=seed, force_tool=True
        )
        check(CALL.findall(text)[:1], tools)
        assert CALL.findall(text)


def test_smollm2_writes_a_call_that_fits() -> None:
    """Asked to begin with a call, the weak model writes a sound one with words of its own."""
    writer = Writer(model.load(catalog.describe(str(smollm2()))))
    pieces: list[str] = []
    writer.write(
        [QUESTION],
        tools=[READ],
        options=Options(max_tokens=50, temperature=1.0, seed=1, force_tool=True),
        on_text=pieces.append,
        cancelled=lambda: MARKS[1] in "".join(pieces),
    )
    calls = CALL.findall("".join(pieces))
    assert len(calls) == 1
    check(calls, [READ])
