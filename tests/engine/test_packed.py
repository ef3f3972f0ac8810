"""Packed weights on a CPU: a row or many, in pieces or whole, the product is the same."""

import mlx.core as mx
import mlx.nn as nn
import pytest

from engine.guided import packed

#: Of the largest number of a product: both ways round differently.
ROUNDING = 1e-5
pytestmark = pytest.mark.skipif(
    mx.default_device().type != mx.DeviceType.cpu, reason="a GPU multiplies packed weights itself"
)


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    mx.random.seed(7)


@pytest.mark.parametrize("bits", [2, 3, 4, 6, 8])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rows", [1, packed.MANY_ROWS - 1, packed.MANY_ROWS, 40])
def test_unpacked_products_are_those_of_the_packed_matrix(
    bits: int, bias: bool, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows there are, and where the last block is a short one."""
    monkeypatch.setattr(packed, "_BLOCK", 128 * 7)
    matrix = nn.QuantizedLinear(128, 96, bias=bias, group_size=32, bits=bits)
    if bias:
        matrix.bias = mx.random.normal((96,))
    x = mx.random.normal((2, rows, 128))
    wanted = matrix(x)
    packed.prepare(matrix)
    assert type(matrix) is packed.PackedLinear
    assert _close(matrix(x), wanted)


@pytest.mark.parametrize("rows", [1, 40])
def test_a_table_of_tokens_is_the_last_matrix_too(rows: int) -> None:
    """Its rows are looked up as before, and all of them are multiplied by either way."""
    table = nn.QuantizedEmbedding(300, 64, group_size=32, bits=4)
    x, ids = mx.random.normal((1, rows, 64)), mx.array([[0, 7, 299]])
    wanted, looked_up = table.as_linear(x), table(ids)
    packed.prepare(table)
    assert _close(table.as_linear(x), wanted)
    assert mx.array_equal(table(ids), looked_up)


def test_weights_in_other_forms_are_left_to_mlx() -> None:
    """A form without offsets is unpacked by MLX, with the same product."""
    matrix = nn.QuantizedLinear(128, 64, bias=False, mode="mxfp4")
    x = mx.random.normal((1, 40, 128))
    wanted = matrix(x)
    packed.prepare(matrix)
    assert _close(matrix(x), wanted)


def test_halves_become_float32_and_packed_weights_stay_packed() -> None:
    """On a CPU halves are what is slow; packed weights take an eighth of the memory."""
    network = nn.Sequential(nn.Linear(64, 64), nn.RMSNorm(64))
    network.set_dtype(mx.float16)
    nn.quantize(network, group_size=32, bits=4)
    packed.prepare(network)
    first, norm = network.layers
    assert first.weight.dtype == mx.uint32
    assert {first.scales.dtype, first.biases.dtype, first.bias.dtype, norm.weight.dtype} == {
        mx.float32
    }


def _close(found: mx.array, wanted: mx.array) -> bool:
    most = mx.abs(wanted).max().item()
    return bool(mx.abs(found - wanted).max().item() <= ROUNDING * max(1.0, float(most)))
