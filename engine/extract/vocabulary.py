"""Tags of the user's own list: which of them a transcript speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.records import Document, Extracts
from engine.text.letters import core, folded

_MOST = 10


def restrict(extracts: Extracts, document: Document, vocabulary: Sequence[str]) -> Extracts:
    """Return extracts whose tags are of the user's list; the others are proposed apart.

    A tag of the list is taken if its words stand in the text in a row, in any form, the most
    frequent first.
    """
    if not vocabulary:
        return extracts
    bases = _bases(document)
    counted = [(_count(_split(tag), bases), tag) for tag in vocabulary]
    found = sorted(((count, tag) for count, tag in counted if count), key=lambda pair: -pair[0])
    taken = tuple(tag for _, tag in found[:_MOST])
    own = {folded(tag) for tag in vocabulary}
    proposed = tuple(tag for tag in extracts.tags if folded(tag) not in own)
    return replace(extracts, tags=taken, proposed_tags=proposed)


def is_phrase_of(phrase: str, document: Document) -> bool:
    """Return whether the words of a phrase stand in a row in the text, in any form."""
    wanted = _split(phrase)
    return 0 < len(wanted) <= 4 and _count(wanted, _bases(document)) > 0


def _bases(document: Document) -> list[str]:
    return [
        base
        for paragraph in document.paragraphs
        for word in paragraph
        for base in _split(word.text)
    ]


def _split(text: str) -> list[str]:
    parts = text.replace("-", " ").split()
    return [_base(key) for part in parts if (key := core(folded(part)).removesuffix("'s"))]


def _base(key: str) -> str:
    """Return a word without the commonest endings of plurals."""
    for ending in "sne":
        if len(key) > 4:
            key = key.removesuffix(ending)
    return key


def _count(wanted: Sequence[str], bases: Sequence[str]) -> int:
    size = len(wanted)
    if not size:
        return 0
    first = wanted[0]
    return sum(
        base == first and bases[at : at + size] == list(wanted) for at, base in enumerate(bases)
    )
