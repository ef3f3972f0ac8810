"""What a tagger learns: the labels of the user's recordings, and to stay as it was elsewhere.

Beside the recordings every batch has rows of text that ships with llasa, in all its languages. No
label of that text is used: what the model said of it before is what it should still say.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import mlx.core as mx
import numpy as np

from engine.tagger.pieces import PAD
from engine.tuning.adapted import Adapted, Arrays
from engine.tuning.windows import Rows
from engine.tuning.words import MASKED

#: What the three labels count.
LOSS_WEIGHTS: Final = (1.0, 0.5, 0.25)
#: What the rows that should stay as they were count.
ANCHOR_WEIGHT: Final = 2.0
#: Rows that are read at once where nothing is learnt.
READ_ROWS: Final = 8
#: Numbers of one row that is kept, two bytes each.
_KEPT: Final = "lower"


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows with what the lower layers made of them, on disk."""

    rows: Rows
    lower: Any  # numpy memory map: rows x pieces x numbers, float16


class TaggerTask:
    """Rows that are learnt from, rows that stop the training, and rows that stay as they were."""

    def __init__(
        self,
        model: Adapted,
        train: Stored,
        valid: Stored,
        anchors: Stored,
        *,
        seed: int,
        rows: int,
        anchor_rows: int,
    ) -> None:
        self._model, self._train, self._valid, self._anchors = model, train, valid, anchors
        self._seed, self._rows, self._anchor_rows = seed, rows, anchor_rows
        self._before: list[Any] | None = None  # what the model said of the anchors
        self.steps_an_epoch = max(1, len(train.rows) // rows)

    def begin(self) -> Arrays:
        """Return the adapters and heads as they stand at the beginning."""
        return self._model.begin(self._seed)

    def loss(self, learnt: Arrays, step: int) -> mx.array:
        """Return the loss on the rows of a step."""
        chosen = self._drawn(step)
        loss = self._labelled(learnt, self._train, chosen)
        if self._anchor_rows and len(self._anchors.rows):
            loss = loss + ANCHOR_WEIGHT * self._anchored(learnt, step)
        return loss

    def validate(self, learnt: Arrays) -> float:
        """Return the loss on the rows that are kept apart."""
        total, count = 0.0, 0
        for start in range(0, len(self._valid.rows), READ_ROWS):
            chosen = np.arange(start, min(start + READ_ROWS, len(self._valid.rows)))
            size = int((self._valid.rows.marks[chosen] != MASKED).sum())
            total += size * self._loss_of(learnt, chosen)
            count += size
        return total / max(1, count)

    def _loss_of(self, learnt: Arrays, chosen: Any) -> float:
        return float(cast("float", self._labelled(learnt, self._valid, chosen).item()))

    def _drawn(self, step: int) -> Any:
        """Return the rows of a step: every epoch takes all of them, in an order of its own."""
        epoch, place = divmod(step, self.steps_an_epoch)
        order = list(range(len(self._train.rows)))
        random.Random(f"{self._seed}:{epoch}").shuffle(order)  # noqa: S311
        return np.asarray(order[place * self._rows : (place + 1) * self._rows])

    def _labelled(self, learnt: Arrays, stored: Stored, chosen: Any) -> mx.array:
        rows = stored.rows
        x = mx.array(stored.lower[chosen]).astype(mx.float32)
        kept = mx.array(rows.ids[chosen] != PAD)
        scores = self._model.scores(learnt, x, kept)
        total = mx.array(0.0)
        columns = (rows.marks, rows.cases, rows.paragraphs)
        for score, column, weight in zip(scores, columns, LOSS_WEIGHTS, strict=True):
            labels = column[chosen]
            asked = mx.array(labels != MASKED)
            wanted = mx.array(np.maximum(labels, 0))[..., None]
            found = mx.take_along_axis(score, wanted, axis=-1)[..., 0]
            total = total - weight * (found * asked).sum() / mx.maximum(asked.sum(), 1)
        return total

    def _anchored(self, learnt: Arrays, step: int) -> mx.array:
        """Return how far the model has moved from what it said of the anchors."""
        if self._before is None:
            self._before = self._said_before()
        rng = random.Random(f"{self._seed}:anchors:{step}")  # noqa: S311
        count = min(self._anchor_rows, len(self._anchors.rows))
        chosen = np.asarray(rng.sample(range(len(self._anchors.rows)), count))
        x = mx.array(self._anchors.lower[chosen]).astype(mx.float32)
        kept = mx.array(self._anchors.rows.ids[chosen] != PAD)
        asked = mx.array(self._anchors.rows.marks[chosen] != MASKED)
        total = mx.array(0.0)
        scores = self._model.scores(learnt, x, kept)
        for score, before, weight in zip(scores, self._before, LOSS_WEIGHTS, strict=True):
            said = mx.array(before[chosen])
            known = said.shape[-1]  # a label that the model did not have is not expected here
            moved = (mx.exp(said) * (said - score[..., :known])).sum(axis=-1)
            total = total + weight * (moved * asked).sum() / mx.maximum(asked.sum(), 1)
        return total

    def _said_before(self) -> list[Any]:
        """Return the log probabilities that the untouched model gives the anchors."""
        untouched = self._model.begin(self._seed)
        out: list[list[Any]] = [[], [], []]
        for start in range(0, len(self._anchors.rows), READ_ROWS):
            chosen = np.arange(start, min(start + READ_ROWS, len(self._anchors.rows)))
            x = mx.array(self._anchors.lower[chosen]).astype(mx.float32)
            kept = mx.array(self._anchors.rows.ids[chosen] != PAD)
            for one, score in zip(out, self._model.scores(untouched, x, kept), strict=True):
                one.append(np.array(score))
        return [np.concatenate(one) for one in out]


def stored(
    model: Adapted,
    rows: Rows,
    folder: Path,
    name: str,
    below: str,
    *,
    report: Callable[[int], bool] = lambda done: False,
) -> Stored | None:
    """Return rows with what the lower layers make of them, computed once and kept on disk.

    `below` says which layers those are. `report` is told how many rows are done, and returns
    whether to stop: then None is returned, and the next call goes on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, note = folder / f"{name}.{_KEPT}", folder / f"{name}.{_KEPT}.json"
    shape = (len(rows), rows.ids.shape[1] if len(rows) else 0, model.hidden)
    known = hashlib.sha256(rows.ids.tobytes() + below.encode()).hexdigest()
    if not len(rows):
        return Stored(rows, np.zeros(shape, np.float16))
    done = _known(note, known) if path.is_file() else 0
    if done >= len(rows):
        return Stored(rows, np.memmap(path, np.float16, "r", shape=shape))
    note.unlink(missing_ok=True)
    made = np.memmap(path, np.float16, "r+" if done else "w+", shape=shape)
    path.chmod(0o600)
    for start in range(done, len(rows), READ_ROWS):
        if report(start):
            made.flush()
            note.write_text(json.dumps({"of": known, "rows": start}), encoding="utf-8")
            return None
        ids = rows.ids[start : start + READ_ROWS]
        made[start : start + len(ids)] = np.array(
            model.read_lower(mx.array(ids), mx.array(ids != PAD)).astype(mx.float16)
        )
    made.flush()
    note.write_text(json.dumps({"of": known, "rows": len(rows)}), encoding="utf-8")
    return Stored(rows, np.memmap(path, np.float16, "r", shape=shape))


def _known(note: Path, known: str) -> int:
    """Return how many rows were done of those that are meant."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        return int(found["rows"]) if found["of"] == known else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0
