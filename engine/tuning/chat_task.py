"""What a chat model learns: what it is asked as a reader; and what it should say as before."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from engine.tuning.questions import Example

if TYPE_CHECKING:
    import mlx.core as mx

    from engine.guided.reader import Reader

#: Less than any score: of what stands beyond the ways of a question.
_NEVER: Final = -1e4


class ChatTask:
    """Examples that are learnt from, and examples that stop the training."""

    def __init__(
        self,
        network: Any,
        reader: Reader,
        examples: Mapping[str, Sequence[Example]],
        *,
        seed: int,
        rows: int,
        anchor_rows: int,
    ) -> None:
        """Take a network with new adapters, its reader, and examples (train, valid and anchors).

        `rows` examples and `anchor_rows` anchors make a step.
        """
        from mlx.utils import tree_flatten

        self._network, self._reader = network, reader
        self._train, self._valid = examples["train"], examples["valid"]
        self._anchors = examples["anchors"] if anchor_rows else ()
        self._seed, self._rows, self._anchor_rows = seed, rows, anchor_rows
        self._untouched: dict[str, mx.array] = dict(tree_flatten(network.trainable_parameters()))
        self._before: list[mx.array] = []  # what the untouched model says of each anchor
        self.steps_an_epoch = max(1, len(self._train) // rows)

    def begin(self) -> dict[str, mx.array]:
        """Return the adapters as they stand at the beginning."""
        return self._untouched

    def loss(self, learnt: dict[str, mx.array], step: int) -> mx.array:
        """Return the loss on the questions of a step."""
        import mlx.core as mx

        epoch, place = divmod(step, self.steps_an_epoch)
        order = list(range(len(self._train)))
        random.Random(f"{self._seed}:{epoch}").shuffle(order)  # noqa: S311
        chosen = [self._train[n] for n in order[place * self._rows : (place + 1) * self._rows]]
        loss = mx.concatenate([_right(self.scores(learnt, one), one) for one in chosen]).mean()
        return loss + self._anchored(learnt, step) if self._anchors else loss

    def _anchored(self, learnt: dict[str, mx.array], step: int) -> mx.array:
        """Return how far the model has moved from what it said of some anchors."""
        import mlx.core as mx

        if not self._before:
            self._before = [self.scores(self._untouched, one) for one in self._anchors]
            mx.eval(self._before)
        rng = random.Random(f"{self._seed}:anchors:{step}")  # noqa: S311
        total = mx.array(0.0)
        count = min(self._anchor_rows, len(self._anchors))
        for n in rng.sample(range(len(self._anchors)), count):
            before, now = self._before[n], self.scores(learnt, self._anchors[n])
            moved = mx.where(before > _NEVER, mx.exp(before) * (before - now), 0.0)
            total = total + moved.sum(axis=-1).mean() / count
        return total

    def validate(self, learnt: dict[str, mx.array]) -> float:
        """Return the loss on the questions that are kept apart."""
        total, count = 0.0, 0
        for one in self._valid:
            losses = _right(self.scores(learnt, one), one)
            total += float(cast("float", losses.sum().item()))
            count += losses.size
        return total / max(1, count)

    def scores(self, learnt: dict[str, mx.array], one: Example) -> mx.array:
        """Return the log probabilities of the ways of an example, a row for each question.

        Rows are filled up with `_NEVER` or less.
        """
        import mlx.core as mx
        from mlx.utils import tree_unflatten

        self._network.update(tree_unflatten(list(learnt.items())))
        ways = self._reader.learnable(one.ids, one.rows)
        shape = len(one.questions), max(len(question.ways) for question in one.questions)
        places, own = np.zeros(shape, np.int32), np.full(shape, 2 * _NEVER, np.float32)
        weights = np.zeros(shape, np.float32)
        first = 0
        for row, question in enumerate(one.questions):
            count = len(question.ways)
            places[row, :count] = np.arange(first, first + count)
            own[row, :count], weights[row, :count] = question.scores, question.weight
            first += count
        sums = mx.array(own) + mx.array(weights) * ways[mx.array(places)]
        return sums - mx.logsumexp(sums, axis=-1, keepdims=True)


def _right(scores: mx.array, one: Example) -> mx.array:
    """Return the loss of every question."""
    import mlx.core as mx

    right = mx.array([question.right for question in one.questions])
    return -mx.take_along_axis(scores, right[:, None], axis=-1)[:, 0]
