"""Ids of pieces -> scores of labels: a BERT-shaped encoder with three heads, in MLX.

On a CPU what is slow in MLX is not the matrices (OpenBLAS) but exponentials, one scalar at a time:
at 256 pieces the softmax of one layer took 12 ms and GELU 30 ms beside 4 ms of matrices. So neither
is used there. See `gelu` and `attend`; both are close enough that labels do not change.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mlx.core as mx

from engine.errors import ModelRefused

#: GELU as x * (1/2 + u * p(u * u)) with u = x within these bounds: the error is 0.0012 at most.
_GELU_BOUND: Final = 3.4
_GELU: Final = (0.39437223, -0.059897243, 0.0067379398, -0.00041805446, 1.0667297e-05)
#: The bits of a float32, read as an integer, are its logarithm to base two times 2**23, plus this.
_ONE: Final = 127.0 * 2**23
_PER_E: Final = 2**23 / math.log(2)
#: Half exponents are kept within those of finite numbers.
_MOST: Final = 60.0 * 2**23

Affine = Callable[[mx.array], mx.array]


@dataclass(frozen=True, slots=True)
class Norm:
    """The weights of a layer norm."""

    weight: mx.array
    bias: mx.array

    def __call__(self, x: mx.array) -> mx.array:
        """Return rows brought to mean zero and variance one, scaled and moved."""
        return mx.fast.layer_norm(x, self.weight, self.bias, 1e-12)


@dataclass(frozen=True, slots=True)
class Layer:
    """Attention over all pieces, then two matrices; norms come after the sums."""

    qkv: Affine
    attended: Affine
    attended_norm: Norm
    up: Affine
    down: Affine
    output_norm: Norm


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of every piece: rows x pieces x labels, float32."""

    marks: mx.array
    cases: mx.array
    paragraphs: mx.array


class Network:
    """A loaded encoder. One row is one window of pieces; rows are of equal length."""

    def __init__(self, folder: Path, *, floats: bool) -> None:
        """Load a model folder, as float32 if `floats`; raises `ModelRefused`."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        try:
            weights = _Weights(dict(mx.load(str(folder / "model.safetensors"))), config, floats)
            self.heads: int = config["heads"]
            self.positions: int = config["positions"]
            self._floats = floats
            self._embed = weights.rows("pieces")
            self._places = weights.plain("positions.weight")
            self._norm = weights.norm("norm")
            self._layers = [_layer(weights, n) for n in range(config["layers"])]
            self._outputs = [weights.affine(name) for name in ("mark", "case", "paragraph")]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelRefused(f"MLX cannot load {folder}: {error}") from error

    def __call__(self, ids: mx.array) -> Scores:
        """Return the scores of rows of ids (rows x pieces)."""
        x = self._norm(self._embed(ids) + self._places[: ids.shape[1]])
        for layer in self._layers:
            x = self._apply(layer, x)
        return Scores(*(head(x).astype(mx.float32) for head in self._outputs))

    def _apply(self, layer: Layer, x: mx.array) -> mx.array:
        rows, length, hidden = x.shape
        parts = layer.qkv(x).reshape(rows, length, 3, self.heads, hidden // self.heads)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)
        if self._floats:
            mixed = attend(query, key, value)
        else:
            scale = (hidden // self.heads) ** -0.5
            mixed = mx.fast.scaled_dot_product_attention(query, key, value, scale=scale)
        mixed = mixed.transpose(0, 2, 1, 3).reshape(rows, length, hidden)
        x = layer.attended_norm(x + layer.attended(mixed))
        return layer.output_norm(x + layer.down(gelu(layer.up(x))))


def gelu(x: mx.array) -> mx.array:
    """Return GELU without an exponential: x times an odd polynomial for the normal distribution."""
    bounded = mx.clip(x, -_GELU_BOUND, _GELU_BOUND)
    square = bounded * bounded
    *lower, factor = _GELU
    out = square * factor + lower.pop()
    for factor in reversed(lower):
        out = out * square + factor
    return x * (out * bounded + 0.5)


def attend(query: mx.array, key: mx.array, value: mx.array) -> mx.array:
    """Return attention whose exponentials are read off the bits of a float, to one percent.

    An integer that grows linearly with x, read as a float, is an exponential of x with straight
    lines between powers of two (Schraudolph, Neural Computation 11, 1999). That of x / 2 over that of
    -x / 2 halves the steps, so that most of the error falls away. Scores need no maximum taken
    off: the halves stay finite within 2**-60 and 2**60.
    """
    scale = _PER_E / 2 * query.shape[-1] ** -0.5
    half = mx.clip((query * scale) @ key.swapaxes(-1, -2), -_MOST, _MOST)
    above = (_ONE + half).astype(mx.int32).view(mx.float32)
    below = (_ONE - half).astype(mx.int32).view(mx.float32)
    weights = above / below
    return (weights @ value) / weights.sum(axis=-1, keepdims=True)


class _Weights:
    """The arrays of a model file, as functions."""

    def __init__(self, arrays: dict[str, mx.array], config: dict[str, Any], floats: bool) -> None:
        self._arrays, self._floats = arrays, floats
        self._quantization: dict[str, Any] = config.get("quantization") or {}

    def plain(self, name: str) -> mx.array:
        """Return an array that is never quantised."""
        return self._arrays[name].astype(mx.float32 if self._floats else mx.float16)

    def norm(self, name: str) -> Norm:
        """Return a layer norm."""
        return Norm(self.plain(f"{name}.weight"), self.plain(f"{name}.bias"))

    def affine(self, name: str) -> Affine:
        """Return x -> x @ weight.T + bias."""
        bias = self.plain(f"{name}.bias")
        if f"{name}.scales" in self._arrays and not self._floats:
            packed = [self._arrays[f"{name}.{key}"] for key in ("weight", "scales", "biases")]
            how = self._how(name)
            return lambda x: mx.quantized_matmul(x, *packed, transpose=True, **how) + bias
        weight = mx.contiguous(self._whole(name).T)
        return lambda x: mx.addmm(bias, x, weight)

    def rows(self, name: str) -> Affine:
        """Return ids -> rows of an embedding; it stays as it lies in the file."""
        if f"{name}.scales" not in self._arrays:
            table = self.plain(f"{name}.weight")
            return lambda ids: table[ids]
        packed = [self._arrays[f"{name}.{key}"] for key in ("weight", "scales", "biases")]
        how, dtype = self._how(name), mx.float32 if self._floats else mx.float16
        return lambda ids: mx.dequantize(*(part[ids] for part in packed), **how).astype(dtype)

    def _whole(self, name: str) -> mx.array:
        weight = self._arrays[f"{name}.weight"]
        if f"{name}.scales" in self._arrays:
            scales, biases = self._arrays[f"{name}.scales"], self._arrays[f"{name}.biases"]
            weight = mx.dequantize(weight, scales, biases, **self._how(name))
        return weight.astype(mx.float32 if self._floats else mx.float16)

    def _how(self, name: str) -> dict[str, int]:
        own = self._quantization.get(name, self._quantization)
        return {"group_size": int(own["group_size"]), "bits": int(own["bits"])}


def _layer(weights: _Weights, number: int) -> Layer:
    name = f"layers.{number}"
    return Layer(
        qkv=weights.affine(f"{name}.qkv"),
        attended=weights.affine(f"{name}.attended"),
        attended_norm=weights.norm(f"{name}.attended_norm"),
        up=weights.affine(f"{name}.up"),
        down=weights.affine(f"{name}.down"),
        output_norm=weights.norm(f"{name}.output_norm"),
    )
