"""Arguments of a call checked against the JSON schema of its tool, in words that a model can use.

The part of JSON Schema that tools need: types, `enum`, `properties`, `required`,
`additionalProperties` (true or false), `items`, and bounds of numbers, texts and lists. A schema
with anything else is refused when the tool is offered, so nothing goes unchecked in silence. A text
that spells a value of the wanted type counts as that value: forms of calls without types write all
values as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Schema = Mapping[str, Any]

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}
_ANNOTATIONS: Final = frozenset({"description", "title", "default", "examples", "format"})
_NAMES: Final = {"array": "a list", "object": "an object", "integer": "a whole number"}
_LONGEST: Final = 40  # characters of a value that are quoted
# keyword -> whether a value keeps to its bound, and what is said if not
_BOUNDS: Final[Mapping[str, tuple[Callable[[Any, Any], bool], str]]] = {
    "minimum": (lambda value, bound: value >= bound, "at least {}"),
    "maximum": (lambda value, bound: value <= bound, "at most {}"),
    "exclusiveMinimum": (lambda value, bound: value > bound, "more than {}"),
    "exclusiveMaximum": (lambda value, bound: value < bound, "less than {}"),
    "minLength": (lambda value, bound: len(value) >= bound, "{} or more characters long"),
    "maxLength": (lambda value, bound: len(value) <= bound, "{} or fewer characters long"),
    "minItems": (lambda value, bound: len(value) >= bound, "a list of {} or more"),
    "maxItems": (lambda value, bound: len(value) <= bound, "a list of {} or fewer"),
}
_BOUNDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
}
_INNER: Final = frozenset({"properties", "required", "additionalProperties", "items"})
_KNOWN: Final = frozenset({"type", "enum", *_ANNOTATIONS, *_BOUNDS, *_INNER})


def check_schema(schema: Schema, place: str = "parameters") -> None:
    """Raise ValueError for a schema that says more than is checked here."""
    unknown = sorted(set(schema) - _KNOWN)
    if unknown:
        raise ValueError(f"{place}: {', '.join(unknown)} is not checked here")
    if unknown := sorted(set(_types(schema)) - set(_KINDS)):
        raise ValueError(f"{place}: there is no type {', '.join(unknown)}")
    if not isinstance(schema.get("additionalProperties", True), bool):
        raise ValueError(f"{place}: additionalProperties is true or false here")
    for name, inner in schema.get("properties", {}).items():
        check_schema(inner, f"{place}.{name}")
    if "items" in schema:
        check_schema(schema["items"], f"{place}[]")


def conformed(value: Any, schema: Schema) -> Any:
    """Return a value as the type that its schema wants: texts that spell it, numbers as texts."""
    types = tuple(_types(schema))
    if isinstance(value, str) and types and "string" not in types:
        read = _spelled(value)
        value = read if any(_is_a(read, kind) for kind in types) else value
    if isinstance(value, int | float) and not isinstance(value, bool) and types == ("string",):
        return json.dumps(value)
    if isinstance(value, float) and "integer" in types and value.is_integer():
        value = int(value)
    if isinstance(value, Mapping):
        properties = schema.get("properties", {})
        return {key: conformed(inner, properties.get(key, {})) for key, inner in value.items()}
    if isinstance(value, list):
        return [conformed(inner, schema.get("items", {})) for inner in value]
    return value


def problems(value: Any, schema: Schema, place: str = "") -> list[str]:
    """Return what is wrong with a value, one sentence each; none if it fits."""
    subject = f"`{place}`" if place else "The arguments"
    types = _types(schema)
    if types and not any(_is_a(value, kind) for kind in types):
        wanted = " or ".join(_NAMES.get(kind, f"a {kind}") for kind in types)
        return [f"{subject} must be {wanted}, not {_quoted(value)}."]
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        allowed = ", ".join(_quoted(each) for each in schema["enum"])
        return [f"{subject} must be one of {allowed}, not {_quoted(value)}."]
    found = [
        f"{subject} must be {said.format(schema[bound])}, not {_quoted(value)}."
        for bound in _bounds_of(value)
        if bound in schema
        for holds, said in [_BOUNDS[bound]]
        if not holds(value, schema[bound])
    ]
    if isinstance(value, dict):
        return [*found, *_object_problems(value, schema, place)]
    if isinstance(value, list) and "items" in schema:
        for n, inner in enumerate(value):
            found += problems(inner, schema["items"], f"{place}[{n}]")
    return found


def _object_problems(value: dict[str, Any], schema: Schema, place: str) -> list[str]:
    properties = schema.get("properties", {})
    prefix = f"{place}." if place else ""
    found = [
        f"`{prefix}{key}` is missing." for key in schema.get("required", ()) if key not in value
    ]
    for key, inner in value.items():
        if key in properties:
            found += problems(inner, properties[key], f"{prefix}{key}")
        elif schema.get("additionalProperties") is False:
            known = ", ".join(properties) or "none"
            found.append(f"There is no argument `{prefix}{key}`; there are: {known}.")
    return found


def _types(schema: Schema) -> Sequence[str]:
    types = schema.get("type", ())
    return (types,) if isinstance(types, str) else tuple(types)


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS[kind])


def _bounds_of(value: Any) -> tuple[str, ...]:
    kinds = (kind for kind in _BOUNDS_OF if _is_a(value, kind))
    return next((_BOUNDS_OF[kind] for kind in kinds), ())


def _same(value: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; 1 and true are not."""
    return value == other and isinstance(value, bool) == isinstance(other, bool)


def _spelled(text: str) -> Any:
    """Return the value that a text spells in JSON or Python; the text where it spells none."""
    word = text.strip()
    python = {"True": True, "False": False, "None": None}
    if word in python:
        return python[word]
    try:
        return json.loads(word)
    except (ValueError, RecursionError):
        return text


def _quoted(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
