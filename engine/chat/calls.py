"""The text of a call -> which tool with which arguments, in every form that models write.

These are JSON (`name` with `arguments` or `parameters`, one or several), Qwen's and Llama's
`<function=NAME>`, tags with a name (`<tool name="NAME">`), and Python's `[name(key=value)]`. Values
that a form writes without types stay strings here; `schema.py` gives them their type.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import regex  # type: ignore[import-untyped]

from engine.chat.records import ToolCall
from engine.chat.repair import Broken, load_all, without_fence
from engine.chat.tags import read_function, read_tag

#: What an answer begins with that is a call without marks.
_BARE: Final = regex.compile(
    r"(?:```[\w-]*\s*)?\[?\s*"
    r'(?:\{\s*"(?:name|function|tool|type|arguments|parameters)"\s*:.*'
    r"|[A-Za-z_][\w.]*\(\s*(?:\)|[A-Za-z_]\w*\s*=).*"
    r"|<function=.*|<(?:tool|invoke)\s+name=.*|<\|python_tag\|>.*)",
    regex.DOTALL,
)
_PYTHON_TAG: Final = "<|python_tag|>"
_NAMES: Final = ("name", "function", "tool", "tool_name")
_ARGUMENTS: Final = ("arguments", "parameters", "args", "input")
_LONGEST: Final = 100_000  # characters
HOW: Final = 'Write a call as JSON: {"name": "TOOL", "arguments": {...}}.'


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a text between the marks of a call says."""

    calls: tuple[ToolCall, ...] = ()
    problem: str = ""  # why there are none, as a sentence for the model
    text: str = ""  # as it was written


def may_be_bare(text: str) -> bool:
    """Return whether an answer that begins with this text may be a call without marks."""
    return regex.fullmatch(_BARE, text, partial=True) is not None


def parse(text: str, new_id: Callable[[], str]) -> Parsed:
    """Return the calls that a text holds, or what is wrong with it; every call gets a new id."""
    if len(text) > _LONGEST:
        return Parsed(problem=f"The call has more than {_LONGEST:,} characters.", text=text)
    try:
        found = _read(text)
    except Broken as broken:
        return Parsed(problem=f"The call could not be read: {broken}. {HOW}", text=text)
    return Parsed(tuple(ToolCall(new_id(), name, given) for name, given in found), text=text)


def _read(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    bare = without_fence(text.strip()).strip().removeprefix(_PYTHON_TAG).strip()
    if not bare:
        raise Broken("it is empty")
    if bare.startswith("<function="):
        return read_function(bare)
    if bare.startswith(("<", "name=")):
        return read_tag(bare)
    if re.match(r"\[?\s*[A-Za-z_][\w.]*\s*\(", bare):
        return _python(bare)
    values = load_all(bare)
    flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
    if not flat:
        raise Broken("it names no tool")
    return [_call(value) for value in flat]


def _call(value: Any) -> tuple[str, Mapping[str, Any]]:
    """Return the name and the arguments of a call in JSON."""
    if not isinstance(value, dict):
        raise Broken("it is not an object with a name and arguments")
    if isinstance(value.get("function"), dict):
        value = value["function"]
    key = next((key for key in _NAMES if key in value), "")
    name = value.get(key)
    if not isinstance(name, str) or not name.strip():
        raise Broken("it names no tool")
    given = next((value[key] for key in _ARGUMENTS if key in value), None)
    if given is None:
        given = {k: v for k, v in value.items() if k not in (key, "type", "id", *_ARGUMENTS)}
    if isinstance(given, str):
        (given,) = load_all(given)[:1] if given.strip() else [{}]
    if not isinstance(given, dict):
        raise Broken("its arguments are not an object")
    return name.strip(), given


def _python(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Return calls that are written as in Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in the model's strings
            body = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Broken("it looks like Python and is none") from error
    nodes = body.elts if isinstance(body, ast.List | ast.Tuple) else [body]
    return [_python_call(node) for node in nodes]


def _python_call(node: ast.expr) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(node, ast.Call):
        raise Broken("something in it is not a call")
    if node.args or any(keyword.arg is None for keyword in node.keywords):
        raise Broken("its arguments have no names")
    return ast.unparse(node.func), {str(k.arg): _literal(k.value) for k in node.keywords}


def _literal(node: ast.expr) -> Any:
    """Return the JSON value that an expression writes; raises `Broken` for any other."""
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str()):
            return node.value
        case ast.List() | ast.Tuple():
            return [_literal(each) for each in node.elts]
        case ast.Dict():
            keys = [None if key is None else _literal(key) for key in node.keys]
            if all(isinstance(key, str) for key in keys):
                return dict(zip(keys, map(_literal, node.values), strict=True))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Name(id="true" | "false" | "null" as name):
            return {"true": True, "false": False, "null": None}[name]
    raise Broken("an argument is no plain value")
