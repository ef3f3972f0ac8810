"""A small randomly initialised encoder: its vectors mean nothing, and are the same every time."""

from __future__ import annotations

import json
from pathlib import Path

from engine.embedding.e5 import config_of
from tests import small_taggers
from tests.small_taggers import GROUP, HEADS, HIDDEN, INNER, LAYERS, POSITIONS


def encoder_like(folder: Path, *, seed: int = 1) -> Path:
    """Write a model folder as `engine.embedding.e5` writes one."""
    folder.mkdir(parents=True)
    made = small_taggers.tokenizer()
    made.save(str(folder / "tokenizer.json"))
    size = made.get_vocab_size()
    small_taggers.write_weights(folder, small_taggers.arrays(size, seed), bits=4, embedding_bits=4)
    config = config_of(hidden=HIDDEN, layers=LAYERS, heads=HEADS, inner=INNER, pieces=size) | {
        "positions": POSITIONS,
        "revision": f"seed-{seed}",
        "quantization": {"group_size": GROUP, "bits": 4},
    }
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
