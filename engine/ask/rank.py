"""Several rankings -> one, by reciprocal ranks (Cormack, Clarke and Büttcher 2009)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

K: Final = 60  # how little the first places of a ranking count above its others; as in the paper


def fuse(rankings: Iterable[Sequence[int]], *, k: int = K) -> list[int]:
    """Return everything that is ranked, best first.

    What several rankings have goes before what only one has at the same place; among equals the
    earlier ranking counts. Scores of different rankings need not be comparable.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for place, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1.0 / (k + place)
    return sorted(scores, key=lambda item: -scores[item])


def join(by_words: Sequence[int], enough: Collection[int], near: Sequence[int]) -> list[int]:
    """Return what was found by words and by meaning, best first.

    A ranking by meaning is never empty: something is always nearest. One by words may hold passages
    that have "against" or "going" of a question and nothing else; that such a passage is among the
    near ones too says little, and yet the sum would put it before the nearest of all. So only those
    that have `enough` of the words are joined with the near ones; the others follow.
    """
    first = fuse([[item for item in by_words if item in enough], near])
    known = set(first)
    return [*first, *(item for item in by_words if item not in known)]
