"""Quantise the float model with mlx-lm and write the folder that the engine loads.

Runs in the product's own environment: it needs mlx-lm and no torch.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

#: How the weights are shipped: four bits cost a point of F1 more than six.
BITS, GROUP = 6, 64
LIMIT_BYTES = 8 * 1024 * 1024
PART = {"words": 100, "tail_words": 12, "lookahead_words": 15}
SEPARATORS = [",", ".", "?", "!", ":", ";"]
CHOICES = [*SEPARATORS, "paragraph", "raise"]
#: Where the source has marks, its own reading weighs more: Whisper heard the pauses.
MARKED = {"own": 2.0, "own_case": 1.0}
#: Files of an earlier export that a new one keeps.
KEPT = ("MODEL_CARD.md",)


def export(
    source: Path,
    out: Path,
    *,
    bits: int = BITS,
    group: int = GROUP,
    embedding_bits: int = BITS,
    bias: dict[str, float] | None = None,
    name: str = "punct-en",
) -> Path:
    """Write `out` from the float folder `source`; the old `out` is replaced at the end."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{name}-") as temporary:
        folder = Path(temporary) / name
        quantise(source, folder, bits=bits, group=group, embedding_bits=embedding_bits)
        weights = folder / "model.safetensors"
        size = weights.stat().st_size
        if bits < 16 and size > LIMIT_BYTES:  # floats are exported to be compared, not shipped
            raise ValueError(f"{size:,} bytes of weights, at most {LIMIT_BYTES:,}")
        old = read_manifest(out)
        manifest = {
            "schema": "llasa.model/1",
            "name": name,
            "revision": hashlib.sha256(weights.read_bytes()).hexdigest()[:12],
            "tasks": ["punctuate"],
            "languages": ["en"],
            "template": "punct",
            "part": PART,
            "separators": SEPARATORS,
            "bias": dict.fromkeys(CHOICES, 0.0) | (old.get("bias", {}) if bias is None else bias),
            "bias_marked": old.get("bias_marked", MARKED),
        }
        (folder / "llasa.json").write_text(json.dumps(manifest, indent=2) + "\n")
        for kept in KEPT:
            if (out / kept).exists():
                shutil.copy2(out / kept, folder / kept)
        for path in folder.iterdir():
            path.chmod(0o644)
        folder.chmod(0o755)
        retired = Path(temporary) / "old"
        if out.exists():
            os.replace(out, retired)
        os.replace(folder, out)
    return out


def read_manifest(folder: Path) -> dict[str, Any]:
    """The llasa.json of `folder`, or nothing."""
    path = folder / "llasa.json"
    return json.loads(path.read_text()) if path.exists() else {}


def write_bias(folder: Path, bias: dict[str, float]) -> None:
    """Put `bias` into the llasa.json of `folder`."""
    path = folder / "llasa.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(read_manifest(folder) | {"bias": bias}, indent=2) + "\n")
    os.replace(temporary, path)


def quantise(source: Path, out: Path, *, bits: int, group: int, embedding_bits: int) -> None:
    """Convert a float folder to an MLX one; bits of 16 leaves the floats as they are."""
    from mlx_lm import convert

    def rule(path: str, _module: Any) -> bool | dict[str, Any]:
        width = embedding_bits if "embed_tokens" in path else bits
        if width >= 16:
            return False
        return width == bits or {"group_size": group, "bits": width, "mode": "affine"}

    convert(
        str(source),
        mlx_path=str(out),
        quantize=min(bits, embedding_bits) < 16,
        q_bits=min(bits, 8),
        q_group_size=group,
        dtype="float16",
        quant_predicate=rule,
    )
    for stray in ("README.md", "training.json", "model.safetensors.index.json"):
        (out / stray).unlink(missing_ok=True)
