"""Packed weights on a CPU: multiplied as they are for a few rows, unpacked for many.

MLX multiplies packed weights on a CPU one row after another. Many rows are multiplied sooner where
the matrix is unpacked first, because a dense product takes all rows together. A block of a matrix
is unpacked at a time, so that no more memory is needed than for one block.
"""

from __future__ import annotations

from typing import Any, Final, cast

import mlx.core as mx
import mlx.nn as nn

#: From so many rows on, unpacking a matrix costs less than multiplying it row by row.
MANY_ROWS: Final = 6
#: Numbers of a matrix that are unpacked at a time: they stay in the cache of a core, which makes
#: unpacking two to three times as fast.
_BLOCK: Final = 1 << 18
_WORD_BITS: Final = 32


class PackedLinear(nn.QuantizedLinear):  # type: ignore[misc]  # MLX is untyped here
    """A packed matrix that is unpacked for many rows."""

    def __call__(self, x: mx.array) -> mx.array:
        """Return the product with a row or many."""
        out = multiply(x, self)
        return out + self["bias"] if "bias" in self else out


class PackedEmbedding(nn.QuantizedEmbedding):  # type: ignore[misc]
    """A packed table of tokens that is unpacked for many rows where it is the last matrix, too."""

    def as_linear(self, x: mx.array) -> mx.array:
        """Return the product with a row or many."""
        return multiply(x, self)


def prepare(network: nn.Module) -> None:
    """Make the packed matrices of a network unpack themselves for many rows.

    All that is not packed becomes float32, the scales of packed weights too: on a CPU MLX computes
    with halves one by one, which takes over a hundred times as long.
    """
    network.set_dtype(mx.float32)
    for _, module in network.named_modules():
        if type(module) is nn.QuantizedLinear:
            module.__class__ = PackedLinear
        elif type(module) is nn.QuantizedEmbedding:
            module.__class__ = PackedEmbedding


def multiply(x: mx.array, matrix: Any) -> mx.array:
    """Return rows times a packed matrix, its bias left out."""
    form = {"group_size": matrix.group_size, "bits": matrix.bits, "mode": matrix.mode}
    weight, scales, biases = matrix["weight"], matrix["scales"], matrix.get("biases")
    width = x.shape[-1]
    if x.size < MANY_ROWS * width:
        return mx.quantized_matmul(x, weight, scales, biases, transpose=True, **form)
    step = max(1, _BLOCK // width)
    products = []
    for start in range(0, weight.shape[0], step):
        rows = slice(start, start + step)
        block = _unpack(weight[rows], scales[rows], None if biases is None else biases[rows], form)
        products.append(x @ block.T)
        mx.eval(products[-1])  # else many blocks wait in memory for their turn
    return mx.concatenate(products, axis=-1)


def _unpack(
    weight: mx.array, scales: mx.array, biases: mx.array | None, form: dict[str, Any]
) -> mx.array:
    """Return packed rows as float32. Where numbers fill whole words, shifts are faster than MLX."""
    bits, group = form["bits"], form["group_size"]
    if form["mode"] != "affine" or biases is None or _WORD_BITS % bits:
        return mx.dequantize(weight, scales, biases, **form).astype(mx.float32)
    shifts = mx.arange(0, _WORD_BITS, bits, dtype=mx.uint32)
    numbers = ((weight[..., None] >> shifts) & ((1 << bits) - 1)).astype(mx.float32)
    grouped = numbers.reshape(*scales.shape, group)
    out = (grouped * scales[..., None] + biases[..., None]).reshape(weight.shape[0], -1)
    return cast("mx.array", out)
