"""Ids of pieces -> scores of labels: a BERT-shaped encoder with three heads, in MLX.

On a CPU MLX computes exponentials one scalar at a time: six layers read 580 words per second of the
processor without them and 305 with them (docs/benchmarks.md). So they are not used there. See
`gelu` and `attend`; both are close enough that labels do not change.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import mlx.core as mx

from engine.errors import ModelRefused
from engine.models.device import Device, Form, choose_form

#: GELU as x * (1/2 + u * p(u * u)) with u = x within these bounds: the error is 0.0012 at most.
_GELU_BOUND: Final = 3.4
_GELU: Final = (0.39437223, -0.059897243, 0.0067379398, -0.00041805446, 1.0667297e-05)
#: Pieces whose GELU is computed at a time.
_BLOCK: Final = 48
_HALF_ROOT: Final = 2**-0.5
#: The bits of a float32, read as an integer, are its logarithm to base two times 2**23, plus this.
_ONE: Final = 127 * 2**23
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


class Encoder:
    """A loaded encoder without heads. One row is one text or window; rows are of equal length."""

    def __init__(self, folder: Path, *, device: Device = "auto", fast_blas: bool = False) -> None:
        """Load a model folder; raises `ModelRefused`."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        try:
            arrays = cast("dict[str, mx.array]", mx.load(str(folder / "model.safetensors")))
            self.form = choose_form(
                device,
                numbers=_numbers(config),
                packed=any(name.endswith(".scales") for name in arrays),
                fast_blas=fast_blas,
            )
            weights = _Weights(arrays, config.get("quantization") or {}, self.form)
            self.pieces = int(config["pieces"])
            self.places = int(config.get("positions", 0))
            self.hidden = int(config["hidden"])
            self._heads = int(config["heads"])
            self._embed = weights.rows("pieces")
            self._places = weights.plain("positions.weight")
            self._norm = weights.norm("norm")
            self._layers = [_layer(weights, n) for n in range(config["layers"])]
            self._load_heads(weights)
            mx.eval(weights.made)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ModelRefused(f"MLX cannot load {folder}: {error}") from error

    def _load_heads(self, weights: _Weights) -> None:
        """Load what is put on top; an encoder alone has nothing."""

    def encode(self, ids: mx.array, *, exact: bool | None = None) -> mx.array:
        """Return what the last layer has of rows of ids (rows x pieces x hidden).

        `exact` says whether exponentials are computed; None: on a GPU alone.
        """
        return self.read(ids, len(self._layers), exact=exact)

    def read(
        self,
        ids: mx.array,
        layers: int,
        *,
        exact: bool | None = None,
        kept: mx.array | None = None,
    ) -> mx.array:
        """Return what the lowest layers make of rows of ids: rows x pieces x numbers.

        `kept` says which pieces others may attend to (rows x pieces, true or false); None: all.
        """
        exact = not self.form.on_cpu if exact is None else exact
        x = self._norm(self._embed(ids) + self._places[: ids.shape[1]])
        for layer in self._layers[:layers]:
            x = self._apply(layer, x, exact=exact, kept=kept)
        return x

    def _apply(
        self, layer: Layer, x: mx.array, *, exact: bool, kept: mx.array | None = None
    ) -> mx.array:
        rows, length, hidden = x.shape
        size = hidden // self._heads
        parts = layer.qkv(x).reshape(rows, length, 3, self._heads, size)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)
        if exact:
            mask = None if kept is None else kept[:, None, None, :]
            mixed = mx.fast.scaled_dot_product_attention(
                query, key, value, scale=size**-0.5, mask=mask
            )
        else:
            mixed = attend(query, key, value, kept=kept)
        mixed = mixed.transpose(0, 2, 1, 3).reshape(rows, length, hidden)
        x = layer.attended_norm(x + layer.attended(mixed))
        inner = layer.up(x)
        inner = inner * (1 + mx.erf(inner * _HALF_ROOT)) / 2 if exact else gelu(inner)
        return layer.output_norm(x + layer.down(inner))


class Network(Encoder):
    """An encoder with the three heads of a tagger."""

    def _load_heads(self, weights: _Weights) -> None:
        self._outputs = [weights.affine(name) for name in ("mark", "case", "paragraph")]

    def __call__(self, ids: mx.array, *, exact: bool | None = None) -> Scores:
        """Return the scores of rows of ids (rows x pieces); `exact` as for `encode`."""
        x = self.encode(ids, exact=exact)
        return Scores(*(head(x).astype(mx.float32) for head in self._outputs))


def gelu(x: mx.array) -> mx.array:
    """Return GELU without an exponential: x times an odd polynomial for the normal distribution.

    `x` is rows x pieces x numbers. A few pieces at a time stay in the cache of a core between two
    of the operations, which saves two fifths of the time.
    """
    blocks = [_gelu(x[:, n : n + _BLOCK]) for n in range(0, x.shape[1], _BLOCK)]
    return mx.concatenate(blocks, axis=1)


def _gelu(x: mx.array) -> mx.array:
    bounded = mx.clip(x, -_GELU_BOUND, _GELU_BOUND)
    square = bounded * bounded
    out = square * _GELU[-1] + _GELU[-2]
    for factor in reversed(_GELU[:-2]):
        out = out * square + factor
    return x * (out * bounded + 0.5)


def attend(
    query: mx.array, key: mx.array, value: mx.array, *, kept: mx.array | None = None
) -> mx.array:
    """Return attention whose exponentials are read off the bits of a float, to one percent.

    An integer that grows linearly with x, read as a float, is an exponential of x with straight
    lines between powers of two (Schraudolph, Neural Computation 11, 1999). That of x / 2 over that
    of -x / 2 halves the steps, so that most of the error falls away. Scores need no maximum taken
    off: the halves stay finite within 2**-60 and 2**60.
    """
    scale = _PER_E / 2 * query.shape[-1] ** -0.5
    half = mx.clip((query * scale) @ key.swapaxes(-1, -2), -_MOST, _MOST).astype(mx.int32)
    one = mx.array(_ONE, mx.int32)
    weights = (one + half).view(mx.float32) / (one - half).view(mx.float32)
    if kept is not None:
        weights = weights * kept[:, None, None, :]
    return (weights @ value) / weights.sum(axis=-1, keepdims=True)


class _Weights:
    """The arrays of a model file, as functions."""

    def __init__(
        self, arrays: Mapping[str, mx.array], quantization: Mapping[str, Any], form: Form
    ) -> None:
        self.made: list[mx.array] = []  # all that was turned into another form
        self._arrays, self._quantization, self._form = arrays, quantization, form
        self._dtype = mx.float32 if form.on_cpu else mx.float16

    def plain(self, name: str) -> mx.array:
        """Return an array that is never quantised."""
        return self._keep(self._arrays[name].astype(self._dtype))

    def norm(self, name: str) -> Norm:
        """Return a layer norm."""
        return Norm(self.plain(f"{name}.weight"), self.plain(f"{name}.bias"))

    def affine(self, name: str) -> Affine:
        """Return x -> x @ weight.T + bias."""
        bias = self.plain(f"{name}.bias")
        if f"{name}.scales" in self._arrays and not self._form.floats:
            packed, scales, biases = self._packed(name)
            group, bits = self._group(name)

            def multiply(x: mx.array) -> mx.array:
                out = mx.quantized_matmul(x, packed, scales, biases, group_size=group, bits=bits)
                return out + bias

            return multiply
        weight = self._arrays[f"{name}.weight"]
        if f"{name}.scales" in self._arrays:
            group, bits = self._group(name)
            weight = mx.dequantize(*self._packed(name), group_size=group, bits=bits)
        turned = self._keep(mx.contiguous(weight.astype(self._dtype).T))
        return lambda x: mx.addmm(bias, x, turned)

    def rows(self, name: str) -> Affine:
        """Return ids -> rows of an embedding, which stays packed: few of its rows are read."""
        if f"{name}.scales" not in self._arrays:
            table = self.plain(f"{name}.weight")
            return lambda ids: table[ids]
        packed, scales, biases = self._packed(name)
        (group, bits), dtype = self._group(name), self._dtype

        def look_up(ids: mx.array) -> mx.array:
            out = mx.dequantize(packed[ids], scales[ids], biases[ids], group_size=group, bits=bits)
            return out.astype(dtype)

        return look_up

    def _packed(self, name: str) -> tuple[mx.array, mx.array, mx.array]:
        """Return a matrix that is packed with the scales and offsets of its groups."""
        stored = (self._arrays[f"{name}.{key}"] for key in ("weight", "scales", "biases"))
        weight, scales, biases = stored
        return (
            self._keep(weight),
            self._keep(scales.astype(self._dtype)),
            self._keep(biases.astype(self._dtype)),
        )

    def _group(self, name: str) -> tuple[int, int]:
        """Return the size of a group of numbers that share a scale, and the bits of a number."""
        how = self._quantization
        bits = how.get("embedding_bits", how["bits"]) if name == "pieces" else how["bits"]
        return int(how["group_size"]), int(bits)

    def _keep(self, array: mx.array) -> mx.array:
        self.made.append(array)
        return array


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


def _numbers(config: Mapping[str, Any]) -> int:
    """Return how many numbers the matrices of the layers hold; the table of pieces stays packed."""
    hidden, inner = int(config["hidden"]), int(config["inner"])
    return int(config["layers"]) * hidden * (4 * hidden + 2 * inner)
