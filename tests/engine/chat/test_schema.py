"""Arguments are checked as jsonschema checks them, and the model reads what is wrong."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.schema import check_schema, conformed, problems

SPAN = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "from_s": {"type": "number", "minimum": 0},
        "most": {"type": "integer", "maximum": 10},
        "order": {"enum": ["first", "last", 1]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "maybe": {"type": ["string", "null"]},
        "deep": {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]},
    },
    "required": ["id"],
    "additionalProperties": False,
}
plain = (
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.sampled_from([0.5, 2.0, "first", "", "a", "12", "true"])
)
values = plain | st.lists(plain, max_size=3) | st.dictionaries(st.just("on") | st.text(), plain)
keys = st.sampled_from([*SPAN["properties"], "other"])  # type: ignore[misc]


@given(st.dictionaries(keys, values) | values)
def test_it_agrees_with_jsonschema(value: Any) -> None:
    """An independent judge says the same about every value."""
    assert (not problems(value, SPAN)) == jsonschema.Draft202012Validator(SPAN).is_valid(value)


@given(st.dictionaries(keys, values))
def test_no_value_that_fits_is_changed(value: dict[str, Any]) -> None:
    """Texts are read as other types only where a text is not allowed."""
    if not problems(value, SPAN):
        assert conformed(value, SPAN) == value


def test_a_text_that_spells_the_wanted_type_becomes_it() -> None:
    """Forms of calls without types write all values as text."""
    texts = {
        "id": "12",
        "from_s": " 12.5 ",
        "most": "3.0",
        "tags": '["a"]',
        "deep": {"on": "True"},
    }
    typed = {"id": "12", "from_s": 12.5, "most": 3, "tags": ["a"], "deep": {"on": True}}
    assert conformed(texts, SPAN) == typed
    assert conformed({"id": 12}, SPAN) == {"id": "12"}
    assert problems(typed, SPAN) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "`id` is missing."),
        ({"id": 3}, "`id` must be a string, not 3."),
        ({"id": ""}, '`id` must be 1 or more characters long, not "".'),
        ({"id": "a", "from_s": "noon"}, '`from_s` must be a number, not "noon".'),
        ({"id": "a", "from_s": -1}, "`from_s` must be at least 0, not -1."),
        ({"id": "a", "most": True}, "`most` must be a whole number, not true."),
        ({"id": "a", "order": "x"}, '`order` must be one of "first", "last", 1, not "x".'),
        ({"id": "a", "tags": [1]}, "`tags[0]` must be a string, not 1."),
        (
            {"id": "a", "tags": [*"abc"]},
            '`tags` must be a list of 2 or fewer, not ["a", "b", "c"].',
        ),
        ({"id": "a", "deep": {}}, "`deep.on` is missing."),
        ([], "The arguments must be an object, not []."),
    ],
)
def test_what_is_wrong_is_said(value: Any, said: str) -> None:
    """With the place, what is wanted and what came."""
    assert problems(value, SPAN)[0] == said


def test_an_argument_that_does_not_exist_names_those_that_do() -> None:
    """The model can correct itself."""
    (said,) = problems({"id": "a", "start": 3}, SPAN)
    assert said.startswith("There is no argument `start`; there are: id, from_s,")


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": []},
        {"type": "float"},
        {"properties": {"a": {"pattern": "x"}}},
        {"items": {"$ref": "#"}},
        {"additionalProperties": {"type": "string"}},
    ],
)
def test_a_schema_with_anything_else_is_refused(schema: dict[str, Any]) -> None:
    """Nothing goes unchecked in silence."""
    with pytest.raises(ValueError, match="parameters"):
        check_schema(schema)
