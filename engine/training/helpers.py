"""Share a step between processes of one thread each; they meet once a step, not at every operator.

Threads inside an operator wait for each other by spinning, thousands of times a step, which on a
busy machine costs most of the time. Seen under changing loads: 1,100 tokens/s with two threads,
2,000 to 9,000 with two processes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

import torch
from torch import Tensor, nn

from engine.training.examples import READ, Batch
from engine.training.model import Punctuator

#: Weight of what is asked while reading, beside the answer's own.
READ_WEIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Losses:
    """The loss functions of a model, compiled where asked."""

    answer: Callable[..., tuple[Tensor, Tensor]]
    reading: Callable[..., Tensor]


def compiled(model: Punctuator, *, compile_it: bool) -> Losses:
    """The loss functions of `model`."""
    if not compile_it:
        return Losses(model.loss, model.loss_of_reading)
    return Losses(
        torch.compile(model.loss, dynamic=True),
        torch.compile(model.loss_of_reading, dynamic=True),
    )


def backward(
    losses: Losses, batch: Batch, scales: tuple[float, int], device: str
) -> tuple[float, float]:
    """Add the gradients of the losses over `scales`; returns answer's and reading's quotients."""
    ids, lags = (torch.from_numpy(a).to(device) for a in (batch.ids, batch.lags))
    answered, asked = max(scales[0], 1.0), max(scales[1], 1)
    with torch.autocast(device, torch.bfloat16):
        if batch.kind == READ:
            reading = losses.reading(ids, lags)
            answer = torch.zeros(())
        else:
            weights = torch.from_numpy(batch.weights).to(device)
            rivals = () if batch.choices is None else (torch.from_numpy(batch.choices).to(device),)
            answer, reading = losses.answer(ids, weights, lags, *rivals)
    answer, reading = answer / answered, reading / asked
    (answer + READ_WEIGHT * reading).backward()
    return float(answer.detach()), float(reading.detach())


def _serve(
    connection: Connection, model: Punctuator, grads: list[Tensor], compile_it: bool
) -> None:
    """The helper's loop: gradients of what comes in, until None comes."""
    torch.set_flush_denormal(True)
    torch.set_num_threads(1)
    losses = compiled(model, compile_it=compile_it)
    parameters = list(model.parameters())
    while (job := connection.recv()) is not None:
        values = backward(losses, *job, "cpu")
        for parameter, grad in zip(parameters, grads, strict=True):
            if parameter.grad is None:  # a layer that reading alone does not reach
                grad.zero_()
            else:
                grad.copy_(parameter.grad)
            parameter.grad = None
        connection.send(values)


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

    def step(self, losses: Losses, batch: Batch, device: str) -> tuple[float, float]:
        """Leave the gradients of a whole batch in the model; returns its mean losses."""
        scales = batch.weight()
        shares = self._shares[: len(batch.ids) - 1]  # a batch of few rows needs fewer helpers
        count = len(shares) + 1
        for n, (connection, _) in enumerate(shares, start=1):
            connection.send((batch.share(n, count), scales))
        answer, reading = backward(losses, batch.share(0, count), scales, device)
        for connection, grads in shares:
            more = connection.recv()
            answer, reading = answer + more[0], reading + more[1]
            _add(self.model, grads)
        return answer, reading

    def close(self) -> None:
        """Let the helpers end."""
        for connection, _ in self._shares:
            connection.send(None)


def _add(model: nn.Module, grads: list[Tensor]) -> None:
    for parameter, grad in zip(model.parameters(), grads, strict=True):
        if parameter.grad is not None:
            parameter.grad += grad
