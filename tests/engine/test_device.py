"""Where a model computes, and in what form its weights are there."""

import mlx.core as mx
import mlx.nn as nn
import pytest

from engine.guided.device import settle_device
from engine.models import device

#: One matrix of 64 rows, each with a scale and an offset; in float32 twice that must be there.
NUMBERS = 64 * 64 + 2 * 64
NEEDED_BYTES = 2 * 4 * NUMBERS


@pytest.mark.skipif(mx.default_device().type != mx.DeviceType.cpu, reason="a GPU keeps the weights")
@pytest.mark.parametrize("bits", [3, 4, 6, 8])
def test_packed_weights_are_counted_whatever_their_bits(
    bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a CPU they become float32, but only where that fits into half of the memory."""
    network = nn.Sequential(nn.Linear(64, 64, bias=False))
    nn.quantize(network, group_size=64, bits=bits)
    monkeypatch.setattr(device, "_memory_bytes", lambda: NEEDED_BYTES - 1)
    assert "would not fit" in settle_device(network, "auto", fast_blas=True)
    monkeypatch.setattr(device, "_memory_bytes", lambda: NEEDED_BYTES)
    assert "float32 weights" in settle_device(network, "auto", fast_blas=True)
    assert network.layers[0].weight.dtype == mx.float32
