"""Batches come out the same wherever they are drawn."""

from itertools import chain, islice
from pathlib import Path

import pytest

pytest.importorskip("numpy")
pytest.importorskip("tokenizers")

import numpy as np

from engine.training.drawing import Drawers, Pool
from engine.training.examples import CHOSEN, READ, Batch, Shape


def pool(number: int) -> Pool:
    """Windows of choices with mistakes, every third pool raw words alone."""
    kind = CHOSEN if number % 3 else READ
    return Pool(f"1:{number}", Shape(20, 40, 0.25), kind, 400, mistakes=kind == CHOSEN)


def drawn(data: Path, count: int, first: int) -> list[list[Batch]]:
    """Five pools."""
    drawers = Drawers(data, count)
    try:
        return list(islice(drawers.pools(pool, first), 5))
    finally:
        drawers.close()


def test_other_processes_draw_the_same_pools_in_order(prepared: Path) -> None:
    """From the first one that is asked for, as a run that goes on does."""
    here = drawn(prepared / "data", 0, 2)
    there = drawn(prepared / "data", 2, 2)
    assert [[b.kind for b in batches] for batches in here] == [
        [b.kind for b in batches] for batches in there
    ]
    assert {b.kind for batches in here for b in batches} == {CHOSEN, READ}
    for ours, theirs in zip(chain(*here), chain(*there), strict=True):
        np.testing.assert_array_equal(ours.ids, theirs.ids)
        np.testing.assert_array_equal(ours.weights, theirs.weights)
        np.testing.assert_array_equal(ours.lags, theirs.lags)
