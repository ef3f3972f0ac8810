"""Write the float model as a Hugging Face folder that needs no torch to read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from engine.training.model import ModelConfig
from engine.training.tokens import Codec, save_tokenizer


def save_float(
    folder: Path,
    weights: dict[str, Tensor],
    config: ModelConfig,
    codec: Codec,
    facts: dict[str, Any],
) -> None:
    """Write weights, config and tokenizer; the weights are replaced in one move."""
    save_tokenizer(codec.tokenizer, folder)
    llama = config.as_llama(end=codec.end, pad=codec.pad)
    (folder / "config.json").write_text(json.dumps(llama, indent=2) + "\n")
    (folder / "training.json").write_text(json.dumps(facts, indent=2) + "\n")
    temporary = folder / "model.tmp"
    tensors = {
        f"model.{name}": value.detach().float().cpu().contiguous()
        for name, value in weights.items()
        if not name.startswith("lags_")  # asked in training alone
    }
    save_file(tensors, temporary, metadata={"format": "pt"})
    os.replace(temporary, folder / "model.safetensors")
