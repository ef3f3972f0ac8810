"""Calls are read in every form that models write; a broken one says what is wrong."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.calls import may_be_bare, parse
from engine.chat.repair import Broken, load_all


def read(text: str) -> list[tuple[str, Any]]:
    """Return the calls of a text; it must have some."""
    numbers = count()
    parsed = parse(text, lambda: str(next(numbers)))
    assert parsed.problem == ""
    assert [call.id for call in parsed.calls] == [str(n) for n in range(len(parsed.calls))]
    return [(call.name, call.arguments) for call in parsed.calls]


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "read", "arguments": {"id": "talk", "from_s": 12}}',
        '\n```json\n{"name": "read", "arguments": {"id": "talk", "from_s": 12}}\n```\n',
        '{"name": "read", "parameters": {"id": "talk", "from_s": 12}}',
        '<|python_tag|>{"name": "read", "parameters": {"id": "talk", "from_s": 12}}',
        '{"type": "function", "function": {"name": "read", '
        '"arguments": "{\\"id\\": \\"talk\\", \\"from_s\\": 12}"}}',
        '{"function": "read", "arguments": {"id": "talk", "from_s": 12}}',
        '[{"name": "read", "arguments": {"id": "talk", "from_s": 12}}]',
        '{"name": "read", "id": "c1", "args": {"id": "talk", "from_s": 12}}',
        "{'name': 'read', 'arguments': {'id': 'talk', 'from_s': 12,},}",
        '{name: "read", arguments: {id: "talk", from_s: 12}}',
        '{"name": "read", "arguments": {"id": "talk", "from_s": 12',
        '{"name": "read", "arguments": {"id": "talk", "from_s": 12}}}',
        "[read(id='talk', from_s=12)]",
        'read(id="talk", from_s=12)',
        '<function=read>{"id": "talk", "from_s": 12}</function>',
        '<tool name="read">{"id": "talk", "from_s": 12}</tool>',
    ],
)
def test_a_call_is_read_in_every_form(text: str) -> None:
    """All of these say the same."""
    assert read(text) == [("read", {"id": "talk", "from_s": 12})]


@pytest.mark.parametrize(
    "text",
    [
        "<function=read>\n<parameter=id>\ntalk\n</parameter>\n<parameter=from_s>\n12\n</parameter>\n"
        "</function>",
        "<function=read><parameter=id>talk<parameter=from_s>12",
        '<tool name="read">\nid: talk\nfrom_s: 12\n</tool>',
        ' name="read">\nid: "talk"\nfrom_s: 12\n',
        '<tool name="read"><id>talk</id><from_s>12</from_s></tool>',
        '<invoke name="read"><parameter name="id">talk</parameter>'
        '<parameter name="from_s">12</parameter></invoke>',
    ],
)
def test_a_form_without_types_gives_text(text: str) -> None:
    """The schema of the tool says later what is a number."""
    assert read(text) == [("read", {"id": "talk", "from_s": "12"})]


def test_several_calls_in_one_text_are_several_calls() -> None:
    """In a list, one after the other, or as in Python."""
    two = [("f", {"a": 1}), ("g", {})]
    assert read('{"name": "f", "arguments": {"a": 1}}\n{"name": "g", "arguments": {}}') == two
    assert read('{"name": "f", "parameters": {"a": 1}}; {"name": "g", "parameters": {}}') == two
    assert read("[f(a=1), g()]") == two
    assert read('<function=f>{"a": 1}</function><function=g></function>') == two


def test_values_of_several_lines_stay_whole() -> None:
    """A raw line end in a string, a block with its own indents, a text between tags."""
    text = "one\n  two: 2\nthree"
    assert read(f'{{"name": "f", "arguments": {{"a": "{text}"}}}}') == [("f", {"a": text})]
    block = '<tool name="f">\na: |\n  one\n    two: 2\n  three\nb: 1\n</tool>'
    assert read(block) == [("f", {"a": text, "b": "1"})]
    tags = f"<function=f><parameter=a>\n{text}\n</parameter></function>"
    assert read(tags) == [("f", {"a": text})]


def test_python_values_are_plain_values() -> None:
    """Lists, dictionaries, negative numbers, constants of both languages."""
    text = "f(a=[1, -2.5], b={'c': None, 'd': (true,)}, e=False)"
    assert read(text) == [("f", {"a": [1, -2.5], "b": {"c": None, "d": [True]}, "e": False})]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "it is empty"),
        ("[]", "it names no tool"),
        ("please read it", "without quotes"),
        ('{"arguments": {}}', "it names no tool"),
        ('{"name": 3}', "it names no tool"),
        ('{"name": "f", "arguments": [1]}', "its arguments are not an object"),
        ('{"name": "f", "arguments": {"a": "never clo', "a string is not closed"),
        ('{"name": "f", "arguments": {"a": NaN}}', "without quotes"),
        ("f(1)", "its arguments have no names"),
        ("f(a=g())", "an argument is no plain value"),
        ("f(a=", "it looks like Python and is none"),
        ("[f(a=1), 2]", "something in it is not a call"),
        ("<tool>x</tool>", "its tag names no tool"),
        ('<tool name="f">\nno colon\n</tool>', "is no line of"),
        ("[" * 100_001, "more than 100,000 characters"),
        ("[" * 50_000, "nested too deeply"),
    ],
)
def test_a_broken_call_says_what_is_wrong(text: str, what: str) -> None:
    """The model can write it again; the text is kept."""
    parsed = parse(text, lambda: "id")
    assert parsed.calls == ()
    assert what in parsed.problem
    assert parsed.text == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9999, 9999) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
objects = st.dictionaries(st.text(), json_values)


@given(objects, st.booleans())
def test_sound_json_is_never_changed(value: dict[str, Any], ascii_only: bool) -> None:
    """Repair touches only what cannot be read."""
    assert load_all(json.dumps(value, ensure_ascii=ascii_only)) == [value]


@given(objects, st.integers(1, 3))
def test_missing_brackets_are_added(value: dict[str, Any], missing: int) -> None:
    """At the end of a text, only those that are missing there."""
    text = json.dumps({"a": [{"b": value}]})[:-missing]
    assert load_all(text) == [{"a": [{"b": value}]}]


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    """It returns calls or a problem, whatever is written."""
    parsed = parse(text, lambda: "id")
    assert bool(parsed.calls) != bool(parsed.problem)


@given(st.text(alphabet="{}[]\"',:\\ntrue<>=f()/ \n|"))
def test_no_text_like_a_call_breaks_the_parser(text: str) -> None:
    """The same for texts of the characters that matter."""
    parsed = parse(text, lambda: "id")
    assert bool(parsed.calls) != bool(parsed.problem)


@given(st.text(alphabet='{}[]"name:(=<function`js \n', max_size=30), st.integers(0, 30))
def test_what_cannot_be_a_call_cannot_become_one(text: str, end: int) -> None:
    """`may_be_bare` is never True behind a beginning for which it is False."""
    assert may_be_bare(text[:end]) or not may_be_bare(text)


def test_quotes_inside_strings_are_told_from_those_around() -> None:
    """A quote ends a string where something follows that can follow a string."""
    assert load_all("{'a': 'it's \"here\"'}") == [{"a": 'it\'s "here"'}]
    assert load_all('{"a": "she said "no" then",}') == [{"a": 'she said "no" then'}]
    with pytest.raises(Broken, match="not closed"):
        load_all('{"a": "b')
