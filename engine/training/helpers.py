"""Share a step between processes of one thread each, which meet once a step.

Threads inside an operator meet at every operator instead, thousands of times a step, which on a
busy machine costs most of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.training.encoder import LOSS_WEIGHTS, Tagger, precise

Rows = tuple[Tensor, Tensor, Tensor, Tensor]
Loss = Callable[..., tuple[Tensor, Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Share:
    """What a part of a batch comes to: its share of the mean losses, the gradient at its input."""

    losses: tuple[float, ...]
    embedded: Tensor | None  # rows x pieces x hidden; None where the table is frozen


def backward(model: Tagger, loss: Loss, rows: Rows, counts: list[int], device: str) -> Share:
    """Add the gradients of `rows` to those of the model; `counts` are the batch's labels."""
    ids, *labels = (part.to(device) for part in rows)
    table = model.pieces.weight
    embedded = functional.embedding(ids, table.detach()).requires_grad_(table.requires_grad)
    with precise(device):
        sums = loss(embedded, ids, *labels)
    means = [total / max(1, count) for total, count in zip(sums, counts, strict=True)]
    sum(w * m for w, m in zip(LOSS_WEIGHTS, means, strict=True)).backward()  # type: ignore[union-attr]
    return Share(tuple(float(mean.detach()) for mean in means), embedded.grad)


def compiled(model: Tagger, *, compile_it: bool) -> Loss:
    """Return the loss of the model, compiled where asked."""
    return torch.compile(model.loss) if compile_it else model.loss


def _serve(
    connection: Connection, model: Tagger, grads: list[Tensor], at_input: Tensor, compile_it: bool
) -> None:
    """Compute gradients of what comes in, until None comes: a helper's life."""
    torch.set_flush_denormal(True)
    torch.set_num_threads(1)
    loss = compiled(model, compile_it=compile_it)
    while (job := _received(connection)) is not None:
        rows, counts = job
        share = backward(model, loss, tuple(map(torch.from_numpy, rows)), counts, "cpu")  # type: ignore[arg-type]
        for parameter, grad in zip(_dense(model), grads, strict=True):
            assert parameter.grad is not None
            grad.copy_(parameter.grad)
            parameter.grad = None
        if share.embedded is not None:
            at_input[: len(share.embedded)].copy_(share.embedded)
        connection.send(share.losses)


def _received(connection: Connection) -> Any:
    """Return what comes in, None also where the other end is gone."""
    try:
        return connection.recv()
    except EOFError:
        return None


class Helpers:
    """Processes that hold the same weights and compute a share of every batch each."""

    def __init__(
        self, model: Tagger, count: int, *, rows: int, length: int, compile_it: bool
    ) -> None:
        self.model = model
        self._shares: list[tuple[Connection, list[Tensor], Tensor]] = []
        context: Any = torch.multiprocessing.get_context("spawn")
        if count:
            model.share_memory()
        for _ in range(count):
            ours, theirs = context.Pipe()
            grads = [torch.zeros_like(p).share_memory_() for p in _dense(model)]
            at_input = torch.zeros(rows, length, model.shape.hidden).share_memory_()
            job = (theirs, model, grads, at_input, compile_it)
            context.Process(target=_serve, args=job, daemon=True).start()
            self._shares.append((ours, grads, at_input))

    def step(self, loss: Loss, rows: Rows, counts: list[int], device: str) -> tuple[float, ...]:
        """Leave the gradients of a whole batch in the model; returns its mean losses."""
        shares = self._shares[: len(rows[0]) - 1]
        parts = len(shares) + 1
        for n, (connection, _, _) in enumerate(shares, start=1):
            connection.send(([part[n::parts].numpy() for part in rows], counts))
        own: Rows = tuple(part[::parts] for part in rows)  # type: ignore[assignment]
        share = backward(self.model, loss, own, counts, device)
        losses = share.losses
        read = [(own[0], share.embedded)]
        for n, (connection, grads, at_input) in enumerate(shares, start=1):
            losses = tuple(a + b for a, b in zip(losses, connection.recv(), strict=True))
            for parameter, grad in zip(_dense(self.model), grads, strict=True):
                assert parameter.grad is not None
                parameter.grad += grad
            ids = rows[0][n::parts]
            read.append((ids, at_input[: len(ids)]))
        if share.embedded is not None:
            self._table(read)
        return losses

    def _table(self, read: list[tuple[Tensor, Tensor | None]]) -> None:
        """Give the table of pieces its gradient: of the rows that were read alone."""
        table = self.model.pieces.weight
        ids = torch.cat([ids.flatten() for ids, _ in read]).to(table.device)
        grads = torch.cat([grads.flatten(0, 1) for _, grads in read if grads is not None])
        table.grad = torch.sparse_coo_tensor(
            ids[None], grads, table.shape, check_invariants=False
        ).coalesce()

    def close(self) -> None:
        """Let the helpers end."""
        for connection, _, _ in self._shares:
            connection.send(None)


def _dense(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that learn, but for the table of pieces."""
    named = model.named_parameters()
    return [p for name, p in named if name != "pieces.weight" and p.requires_grad]
