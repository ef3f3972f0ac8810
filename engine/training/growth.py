"""More layers for a model that has been trained with fewer.

A new layer starts as a copy of the one before it whose outputs are zero, so the grown model says at
first what it said before, and training makes use of the new layers (Chen et al. 2015, "Net2Net",
arXiv 1511.05641, where a layer that changes nothing is put in).
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.training.model import ModelConfig

#: What a layer adds to the hidden state comes through these.
OUTPUTS = ("self_attn.o_proj.weight", "mlp.down_proj.weight")


def sources(before: ModelConfig, layers: int) -> list[tuple[int, bool]]:
    """For each of `layers` layers the old one that it comes from, and whether it is new.

    The new ones follow, one each, the last layer that reads and those after it.
    """
    added = layers - before.layers
    first = before.read_layers - 1
    if not 0 <= added <= before.layers - first:
        raise ValueError(
            f"{before.layers} layers can grow to {2 * before.layers - first} at most, not {layers}"
        )
    out: list[tuple[int, bool]] = []
    for number in range(before.layers):
        out.append((number, False))
        if first <= number < first + added:
            out.append((number, True))
    return out


def grown(weights: dict[str, Tensor], before: ModelConfig, layers: int) -> dict[str, Tensor]:
    """The weights of a model of `layers` layers that computes what `weights` does."""
    out = {name: value for name, value in weights.items() if not name.startswith("layers.")}
    for place, (number, new) in enumerate(sources(before, layers)):
        old = f"layers.{number}."
        for name, value in weights.items():
            if name.startswith(old):
                part = name.removeprefix(old)
                empty = new and part in OUTPUTS
                out[f"layers.{place}.{part}"] = torch.zeros_like(value) if empty else value.clone()
    return out
