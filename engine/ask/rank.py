"""Several rankings -> one, by reciprocal ranks (Cormack, Clarke and Büttcher 2009)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
