"""Draw batches ahead of the training: here, or in further processes where the machine has cores.

One process draws about 190,000 tokens/s. Two cores train on eleven thousand; a GPU would wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from engine.training.corpus import Corpus
from engine.training.examples import Batch, Shape, batches
from engine.training.mistakes import Guesser
from engine.training.swaps import Swapper
from engine.training.tokens import Codec

#: Batches of one pool: they share their examples, sorted by length.
POOL = 3
#: Pools that stand ready beside those that are being drawn.
SPARE = 2


@dataclass(frozen=True, slots=True)
class Pool:
    """What to draw; the same pool of the same data gives the same batches."""

    seed: str
    shape: Shape
    kind: str
    tokens: int  # of one batch
    mistakes: bool


class Source:
    """The prepared corpus with all that windows are made with."""

    def __init__(self, data: Path) -> None:
        self.corpus = Corpus(data / "train.npz")
        self.codec = Codec.load(data / "tokenizer")
        self.guesser, self.swapper = Guesser(self.corpus), Swapper(self.corpus)

    def draw(self, pool: Pool) -> list[Batch]:
        """The batches of a pool, in random order."""
        drawn = batches(
            self.corpus,
            self.codec,
            pool.shape,
            pool.kind,
            seed=pool.seed,
            tokens=pool.tokens,
            pool=POOL,
            guesser=self.guesser if pool.mistakes else None,
            swapper=self.swapper,
        )
        return list(drawn)


class Drawers:
    """Draws pools in `count` processes, ahead of their use; with none, in this one."""

    def __init__(self, data: Path, count: int) -> None:
        self._ahead = count + SPARE
        self._source = None if count else Source(data)
        self._processes = (
            ProcessPoolExecutor(
                count, mp_context=get_context("spawn"), initializer=_load, initargs=(data,)
            )
            if count
            else None
        )

    def pools(self, plan: Callable[[int], Pool], first: int) -> Iterator[list[Batch]]:
        """Yield the batches of `plan(first)`, `plan(first + 1)` and so on, without end.

        A pool is planned when it is handed to a process, which is `count` pools and a few early.
        """
        number = first
        if self._source:
            while True:
                yield self._source.draw(plan(number))
                number += 1
        assert self._processes is not None
        drawn: deque[Future[list[Batch]]] = deque()
        while True:
            while len(drawn) < self._ahead:
                drawn.append(self._processes.submit(_draw, plan(number)))
                number += 1
            yield drawn.popleft().result()

    def close(self) -> None:
        """Let the processes end."""
        if self._processes:
            self._processes.shutdown(cancel_futures=True)


_source: Source


def _load(data: Path) -> None:
    global _source
    _source = Source(data)


def _draw(pool: Pool) -> list[Batch]:
    return _source.draw(pool)
