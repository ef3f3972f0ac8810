"""The encoder: what replaces exponentials is close to it, and files are read whole."""

from __future__ import annotations

import json
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
import numpy as np
import pytest

from engine.errors import ModelRefused
from engine.models.device import Device
from engine.tagger.network import Network, attend, gelu
from tests import small_taggers


def test_the_polynomial_is_gelu_within_two_thousandths() -> None:
    """On all of its range, and beyond it; it is computed in blocks of pieces."""
    x = mx.linspace(-30, 30, 61_000).reshape(1, 61, 1000)
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


@pytest.mark.parametrize("device", ["auto", "quantized"])
def test_packed_weights_give_the_same_as_the_floats_that_they_stand_for(
    tmp_path: Path, device: Device
) -> None:
    """On a CPU they are turned into floats, unless the settings say otherwise."""
    folder = small_taggers.tagger_like(tmp_path / "m", bits=8)
    ids = mx.array([[0, 5, 9, 40, 2], [0, 7, 7, 8, 2]])
    network, exact = Network(folder, device=device), Network(folder, device="float32")
    found, wanted = network(ids, exact=True), exact(ids, exact=True)
    assert found.marks.shape == (2, 5, 4)
    assert found.cases.shape == (2, 5, 3)
    assert found.paragraphs.shape == (2, 5, 2)
    assert float(mx.abs(found.marks - wanted.marks).max()) < 1e-3


def test_a_network_without_exponentials_scores_as_one_with_them(tmp_path: Path) -> None:
    """The labels of random weights, which are closer to each other than trained ones."""
    network = Network(small_taggers.tagger_like(tmp_path / "m", bits=None))
    ids = mx.array([list(range(60))])
    fast, exact = network(ids, exact=False), network(ids, exact=True)
    assert float(mx.abs(fast.marks - exact.marks).max()) < 0.15


def test_a_table_of_pieces_has_bits_of_its_own(tmp_path: Path) -> None:
    """The exporter packs it tighter than the layers."""
    folder = small_taggers.tagger_like(tmp_path / "m", bits=8)
    weights = small_taggers.arrays(small_taggers.tokenizer().get_vocab_size(), seed=1)
    small_taggers.write_weights(folder, weights, bits=8, embedding_bits=6)
    config = json.loads((folder / "config.json").read_text())
    config["quantization"]["embedding_bits"] = 6
    (folder / "config.json").write_text(json.dumps(config))
    assert np.isfinite(np.array(Network(folder)(mx.array([[0, 5, 2]])).marks)).all()


def test_a_file_without_its_arrays_is_refused(tmp_path: Path) -> None:
    """A sentence for the user, not a KeyError."""
    folder = small_taggers.tagger_like(tmp_path / "m", bits=None)
    mx.save_safetensors(str(folder / "model.safetensors"), {"pieces.weight": mx.zeros((4, 4))})
    with pytest.raises(ModelRefused):
        Network(folder)
