"""The encoder: what replaces exponentials is close to it, and files are read whole."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from engine.errors import ModelRefused
from engine.tagger.network import Network, attend, gelu
from tests import small_taggers


def test_the_polynomial_is_gelu_within_two_thousandths() -> None:
    """On all of its range, and beyond it."""
    x = mx.linspace(-30, 30, 60_001)
    assert float(mx.abs(gelu(x) - nn.gelu(x)).max()) < 0.002


@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
def test_attention_without_exponentials_is_attention_within_two_percent(spread: float) -> None:
    """For flat scores and for sharp ones, relative to what the values can differ by."""
    rng = np.random.default_rng(3)
    query, key, value = (mx.array(rng.standard_normal((1, 4, 50, 32)) * spread) for _ in range(3))
    query, key, value = (x.astype(mx.float32) for x in (query, key, value))
    exact = mx.fast.scaled_dot_product_attention(query, key, value, scale=32**-0.5)
    assert float(mx.abs(attend(query, key, value) - exact).max()) < 0.02 * 4 * spread


def test_scores_of_any_size_stay_finite() -> None:
    """A score far from all others is no infinity and no zero division."""
    query = mx.array([[[[1e4, 0.0]], [[-1e4, 0.0]]]])
    key = mx.array([[[[1.0, 0.0]], [[1.0, 0.0]]]])
    value = mx.ones((1, 2, 1, 2))
    assert np.isfinite(np.array(attend(query, key, value))).all()


def test_quantised_weights_give_the_same_as_the_floats_that_they_stand_for(tmp_path: Path) -> None:
    """On a GPU the weights stay packed; on a CPU they are turned into floats."""
    folder = small_taggers.tagger_like(tmp_path / "m", bits=8)
    ids = mx.array([[0, 5, 9, 40, 2], [0, 7, 7, 8, 2]])
    floats, packed = Network(folder, floats=True)(ids), Network(folder, floats=False)(ids)
    assert floats.marks.shape == (2, 5, 4)
    assert floats.cases.shape == (2, 5, 3)
    assert floats.paragraphs.shape == (2, 5, 2)
    assert float(mx.abs(floats.marks - packed.marks).max()) < 0.2


def test_a_file_without_its_arrays_is_refused(tmp_path: Path) -> None:
    """A sentence for the user, not a KeyError."""
    folder = small_taggers.tagger_like(tmp_path / "m", bits=None)
    mx.save_safetensors(str(folder / "model.safetensors"), {"pieces.weight": mx.zeros((4, 4))})
    with pytest.raises(ModelRefused):
        Network(folder, floats=True)
