"""Quantise the trained weights with MLX and write the folder that the engine loads.

Runs in the product's own environment: it needs MLX and no PyTorch.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.tagger import known
from engine.training.corpus import SOURCES, Corpus

#: Bits of the layers and of the table of pieces; values of a group share scale and offset.
BITS, EMBEDDING_BITS, GROUP = 8, 6, 64
LIMIT_BYTES = 45 * 1024 * 1024
MODEL_TYPE = "llasa-tagger"
#: The languages that the model is offered for.
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "ca", "pl", "sv", "ru", "uk")
#: Words of a part, and words that are shown before and after it.
PART = {"words": 190, "tail_words": 30, "lookahead_words": 24}
#: What an earlier `tune` wrote, which holds until the next one.
TUNED = ("biases", "bias_marked")
#: Files of an earlier export that a new one keeps.
KEPT = ("MODEL_CARD.md", known.FILE)
SUFFIX = ".weight"
#: Words of a language in the lists of common ones, and how often each was seen at least.
COMMON_WORDS, RAREST_COMMON = 60_000, 4


def export(
    source: Path,
    out: Path,
    *,
    prepared: Path | None = None,
    bits: int = BITS,
    embedding_bits: int = EMBEDDING_BITS,
    languages: Sequence[str] = LANGUAGES,
    name: str = "punct",
) -> Path:
    """Write `out` from the folder of floats `source`; the old `out` is replaced at the end.

    The lists of common words are made of what `prepare` wrote; without it the old ones are kept.
    """
    facts = json.loads((source / "training.json").read_text())
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{name}-") as temporary:
        folder = Path(temporary) / name
        folder.mkdir()
        weights = folder / "model.safetensors"
        quantise(source / "model.safetensors", weights, bits=bits, embedding_bits=embedding_bits)
        size = weights.stat().st_size
        if bits < 16 and size > LIMIT_BYTES:  # floats are exported to be compared, not shipped
            raise ValueError(f"{size:,} bytes of weights, at most {LIMIT_BYTES:,}")
        _write(folder / "config.json", {
            "model_type": MODEL_TYPE,
            **facts["shape"],
            "quantization": {"group_size": GROUP, "bits": bits, "embedding_bits": embedding_bits},
        })  # fmt: skip
        _write(folder / "llasa.json", {
            "schema": "llasa.model/1",
            "name": name,
            "revision": hashlib.sha256(weights.read_bytes()).hexdigest()[:12],
            "kind": "tagger",
            "tasks": ["punctuate"],
            "languages": list(languages),
            "part": PART,
            **_tuned(out),
        })  # fmt: skip
        shutil.copyfile(source / "tokenizer.json", folder / "tokenizer.json")
        if prepared is not None:
            known.write(folder / known.FILE, common_words(prepared, languages))
        for kept in KEPT:
            if (out / kept).exists() and not (folder / kept).exists():
                shutil.copy2(out / kept, folder / kept)
        for path in folder.iterdir():
            path.chmod(0o644)
        folder.chmod(0o755)
        if out.exists():
            os.replace(out, Path(temporary) / "old")
        os.replace(folder, out)
    return out


def common_words(prepared: Path, languages: Sequence[str]) -> dict[str, list[str]]:
    """Return the most frequent words of every language that are not raised in the corpora.

    In German all are counted, because a noun cannot be told from a name.
    """
    counts: dict[str, Counter[str]] = {language: Counter() for language in languages}
    for source in SOURCES:
        path = prepared / f"{source.name}.train.npz"
        if source.language not in counts or not path.exists():
            continue
        for word, often in Corpus(path).counts().items():
            if source.language == "de" or word == word.lower():
                counts[source.language][word.lower()] += often
    return {
        language: [w for w, n in own.most_common(COMMON_WORDS) if n >= RAREST_COMMON]
        for language, own in counts.items()
    }


def _tuned(folder: Path) -> dict[str, Any]:
    """Return the biases of an earlier export."""
    path = folder / "llasa.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {key: manifest[key] for key in TUNED if key in manifest}


def quantise(source: Path, out: Path, *, bits: int, embedding_bits: int) -> None:
    """Write the matrices of a safetensors file quantised, the rest as float16.

    A matrix `a.weight` becomes `a.weight`, `a.scales` and `a.biases`, as `mlx.nn` names them. The
    positions and the heads are small, and stay floats.
    """
    import mlx.core as mx

    tensors: dict[str, Any] = dict(mx.load(str(source)))  # type: ignore[arg-type]
    written: dict[str, Any] = {}
    for name, tensor in tensors.items():
        width = bits_of(name, tensor.ndim, bits=bits, embedding_bits=embedding_bits)
        if width >= 16:
            written[name] = tensor.astype(mx.float16)
            continue
        stem = name.removesuffix(SUFFIX)
        packed, scales, offsets = mx.quantize(tensor, group_size=GROUP, bits=width)
        written[name] = packed
        written[f"{stem}.scales"] = scales.astype(mx.float16)
        written[f"{stem}.biases"] = offsets.astype(mx.float16)
    mx.save_safetensors(str(out), written, metadata={"format": "mlx"})


def unpack(source: Path, out: Path) -> None:
    """Write an exported folder as floats again, so that training can go on from what ships.

    Rounding to 8 and 6 bits is in them; the optimisers' memory is not.
    """
    import mlx.core as mx

    config = json.loads((source / "config.json").read_text())
    quantised = config["quantization"]
    stored: dict[str, Any] = dict(mx.load(str(source / "model.safetensors")))  # type: ignore[arg-type]
    tensors: dict[str, Any] = {}
    for name, tensor in stored.items():
        stem = name.removesuffix(SUFFIX)
        if f"{stem}.scales" in stored and name.endswith(SUFFIX):
            embedding = name == "pieces.weight"
            tensors[name] = mx.dequantize(
                tensor,
                stored[f"{stem}.scales"].astype(mx.float32),
                stored[f"{stem}.biases"].astype(mx.float32),
                group_size=quantised["group_size"],
                bits=quantised["embedding_bits" if embedding else "bits"],
            )
        elif not name.endswith((".scales", ".biases")):
            tensors[name] = tensor.astype(mx.float32)
    out.mkdir(parents=True, exist_ok=True)
    mx.save_safetensors(str(out / "model.safetensors"), tensors, metadata={"format": "mlx"})
    shutil.copyfile(source / "tokenizer.json", out / "tokenizer.json")
    shape = {k: v for k, v in config.items() if k not in ("model_type", "quantization")}
    (out / "training.json").write_text(json.dumps({"shape": shape}, indent=2) + "\n")


def bits_of(name: str, dimensions: int, *, bits: int, embedding_bits: int) -> int:
    """Return the bits that a tensor is written with; 16 is a float."""
    if dimensions < 2 or not name.endswith(SUFFIX):
        return 16
    if name == "pieces.weight":
        return embedding_bits
    return bits if name.startswith("layers.") else 16


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
