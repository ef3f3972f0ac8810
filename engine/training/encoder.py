"""The tagger in PyTorch: a BERT-shaped encoder and three heads over the pieces of a window."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.tagger.pieces import PAD
from engine.tuning.words import CASES, MARKS, MASKED

#: Weights of the losses of mark, case and paragraph.
LOSS_WEIGHTS = (1.0, 0.5, 0.25)


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a tagger."""

    pieces: int  # size of the vocabulary
    hidden: int = 384
    layers: int = 12
    heads: int = 12
    inner: int = 1536
    positions: int = 512

    def facts(self) -> dict[str, int]:
        """Return the sizes as a checkpoint keeps them."""
        return asdict(self)


def attend(query: Tensor, key: Tensor, value: Tensor, shown: Tensor | None) -> Tensor:
    """Return attention in steps of its own; pieces that are not `shown` take no part.

    On a CPU a training step takes three quarters of the time that it takes with PyTorch's fused
    attention, whose backward pass does not use the matrix unit. Softmax stays in bfloat16 where the
    rest is, and what is hidden is added in the product: a seventh less again.

    Args:
        query: (rows, heads, pieces, size); `key` and `value` the same.
        shown: (rows, 1, 1, pieces), False where one is padding; None: there is none.
    """
    heads = query.shape[1]
    with torch.autocast(query.device.type, enabled=False):
        query, key, value = (part.flatten(0, 1) for part in (query, key, value))
        query = query * query.shape[-1] ** -0.5
        if shown is None:
            scores = query @ key.transpose(1, 2)
        else:
            hidden = torch.zeros_like(shown, dtype=query.dtype).masked_fill(~shown, float("-inf"))
            hidden = hidden.expand(-1, heads, -1, -1).flatten(0, 1)
            scores = torch.baddbmm(hidden, query, key.transpose(1, 2))
        return (torch.softmax(scores, dim=-1) @ value).unflatten(0, (-1, heads))


class Layer(nn.Module):
    """Attention over the whole window, then two matrices; norms come after the sums."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.qkv = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.attended = nn.Linear(shape.hidden, shape.hidden)
        self.attended_norm = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.up = nn.Linear(shape.hidden, shape.inner)
        self.down = nn.Linear(shape.inner, shape.hidden)
        self.output_norm = nn.LayerNorm(shape.hidden, eps=1e-12)

    def forward(self, x: Tensor, shown: Tensor | None) -> Tensor:
        """Return the layer's output for rows of pieces; `shown` is False where one is padding."""
        rows, length, size = x.shape
        parts = self.qkv(x).view(rows, length, 3, self.heads, size // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = attend(query, key, value, shown)
        mixed = mixed.transpose(1, 2).reshape(rows, length, size)
        x = self.attended_norm(x + self.attended(mixed))
        return self.output_norm(x + self.down(functional.gelu(self.up(x))))


class Tagger(nn.Module):
    """Scores the mark, the case and the paragraph of every piece; the last of a word counts."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.pieces = nn.Embedding(shape.pieces, shape.hidden)
        self.positions = nn.Embedding(shape.positions, shape.hidden)
        self.norm = nn.LayerNorm(shape.hidden, eps=1e-12)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.mark = nn.Linear(shape.hidden, len(MARKS))
        self.case = nn.Linear(shape.hidden, len(CASES))
        self.paragraph = nn.Linear(shape.hidden, 2)
        for head in (self.mark, self.case, self.paragraph):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def freeze(self, layers: int) -> None:
        """Leave the lowest layers as they are, and with them the table and the positions."""
        lowest = [*self.pieces.parameters(), *self.positions.parameters(), *self.norm.parameters()]
        for layer in self.layers[:layers]:
            lowest.extend(layer.parameters())
        for parameter in lowest if layers else ():
            parameter.requires_grad_(False)

    def encode(self, embedded: Tensor, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the three heads' scores of rows whose pieces were looked up in `embedded`."""
        padded = bool((ids == PAD).any())
        shown = (ids != PAD)[:, None, None, :] if padded else None
        x = self.norm(embedded + self.positions.weight[: ids.shape[1]])
        for layer in self.layers:
            x = layer(x, shown)
        return self.mark(x), self.case(x), self.paragraph(x)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the scores of rows of ids."""
        return self.encode(self.pieces(ids), ids)

    def loss(
        self, embedded: Tensor, ids: Tensor, marks: Tensor, cases: Tensor, paragraphs: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the sums of the losses of mark, case and paragraph; MASKED is not asked."""
        scores = self.encode(embedded, ids)
        labels = (marks, cases, paragraphs)
        one, two, three = (_loss(s, y) for s, y in zip(scores, labels, strict=True))
        return one, two, three


def _loss(scores: Tensor, labels: Tensor) -> Tensor:
    return functional.cross_entropy(
        scores.float().flatten(0, 1), labels.flatten(), ignore_index=MASKED, reduction="sum"
    )


def fast_precision(device: str) -> torch.dtype:
    """Return bfloat16 where the device multiplies in it, else float32.

    A CPU without the instructions takes eight times as long in bfloat16 as in float32.
    """
    known = (torch.cpu._is_amx_tile_supported(), torch.cpu._is_avx512_bf16_supported())
    return torch.bfloat16 if device != "cpu" or any(known) else torch.float32


def precise(device: str) -> torch.autocast:
    """Return the context in which a model is asked."""
    dtype = fast_precision(device)
    return torch.autocast(device, torch.bfloat16, enabled=dtype == torch.bfloat16)


def load_pretrained(model: Tagger, weights: dict[str, Any]) -> None:
    """Put the encoder's weights into a model whose heads stay as they are.

    A model of fewer layers takes the lowest ones.
    """
    state = {
        name: torch.from_numpy(value)
        for name, value in weights.items()
        if not name.startswith("layers.") or int(name.split(".")[1]) < model.shape.layers
    }
    missing, unexpected = model.load_state_dict(state, strict=False)
    heads = {name for name in missing if name.split(".")[0] in ("mark", "case", "paragraph")}
    if unexpected or set(missing) != heads:
        raise ValueError(f"weights do not fit: {unexpected or set(missing) - heads}")
