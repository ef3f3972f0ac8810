"""The mark that opens a question, for languages that demand one: where it stands in a best path.

A question is known by its end, and its beginning is far from there, so this is no matter of the
best path: the path is taken first, and then the first word of each question, or of the clause that
asks, takes the same reading with the mark in front, where the lattice offers one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.text.lattice import Choice, Lattice
from engine.text.marks import CLAUSE_MARKS, OPENERS, group
from engine.text.readings import content
from engine.text.structure import is_ellipsis

#: Words that ask, and words that may stand before them: ", ¿por qué".
_ASKING: Final = frozenset(
    "qué quién quiénes cuál cuáles cómo cuándo dónde adónde cuánto cuánta cuántos cuántas".split()  # noqa: SIM905
)
_LEADING: Final = frozenset(("a", "con", "de", "desde", "en", "hasta", "para", "por", "y", "sobre"))
#: A sentence that ends with one of these after a comma asks for agreement: ", ¿no?".
_AGREEING: Final = frozenset(("no", "verdad", "sí", "cierto", "eh"))


def open_questions(lattice: Lattice, path: Sequence[Choice], *, begins: bool) -> list[Choice]:
    """Return a path with its questions opened; `begins` says that a sentence starts with it.

    A question whose beginning lies in the part before stays as it is.
    """
    out = list(path)
    start: int | None = 0 if begins else None
    for n, choice in enumerate(path):
        join = lattice.joins[n][choice.join].join
        if start is not None and group(join.mark, lattice.part.words[n].text) == "question":
            place = _place(lattice, path, start, n)
            opened = None if place is None else lattice.opened(place, path[place].reading)
            if place is not None and opened is not None:
                out[place] = Choice(opened, path[place].join)
        if lattice.may_end(n, choice.join) and (join.paragraph or not is_ellipsis(join.trail)):
            start = n + 1
    return out


def _place(lattice: Lattice, path: Sequence[Choice], start: int, end: int) -> int | None:
    """Return the word of a sentence that its question opens with; None: it is open already."""
    texts = [word.text for word in lattice.part.words[start : end + 1]]
    if any(char in OPENERS[-2:] for text in texts for char in text):
        return None
    heard = [content(text) for text in texts]
    place = start
    for n in range(1, len(texts)):
        before = lattice.joins[start + n - 1][path[start + n - 1].join].join.trail
        if not any(char in CLAUSE_MARKS for char in before):
            continue
        asks = heard[n] in _ASKING or (
            heard[n] in _LEADING and n + 1 < len(heard) and heard[n + 1] in _ASKING
        )
        if asks or (start + n == end and heard[n] in _AGREEING):
            place = start + n
    return place
