"""Small randomly initialised taggers: they know nothing and must keep every word."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import Unigram

HIDDEN, LAYERS, HEADS, INNER, POSITIONS, GROUP = 64, 2, 2, 128, 512, 64


def tokenizer(more: Sequence[str] = (), *, size: int | None = None) -> Tokenizer:
    """Return a SentencePiece-like unigram tokenizer of letters, marks, a few syllables and more."""
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *string.ascii_letters, *string.digits]
    pieces += list(".,?!:;-'…éèäöüßñçабвгдежзийклмнопрстуфхцчшщъыьэюя")
    pieces += [f"▁{a}" for a in string.ascii_lowercase] + [a + b for a in "tsrnl" for b in "aeiou"]
    unique = list(dict.fromkeys([*pieces, *more]))[:size]
    scores = [-1000.0 if n < 4 else -3.0 - len(piece) / 10 for n, piece in enumerate(unique)]
    out = Tokenizer(Unigram(list(zip(unique, scores, strict=True)), unk_id=3))
    out.pre_tokenizer = pre_tokenizers.Metaspace()
    out.decoder = decoders.Metaspace()
    return out


def shapes(sizes: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array of a tagger, named as a trained model's are."""
    hidden, inner = sizes["hidden"], sizes["inner"]
    out: dict[str, tuple[int, ...]] = {
        "pieces.weight": (sizes["pieces"], hidden),
        "positions.weight": (sizes["positions"], hidden),
        "norm.weight": (hidden,),
        "norm.bias": (hidden,),
    }
    for n in range(sizes["layers"]):
        for name, rows, columns in (
            ("qkv", 3 * hidden, hidden),
            ("attended", hidden, hidden),
            ("up", inner, hidden),
            ("down", hidden, inner),
        ):
            out[f"layers.{n}.{name}.weight"] = (rows, columns)
            out[f"layers.{n}.{name}.bias"] = (rows,)
        for name in ("attended_norm", "output_norm"):
            out[f"layers.{n}.{name}.weight"] = out[f"layers.{n}.{name}.bias"] = (hidden,)
    for name, labels in (("mark", 4), ("case", 3), ("paragraph", 2)):
        out[f"{name}.weight"], out[f"{name}.bias"] = (labels, hidden), (labels,)
    return out


def arrays(size: int, seed: int) -> dict[str, Any]:
    """Return random weights for `size` pieces."""
    rng = np.random.default_rng(seed)
    sizes = {
        "pieces": size,
        "hidden": HIDDEN,
        "layers": LAYERS,
        "inner": INNER,
        "positions": POSITIONS,
    }
    return {
        name: (rng.standard_normal(shape) * 0.3).astype(np.float32)
        for name, shape in shapes(sizes).items()
    }


def tagger_like(
    folder: Path,
    *,
    bits: int | None = 4,
    seed: int = 1,
    languages: Sequence[str] = (),
    part: Mapping[str, int] | None = None,
) -> Path:
    """Write a model folder as training exports one; `bits` None leaves the weights in floats."""
    folder.mkdir(parents=True)
    made = tokenizer()
    made.save(str(folder / "tokenizer.json"))
    write_weights(folder, arrays(made.get_vocab_size(), seed), bits=bits, embedding_bits=bits)
    config: dict[str, Any] = {
        "model_type": "llasa-tagger",
        "pieces": made.get_vocab_size(),
        "hidden": HIDDEN,
        "layers": LAYERS,
        "heads": HEADS,
        "inner": INNER,
        "positions": POSITIONS,
    }
    if bits is not None:
        config["quantization"] = {"group_size": GROUP, "bits": bits, "embedding_bits": bits}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    card = {"kind": "tagger", "languages": list(languages), "part": dict(part or {})}
    (folder / "llasa.json").write_text(json.dumps(card), encoding="utf-8")
    return folder


def write_weights(
    folder: Path, arrays: Mapping[str, Any], *, bits: int | None, embedding_bits: int | None
) -> None:
    """Write weights as training exports them: positions and heads stay floats."""
    out: dict[str, mx.array] = {}
    for name, array in arrays.items():
        weight = mx.array(array)
        width = embedding_bits if name == "pieces.weight" else bits
        if width is None or array.ndim < 2 or not name.startswith(("pieces", "layers")):
            out[name] = weight.astype(mx.float16)
            continue
        stem = name.removesuffix(".weight")
        packed, scales, biases = mx.quantize(weight, group_size=GROUP, bits=width)
        out[name] = packed
        out |= {
            f"{stem}.{key}": part.astype(mx.float16)
            for key, part in (("scales", scales), ("biases", biases))
        }
    mx.save_safetensors(str(folder / "model.safetensors"), out)
