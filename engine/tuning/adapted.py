"""A tagger whose upper layers learn: low-rank adapters on its matrices, and whole heads.

The lower layers stay as they are, so what they make of a row is computed once and kept. Adapters
are small beside the matrices that they change (LoRA, Hu et al. 2021, arXiv 2106.09685); at the end
they are added to them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, cast

import mlx.core as mx

from engine.tagger.network import Network, gelu
from engine.tagger.path import COMMA, DASH

#: The matrices of a layer, each with an adapter, and its norms.
MATRICES: Final = ("qkv", "attended", "up", "down")
HEADS: Final = ("mark", "case", "paragraph")
#: A dash begins as a comma that is e**3 times less likely.
_RARE: Final = 3.0
_HALF_ROOT: Final = 2**-0.5
_FAR: Final = -1e9

Arrays = dict[str, mx.array]


class Adapted:
    """The weights of a tagger as floats, and those that are learnt beside them."""

    def __init__(self, folder: Path, *, upper: int, rank: int, dashes: bool, fast: bool) -> None:
        """Load a model folder; `upper` layers learn. Raises `ModelRefused`."""
        self.network = Network(folder, fast_blas=fast)
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.layers, self.heads = int(config["layers"]), int(config["heads"])
        self.hidden = int(config["hidden"])
        self.upper = min(upper, self.layers)
        self.lower = self.layers - self.upper
        self._rank = rank
        self._stored = cast("Arrays", mx.load(str(folder / "model.safetensors")))
        self._quantization = config.get("quantization") or {}
        self.base: Arrays = {}
        for number in range(self.lower, self.layers):
            for name in MATRICES:
                key = f"layers.{number}.{name}"
                self.base[f"{key}.weight"] = mx.contiguous(self.float_of(key))
                self.base[f"{key}.bias"] = self._stored[f"{key}.bias"].astype(mx.float32)
            for name in ("attended_norm", "output_norm"):
                for kind in ("weight", "bias"):
                    key = f"layers.{number}.{name}.{kind}"
                    self.base[key] = self._stored[key].astype(mx.float32)
        mx.eval(self.base)
        self.dashes = dashes or self._stored["mark.weight"].shape[0] > DASH

    def float_of(self, name: str) -> mx.array:
        """Return a matrix as float32."""
        weight = self._stored[f"{name}.weight"]
        if f"{name}.scales" not in self._stored:
            return weight.astype(mx.float32)
        scales, biases = self._stored[f"{name}.scales"], self._stored[f"{name}.biases"]
        how = self._quantization
        return mx.dequantize(
            weight,
            scales.astype(mx.float32),
            biases.astype(mx.float32),
            group_size=int(how["group_size"]),
            bits=int(how["bits"]),
        ).astype(mx.float32)

    def begin(self, seed: int) -> Arrays:
        """Return what is learnt as it stands at the beginning: the model says what it said."""
        key = mx.random.key(seed)
        out: Arrays = {}
        for name, weight in self.base.items():
            if not name.endswith(".weight") or "_norm" in name:
                continue
            stem = name.removesuffix(".weight")
            key, own = mx.random.split(key)
            rows, columns = weight.shape
            out[f"{stem}.a"] = mx.random.normal((self._rank, columns), key=own) * columns**-0.5
            out[f"{stem}.b"] = mx.zeros((rows, self._rank))
            out[f"{stem}.bias"] = self.base[f"{stem}.bias"]
        for head in HEADS:
            for kind in ("weight", "bias"):
                out[f"{head}.{kind}"] = self._stored[f"{head}.{kind}"].astype(mx.float32)
        if self.dashes and out["mark.bias"].shape[0] == DASH:
            row, bias = out["mark.weight"][COMMA], out["mark.bias"][COMMA] - _RARE
            out["mark.weight"] = mx.concatenate([out["mark.weight"], row[None]])
            out["mark.bias"] = mx.concatenate([out["mark.bias"], bias[None]])
        mx.eval(out)
        return out

    def read_lower(self, ids: mx.array, kept: mx.array) -> mx.array:
        """Return what the layers that do not learn make of rows of ids."""
        return self.network.read(ids, self.lower, kept=kept)

    def scores(self, learnt: Arrays, x: mx.array, kept: mx.array) -> list[mx.array]:
        """Return the log probabilities of marks, cases and paragraphs of every piece."""
        mask = mx.where(kept, 0.0, _FAR)[:, None, None, :]
        for number in range(self.lower, self.layers):
            x = self._apply(number, learnt, x, mask)
        return [
            _log_softmax(mx.addmm(learnt[f"{head}.bias"], x, learnt[f"{head}.weight"].T))
            for head in HEADS
        ]

    def _apply(self, number: int, learnt: Arrays, x: mx.array, mask: mx.array) -> mx.array:
        rows, length, hidden = x.shape
        size = hidden // self.heads
        parts = self._affine(number, "qkv", learnt, x).reshape(rows, length, 3, self.heads, size)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)
        weights = mx.softmax((query * size**-0.5) @ key.swapaxes(-1, -2) + mask, axis=-1)
        mixed = (weights @ value).transpose(0, 2, 1, 3).reshape(rows, length, hidden)
        x = self._norm(number, "attended_norm", x + self._affine(number, "attended", learnt, mixed))
        inner = self._affine(number, "up", learnt, x)
        if self.network.form.on_cpu:  # as the model is run there
            inner = gelu(inner)
        else:
            inner = inner * (1 + mx.erf(inner * _HALF_ROOT)) / 2
        return self._norm(number, "output_norm", x + self._affine(number, "down", learnt, inner))

    def _affine(self, number: int, name: str, learnt: Arrays, x: mx.array) -> mx.array:
        stem = f"layers.{number}.{name}"
        out = mx.addmm(learnt[f"{stem}.bias"], x, self.base[f"{stem}.weight"].T)
        return out + (x @ learnt[f"{stem}.a"].T) @ learnt[f"{stem}.b"].T

    def _norm(self, number: int, name: str, x: mx.array) -> mx.array:
        stem = f"layers.{number}.{name}"
        return mx.fast.layer_norm(x, self.base[f"{stem}.weight"], self.base[f"{stem}.bias"], 1e-12)

    def fused(self, learnt: Arrays) -> Arrays:
        """Return all arrays of the model file with what was learnt in them, packed as they were."""
        out = dict(self._stored)
        for stem in {name.removesuffix(".a") for name in learnt if name.endswith(".a")}:
            weight = self.base[f"{stem}.weight"] + learnt[f"{stem}.b"] @ learnt[f"{stem}.a"]
            out[f"{stem}.bias"] = learnt[f"{stem}.bias"].astype(mx.float16)
            if f"{stem}.scales" not in out:
                out[f"{stem}.weight"] = weight.astype(out[f"{stem}.weight"].dtype)
                continue
            packed, scales, offsets = mx.quantize(
                weight,
                group_size=int(self._quantization["group_size"]),
                bits=int(self._quantization["bits"]),
            )
            out[f"{stem}.weight"] = packed
            out[f"{stem}.scales"] = scales.astype(mx.float16)
            out[f"{stem}.biases"] = offsets.astype(mx.float16)
        for head in HEADS:
            for kind in ("weight", "bias"):
                out[f"{head}.{kind}"] = learnt[f"{head}.{kind}"].astype(mx.float16)
        return out


def _log_softmax(scores: mx.array) -> Any:
    return scores - mx.logsumexp(scores, axis=-1, keepdims=True)
