"""Marks and times inside a cue: which word is lit while it is said, and when each is said."""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.reading.times import seconds
from engine.text.words import split_words

LONGEST = 2_000  # characters of a cue that is looked into

_MARKUP = re.compile(
    r"<(?P<close>/)?(?:[bciu]|font)(?:\.[^\s<>&]*)?(?:\s[^<>]*)?>"
    r"|<(?P<time>(?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,9})>",
    re.IGNORECASE,
)


def marks(
    markup: str, plain: Callable[[str], str]
) -> tuple[tuple[int, ...], tuple[tuple[int, float], ...]]:
    """Return which words of a cue's text are marked, and the times that stand before words.

    Words are counted in the plain text; a mark over all words marks none, unless there is but one.
    """
    if "<" not in markup or len(markup) > LONGEST:
        return (), ()
    at, text = 0, ""
    opened: int | None = None
    marked: set[int] = set()
    stamps: list[tuple[int, float]] = []
    for match in _MARKUP.finditer(markup):
        text += plain(markup[at : match.start()])
        at = match.end()
        here = len(split_words(text))
        if match["time"]:
            moment = seconds(match["time"])
            if moment is not None:
                stamps.append((here, moment))
        elif not match["close"]:
            opened = here
        elif opened is not None:
            marked.update(range(opened, here))
            opened = None
    total = len(split_words(text + plain(markup[at:])))
    if len(marked) >= total > 1 or stamps:
        marked = set()
    return tuple(sorted(n for n in marked if n < total)), tuple(stamps)
