"""Messages -> prompt token ids. What a message says never becomes a control token.

The template is rendered with marks in place of what was said. Template and content are then encoded
separately, by tokenizers of which one does not know the control tokens.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.errors import ModelRefused
from engine.guided.vocabulary import Vocabulary

#: Renders messages of role and content as the template's text.
Render = Callable[[list[dict[str, str]]], str]


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    kind: Literal["said", "mark", "call"] = "said"


@dataclass(frozen=True, slots=True)
class _Turn:
    role: str
    pieces: tuple[_Piece, ...]


def encode(
    messages: Sequence[Mapping[str, Any]],
    *,
    render: Render,
    vocabulary: Vocabulary,
    shows_tools: bool,
    call_marks: tuple[str, str],
) -> list[int]:
    """Return the prompt of a conversation; raises `ModelRefused` if the template cannot show it.

    Where the template rejects a system turn, the first user's turn begins with what it says; where
    it wants turns to alternate, neighbours of one role are joined.
    """
    turns = [_turn(message, shows_tools, call_marks) for message in messages]
    folded = _without_system(turns)
    failure: Exception | None = None
    for shape in (turns, folded, _joined(folded)):
        marks = [f"\ue000{n}\ue000" for n in range(len(shape))]
        try:
            text = render(
                [
                    {"role": turn.role, "content": mark}
                    for turn, mark in zip(shape, marks, strict=True)
                ]
            )
        except Exception as error:  # templates raise whatever their author chose
            failure = error
            continue
        if all(text.count(mark) == 1 for mark in marks):
            return _encode(text, shape, marks, vocabulary)
    raise ModelRefused(
        "The model's chat template cannot show this conversation.",
        hint="Begin with a user's message, or choose another instruction-tuned model.",
    ) from failure


def call_text(name: str, arguments: Mapping[str, Any]) -> str:
    """Return what stands between the marks of a call, as the model writes it under its schema."""
    return f"\n{json.dumps({'name': name, 'arguments': dict(arguments)}, ensure_ascii=False)}\n"


def _turn(message: Mapping[str, Any], shows_tools: bool, call_marks: tuple[str, str]) -> _Turn:
    role, content = str(message["role"]), str(message["content"])
    if role == "tool" and not shows_tools:
        return _Turn("user", (_Piece(f"<tool_response>\n{content}\n</tool_response>"),))
    pieces = [_Piece(content)] if content else []
    for call in message.get("calls", ()):
        written = _Piece(call_text(str(call["name"]), call["arguments"]), "call")
        pieces += [_Piece("\n")] if pieces else []
        pieces += [_Piece(call_marks[0], "mark"), written, _Piece(call_marks[1], "mark")]
    return _Turn(role, tuple(pieces))


def _without_system(turns: Sequence[_Turn]) -> list[_Turn]:
    said = [piece for turn in turns if turn.role == "system" for piece in (*turn.pieces, _GAP)]
    rest = [turn for turn in turns if turn.role != "system"]
    if not said:
        return rest
    if rest and rest[0].role == "user":
        return [_Turn("user", (*said, *rest[0].pieces)), *rest[1:]]
    return [_Turn("user", tuple(said[:-1])), *rest]


def _joined(turns: Sequence[_Turn]) -> list[_Turn]:
    out: list[_Turn] = []
    for turn in turns:
        if out and out[-1].role == turn.role:
            out[-1] = _Turn(turn.role, (*out[-1].pieces, _GAP, *turn.pieces))
        else:
            out.append(turn)
    return out


def _encode(
    text: str, turns: Sequence[_Turn], marks: Sequence[str], vocabulary: Vocabulary
) -> list[int]:
    ids: list[int] = []
    for turn, mark in zip(turns, marks, strict=True):
        left, text = text.split(mark)
        ids += vocabulary.encode_template(left)
        for kind, pieces in itertools.groupby(turn.pieces, key=lambda piece: piece.kind):
            data = "".join(piece.text for piece in pieces).encode("utf-8", "replace")
            if kind == "mark":
                ids += vocabulary.encode_mark(data.decode("utf-8"))
            elif kind == "call":
                ids += vocabulary.spell(data)[0]
            else:
                ids += vocabulary.encode_content(data.decode("utf-8"))
    return ids + vocabulary.encode_template(text)


_GAP = _Piece("\n\n")
