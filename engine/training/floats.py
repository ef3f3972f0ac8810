"""The trained weights as a folder of floats, which export, tuning and evaluation read."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from engine.tagger.pieces import Pieces
from engine.training.encoder import Shape, Tagger

WEIGHTS, FACTS, TOKENIZER = "model.safetensors", "training.json", "tokenizer.json"


def save(folder: Path, model: Tagger, tokenizer: Path, facts: dict[str, Any]) -> None:
    """Write weights, sizes and tokenizer; the weights are replaced last, in one move."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tokenizer, folder / TOKENIZER)
    described = {"shape": model.shape.facts(), **facts}
    (folder / FACTS).write_text(json.dumps(described, indent=2) + "\n")
    temporary = folder / "model.tmp"
    tensors = {k: v.detach().float().cpu().contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, temporary)
    os.replace(temporary, folder / WEIGHTS)


def load(folder: Path) -> tuple[Tagger, Pieces]:
    """Read what `save` wrote, for use and not for training."""
    facts = json.loads((folder / FACTS).read_text())
    model = Tagger(Shape(**facts["shape"]))
    model.load_state_dict(load_file(folder / WEIGHTS))
    return model.eval(), Pieces.load(folder / TOKENIZER)
