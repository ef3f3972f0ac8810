"""The text of an answer -> what the model thought, and what it says.

The marks around thoughts are the model's own and come from `BackendFacts`. A lone closer makes
everything before it a thought: some templates put the opener into the prompt. A thought that is not
closed reaches to the end. `stream.py` takes the same decisions while the text is still coming.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extracted:
    """A whole text, taken apart."""

    answer: str  # without white space at its ends
    thinking: str  # the thoughts, with a blank line between two


def extract(
    text: str, marks: tuple[str, str] | None, *, begins_thinking: bool = False
) -> Extracted:
    """Return the answer and the thoughts of a whole text.

    `begins_thinking`: the prompt ended inside a thought, so the text starts in it.
    """
    if marks is None:
        return Extracted(text.strip(), "")
    opener, closer = marks
    answer: list[str] = []
    thoughts: list[str] = []
    rest, inside = text, begins_thinking
    while rest:
        if inside:
            rest = _without_opener(rest, opener)
            thought, closed, rest = rest.partition(closer)
            thoughts.append(thought.strip())
            inside = not closed
            continue
        said, found, rest = _until(rest, opener, "" if thoughts else closer)
        answer.append(said)
        if found == closer:
            thoughts.append("".join(answer).strip())
            answer.clear()
        inside = found == opener
    return Extracted("".join(answer).strip(), "\n\n".join(filter(None, thoughts)))


def _without_opener(text: str, opener: str) -> str:
    """Return the text of a thought without openers that the model repeats at its start."""
    while text.lstrip().startswith(opener):
        text = text.lstrip().removeprefix(opener)
    return text


def _until(text: str, *marks: str) -> tuple[str, str, str]:
    """Return the text before the first of these marks, that mark ("" if none), and the rest."""
    places = [(text.find(mark), mark) for mark in marks if mark and mark in text]
    if not places:
        return text, "", ""
    place, mark = min(places)
    return text[:place], mark, text[place + len(mark) :]
