"""What a chat model learns: the choices that its guide leaves; and what it should say as before."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from engine.tuning.chat_biases import Choice
from engine.tuning.decisions import Decision, Example

if TYPE_CHECKING:
    import mlx.core as mx

    from engine.guided.model import Model

#: Less than any logit: of what stands beyond the tokens of a choice.
_NEVER: Final = -1e4


class ChatTask:
    """Examples that are learnt from, and examples that stop the training."""

    def __init__(
        self,
        model: Model,
        examples: Mapping[str, Sequence[Example]],
        *,
        seed: int,
        rows: int,
        anchor_rows: int,
    ) -> None:
        """Take a model with new adapters, and the examples named train, valid and anchors.

        `rows` examples and `anchor_rows` anchors make a step.
        """
        from mlx.utils import tree_flatten

        self._network, self._head = model.network, model.head
        self._train, self._valid = examples["train"], examples["valid"]
        self._anchors = examples["anchors"] if anchor_rows else ()
        self._seed, self._rows, self._anchor_rows = seed, rows, anchor_rows
        self._untouched: dict[str, mx.array] = dict(
            tree_flatten(self._network.trainable_parameters())
        )
        self._before: list[mx.array] = []  # what the untouched model says of each anchor
        self.steps_an_epoch = max(1, len(self._train) // rows)

    def begin(self) -> dict[str, mx.array]:
        """Return the adapters as they stand at the beginning."""
        return self._untouched

    def loss(self, learnt: dict[str, mx.array], step: int) -> mx.array:
        """Return the loss on the choices of a step."""
        epoch, place = divmod(step, self.steps_an_epoch)
        order = list(range(len(self._train)))
        random.Random(f"{self._seed}:{epoch}").shuffle(order)  # noqa: S311
        rows = self._rows
        chosen = [self._train[n] for n in order[place * rows : (place + 1) * rows]]
        loss = _right(self.scores(learnt, chosen), chosen).mean()
        return loss + self._anchored(learnt, step) if self._anchors else loss

    def _anchored(self, learnt: dict[str, mx.array], step: int) -> mx.array:
        """Return how far the model has moved from what it said of some anchors."""
        import mlx.core as mx

        if not self._before:
            self._before = [_logs(self.scores(self._untouched, [one])) for one in self._anchors]
            mx.eval(self._before)
        rng = random.Random(f"{self._seed}:anchors:{step}")  # noqa: S311
        total = mx.array(0.0)
        for n in rng.sample(range(len(self._anchors)), self._anchor_rows):
            before, now = self._before[n], _logs(self.scores(learnt, [self._anchors[n]]))
            known = before > _NEVER
            moved = mx.where(known, mx.exp(before) * (before - now), 0.0)
            total = total + moved.sum(axis=-1).mean() / self._anchor_rows
        return total

    def validate(self, learnt: dict[str, mx.array]) -> float:
        """Return the loss on the choices that are kept apart."""
        total, count = 0.0, 0
        for start in range(0, len(self._valid), self._rows):
            chosen = self._valid[start : start + self._rows]
            losses = _right(self.scores(learnt, chosen), chosen)
            total += float(cast("float", losses.sum().item()))
            count += losses.size
        return total / max(1, count)

    def scores(self, learnt: dict[str, mx.array], chosen: Sequence[Example]) -> mx.array:
        """Return the logits of the choices of some examples with their biases, a row each.

        Rows are filled up with `_NEVER`.
        """
        import mlx.core as mx
        from mlx.utils import tree_unflatten

        self._network.update(tree_unflatten(list(learnt.items())))
        batch = np.zeros((len(chosen), max(len(one.ids) for one in chosen)), np.int32)
        for row, one in enumerate(chosen):
            batch[row, : len(one.ids)] = one.ids
        rows = mx.array([row for row, one in enumerate(chosen) for _ in one.decisions])
        made = [decision for one in chosen for decision in one.decisions]
        places = mx.array([one.place for one in made])
        if self._head is None:
            logits = self._network(mx.array(batch))[rows, places]
        else:
            logits = self._head(self._network.model(mx.array(batch))[rows, places])
        ids, bias = _table(made)
        return mx.take_along_axis(logits.astype(mx.float32), ids, axis=-1) + bias

    def choices(self, learnt: dict[str, mx.array], examples: Sequence[Example]) -> list[Choice]:
        """Return the choices of examples as the model scores them."""
        out = []
        for one in examples:
            for row, made in zip(np.array(self.scores(learnt, [one])), one.decisions, strict=True):
                scores, written = row[: len(made.ids)], np.array(made.written)
                right = max(made.right, key=lambda place: scores[place])
                out.append(Choice(scores, written, right, one.language, one.marked))
        return out


def _right(scores: mx.array, chosen: Sequence[Example]) -> mx.array:
    """Return the loss of every choice."""
    import mlx.core as mx

    wrong = np.ones(scores.shape, bool)
    for row, choice in enumerate(choice for one in chosen for choice in one.decisions):
        wrong[row, list(choice.right)] = False
    right = mx.where(mx.array(wrong), 2 * _NEVER, scores)
    return mx.logsumexp(scores, axis=-1) - mx.logsumexp(right, axis=-1)


def _logs(scores: mx.array) -> mx.array:
    import mlx.core as mx

    return scores - mx.logsumexp(scores, axis=-1, keepdims=True)


def _table(decisions: Sequence[Decision]) -> tuple[mx.array, mx.array]:
    """Return the tokens of choices in rows of one length, and what is added to their logits."""
    import mlx.core as mx

    shape = len(decisions), max(len(one.ids) for one in decisions)
    ids, bias = np.zeros(shape, np.int32), np.full(shape, 2 * _NEVER, np.float32)
    for row, one in enumerate(decisions):
        ids[row, : len(one.ids)] = one.ids
        bias[row, : len(one.ids)] = one.bias
    return mx.array(ids), mx.array(bias)
