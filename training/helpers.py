"""Share a step between processes of one thread each; they meet once a step, not at every operator.

Threads inside an operator wait for each other by spinning, thousands of times a step, which on a
busy machine costs most of the time. Seen under changing loads: 1,100 tokens/s with two threads,
2,000 to 9,000 with two processes.
"""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np
import torch
from torch import Tensor, nn

from training.model import Punctuator

Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def compiled(model: Punctuator, *, compile_it: bool) -> Loss:
    """The loss function of `model`, compiled where asked."""
    return torch.compile(model.loss, dynamic=True) if compile_it else model.loss


def backward(loss: Loss, ids: np.ndarray, weights: np.ndarray, scale: float, device: str) -> float:
    """Add the gradients of the loss sum over `scale`; returns that quotient."""
    with torch.autocast(device, torch.bfloat16):
        value, _ = loss(torch.from_numpy(ids).to(device), torch.from_numpy(weights).to(device))
    value = value / scale
    value.backward()
    return float(value.detach())


def _serve(
    connection: Connection, model: Punctuator, grads: list[Tensor], compile_it: bool
) -> None:
    """The helper's loop: gradients of what comes in, until None comes."""
    torch.set_flush_denormal(True)
    torch.set_num_threads(1)
    loss = compiled(model, compile_it=compile_it)
    parameters = list(model.parameters())
    while (job := connection.recv()) is not None:
        value = backward(loss, *job, "cpu")
        for parameter, grad in zip(parameters, grads, strict=True):
            assert parameter.grad is not None
            grad.copy_(parameter.grad)
            parameter.grad = None
        connection.send(value)


class Helpers:
    """Processes that hold the same shared weights and compute a share of every batch."""

    def __init__(self, model: Punctuator, count: int, *, compile_it: bool) -> None:
        self.model = model
        self._shares: list[tuple[Connection, list[Tensor]]] = []
        context = torch.multiprocessing.get_context("spawn")
        if count:
            model.share_memory()
        for _ in range(count):
            ours, theirs = context.Pipe()
            grads = [torch.zeros_like(p).share_memory_() for p in model.parameters()]
            process = context.Process(
                target=_serve, args=(theirs, model, grads, compile_it), daemon=True
            )
            process.start()
            self._shares.append((ours, grads))

    def step(self, loss: Loss, ids: np.ndarray, weights: np.ndarray, device: str) -> float:
        """Leave the gradients of a whole batch in the model; returns its mean loss."""
        scale = float(weights[:, 1:].sum())
        shares = self._shares[: len(ids) - 1]  # a batch of few rows needs fewer helpers
        count = len(shares) + 1
        for n, (connection, _) in enumerate(shares, start=1):
            connection.send((ids[n::count], weights[n::count], scale))
        total = backward(loss, ids[::count], weights[::count], scale, device)
        for connection, grads in shares:
            total += connection.recv()
            _add(self.model, grads)
        return total

    def close(self) -> None:
        """Let the helpers end."""
        for connection, _ in self._shares:
            connection.send(None)


def _add(model: nn.Module, grads: list[Tensor]) -> None:
    for parameter, grad in zip(model.parameters(), grads, strict=True):
        assert parameter.grad is not None
        parameter.grad += grad
