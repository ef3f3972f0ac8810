"""What a chat model learns: what it is asked as a reader; all other text it reads as before."""

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
#: What the divergence of an anchor's token counts beside the loss of a question.
ANCHOR_WEIGHT: Final = 1.0


class ChatTask:
    """Examples that are learnt from, and examples that stop the training."""

    def __init__(
        self,
        network: Any,
        reader: Reader,
        examples: Mapping[str, Sequence[Example]],
        anchors: Sequence[Sequence[int]],
        *,
        seed: int,
        rows: int,
        anchor_rows: int,
    ) -> None:
        """Take a network with new adapters, its reader, examples (train, valid), and anchors.

        An anchor is a text, as tokens. `rows` examples and `anchor_rows` anchors make a step.
        """
        from mlx.utils import tree_flatten

        self._network, self._reader = network, reader
        self._train, self._valid = examples["train"], examples["valid"]
        self._anchors = anchors if anchor_rows else ()
        self._seed, self._rows, self._anchor_rows = seed, rows, anchor_rows
        self._untouched: dict[str, mx.array] = dict(tree_flatten(network.trainable_parameters()))
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
        return loss + ANCHOR_WEIGHT * self._anchored(learnt, step) if self._anchors else loss

    def _anchored(self, learnt: dict[str, mx.array], step: int) -> mx.array:
        """Return how far the model has moved from what it expected of some anchors.

        That is the divergence of the next token (Kullback and Leibler 1951), a mean over tokens.
        """
        import mlx.core as mx

        rng = random.Random(f"{self._seed}:anchors:{step}")  # noqa: S311
        count = min(self._anchor_rows, len(self._anchors))
        chosen = [self._anchors[n] for n in rng.sample(range(len(self._anchors)), count)]
        longest = max(map(len, chosen))
        ids = mx.array([[*one, *[0] * (longest - len(one))] for one in chosen])
        own = mx.arange(longest) < mx.array([[len(one)] for one in chosen])
        before = mx.stop_gradient(self._expected(self._untouched, ids))
        moved = (mx.exp(before) * (before - self._expected(learnt, ids))).sum(axis=-1)
        return (moved * own).sum() / own.sum()

    def _expected(self, learnt: dict[str, mx.array], ids: mx.array) -> mx.array:
        """Return the log probabilities of the token after each: rows x tokens x vocabulary."""
        import mlx.core as mx
        from mlx.utils import tree_unflatten

        self._network.update(tree_unflatten(list(learnt.items())))
        logits = self._network(ids).astype(mx.float32)
        return cast("mx.array", logits - mx.logsumexp(logits, axis=-1, keepdims=True))

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
