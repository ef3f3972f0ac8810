"""Train as the engine will compute: weights rounded going forward, floats underneath.

Rounding is MLX's affine one, group by group along the input; going back the gradient passes as if
nothing had been rounded (Jacob et al. 2018, arXiv 1712.05877; straight-through).
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.export import BITS, GROUP


def rounded(weight: Tensor) -> Tensor:
    """`weight` [rows, inputs] as MLX reads it back from `BITS` bits in groups of `GROUP`."""
    levels = 2**BITS - 1
    groups = weight.float().unflatten(-1, (-1, GROUP))
    low, high = groups.amin(-1, keepdim=True), groups.amax(-1, keepdim=True)
    from_low = low.abs() > high.abs()
    step = ((high - low) / levels).clamp(min=1e-7)
    step = torch.where(from_low, step, -step)
    edge = torch.where(from_low, low, high)
    first = (edge / step).round()
    zero = first == 0
    step = torch.where(zero, step, edge / torch.where(zero, 1.0, first))
    base = torch.where(zero, 0.0, edge)
    step, base = step.half().float(), base.half().float()
    codes = ((groups - base) / step).round().clamp(0, levels)
    return (codes * step + base).flatten(-2)


def through(weight: Tensor) -> Tensor:
    """Rounded going forward, itself going back."""
    return weight + (rounded(weight) - weight).detach()
