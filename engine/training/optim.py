"""Optimisers and schedule: Muon for matrices, AdamW for the rest, one learning-rate curve."""

from __future__ import annotations

import torch
from torch import nn


def optimizers(
    model: nn.Module, *, matrix_rate: float, other_rate: float, kind: str = "muon"
) -> list[torch.optim.Optimizer]:
    """Make the optimisers; every group remembers its peak rate as `peak`."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "layers." in n]
    embeddings = [p for n, p in model.named_parameters() if p.ndim == 2 and "layers." not in n]
    norms = [p for p in model.parameters() if p.ndim < 2]
    groups = [
        {"params": embeddings, "lr": other_rate, "weight_decay": 0.0},
        {"params": norms, "lr": other_rate, "weight_decay": 0.0},
    ]
    made: list[torch.optim.Optimizer] = []
    if kind == "muon":
        made.append(
            torch.optim.Muon(
                matrices,
                lr=matrix_rate,
                momentum=0.95,
                weight_decay=0.01,
                ns_steps=4,
                adjust_lr_fn="match_rms_adamw",
            )
        )
    else:
        groups.append({"params": matrices, "lr": matrix_rate, "weight_decay": 0.05})
    made.append(torch.optim.AdamW(groups, betas=(0.9, 0.97)))
    for optimizer in made:
        for group in optimizer.param_groups:
            group["peak"] = group["lr"]
    return made


def rate(progress: float, *, decay: float, warm: float = 0.01) -> float:
    """Share of the peak rate: a short rise, a plateau, a straight fall to zero over `decay`."""
    if progress < warm:
        return max(progress / warm, 0.02)
    return max(0.0, min(1.0, (1.0 - progress) / decay))


def set_rate(made: list[torch.optim.Optimizer], share: float) -> None:
    """Set every group's rate to `share` of its peak."""
    for optimizer in made:
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * share
