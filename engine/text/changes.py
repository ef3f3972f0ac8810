"""Enhanced words -> a diff against the source, as plain data.

Whoever prints it chooses the colours and makes it safe for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from engine.records import EnhancedWord
from engine.text.prose import printable
from engine.text.readings import take_apart

Operation = Literal["same", "changed", "paragraph"]


def diff(words: Iterable[EnhancedWord]) -> list[tuple[Operation, str, str]]:
    """Return the words as `(operation, source, target)`, with equal neighbours joined.

    `paragraph` stands where a paragraph ends, with empty texts.
    """
    found: list[tuple[Operation, str, str]] = []
    for word in words:
        heard = before(word)
        same = word.text == heard
        space = "" if word.word.glued else " "
        source, target = printable(heard), printable(word.text)
        if same and found and found[-1][0] == "same":
            text = found[-1][1] + space + source
            found[-1] = ("same", text, text)
        else:
            found.append(("same" if same else "changed", source, target))
        if word.paragraph:
            found.append(("paragraph", "", ""))
    return found


def before(word: EnhancedWord) -> str:
    """Return what the source has in a word's place."""
    heard = word.word.heard
    if heard is None or not heard:
        return word.word.text if heard is None else ""
    written = take_apart(word.word.text)
    return written.lead + heard + written.trail
