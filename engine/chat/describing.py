"""What a writing model is asked about a recording, and what of its answer is used.

The answer is prose of a model and not quoted: whoever shows it says so and keeps the quoted one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.chat.records import Backend, Message, WritingOptions
from engine.chat.stream import split

TITLE_TOKENS: Final = 40
DESCRIPTION_TOKENS: Final = 200
_ASKED: Final = {
    "title": "Write a title for this recording: a few words on one line and nothing else.",
    "description": "Describe in one or two sentences what this recording is about. Write nothing "
    "else.",
}
_LONGEST: Final = {"title": 120, "description": 800}  # characters
_LABEL: Final = re.compile(r"\A\W*(?:title|description)\W*:\s*", re.IGNORECASE)
_SENTENCE: Final = re.compile(r".+[.!?。！？।؟](?=\W*\Z|\s)", re.DOTALL)
_QUOTES: Final = "\"'“”„«»*#`_ "


@dataclass(frozen=True, slots=True)
class Described:
    """What a model wrote about a recording; "" where it wrote nothing that can be used."""

    title: str
    description: str


def describe(
    backend: Backend,
    paragraphs: Sequence[str],
    key_points: Sequence[str],
    options: Callable[[int], WritingOptions],
    *,
    cancelled: Callable[[], bool] = lambda: False,
) -> Described:
    """Let a model write title and description; raises what the backend raises.

    A recording that does not fit into half of the context is shown by its key points. `options`
    are asked for with the most tokens of an answer.
    """
    shown = _fitting(backend, paragraphs, key_points)
    found = {}
    for name, most in (("title", TITLE_TOKENS), ("description", DESCRIPTION_TOKENS)):
        message = _message(shown, _ASKED[name])
        written = backend.write(
            [message], options=options(most), on_text=lambda text: None, cancelled=cancelled
        )
        answer = split(written.text, backend.facts).answer
        found[name] = tidy(answer, name=name, cut_off=written.finish != "stop")
    return Described(**found)


def tidy(answer: str, *, name: str, cut_off: bool = False) -> str:
    """Return an answer as a title or a description on one line, without what surrounds it.

    Of an answer that was cut off only whole sentences are kept.
    """
    text = _LABEL.sub("", answer.strip())
    text = next((line for line in text.splitlines() if line.strip(_QUOTES)), "")
    text = " ".join(text.strip(_QUOTES).split())
    text = _LABEL.sub("", text)
    if name == "title":
        text = text.rstrip(".:")
    elif cut_off:
        found = _SENTENCE.match(text)
        text = found[0] if found else ""
    return text if len(text) <= _LONGEST[name] else ""


def _fitting(backend: Backend, paragraphs: Sequence[str], key_points: Sequence[str]) -> list[str]:
    most = backend.facts.context // 2
    for shown in (list(paragraphs), list(key_points)):
        if shown and backend.count([_message(shown, "")]) <= most:
            return shown
    shown = list(paragraphs)
    while len(shown) > 1 and backend.count([_message(shown, "")]) > most:
        shown = shown[: len(shown) // 2]
    return [shown[0][: most * 2]] if len(shown) == 1 else shown


def _message(shown: Sequence[str], asked: str) -> Message:
    text = "\n\n".join(shown)
    return Message("user", f"This was said in a recording:\n\n{text}\n\n{asked}")
