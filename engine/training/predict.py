"""Ask a model in PyTorch about the words of a text of any length, in windows that overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.tagger.pieces import PAD, START, TURN, Pieces
from engine.tagger.windows import LENGTH, Window, windows
from engine.training.encoder import Tagger, precise

#: Windows of a batch.
ROWS = 24

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scored:
    """Log probabilities of the labels of every word."""

    marks: Scores  # words x 4
    cases: Scores  # words x 3
    paragraphs: Scores  # words x 2


def predict(
    model: Tagger,
    pieces: Pieces,
    words: Sequence[str],
    *,
    turns: Sequence[bool] | None = None,
    device: str = "cpu",
    length: int = LENGTH,
) -> Scored:
    """Return the scores of words as they are shown; `turns` says which begin a known turn."""
    begun = turns or [False] * len(words)
    spelled = [
        (TURN, *pieces.word(word)) if turn else pieces.word(word)
        for word, turn in zip(words, begun, strict=True)
    ]
    jobs = list(windows([len(s) for s in spelled], length))
    outs = [np.zeros((len(words), n), np.float32) for n in (4, 3, 2)]
    for number in range(0, len(jobs), ROWS):
        part = jobs[number : number + ROWS]
        rows, places = zip(*(_row(spelled, window, len(words)) for window in part), strict=True)
        width = max(map(len, rows))
        ids = torch.tensor([[*row, *[PAD] * (width - len(row))] for row in rows], device=device)
        with torch.inference_mode(), precise(device):
            scores = model(ids)
        for head, out in zip(scores, outs, strict=True):
            logs = head.float().log_softmax(-1).cpu().numpy()
            for row, (window, ends) in enumerate(zip(part, places, strict=True)):
                kept = ends[window.taken - window.first : window.until - window.first]
                out[window.taken : window.until] = logs[row, kept]
    return Scored(*outs)


def _row(
    spelled: Sequence[tuple[int, ...]], window: Window, count: int
) -> tuple[list[int], list[int]]:
    """Return the ids of a window and the place of every word's last piece."""
    ids, places = [START], []
    for word in spelled[window.first : window.stop]:
        ids.extend(word[1:] if len(ids) == 1 and word[0] == TURN else word)
        places.append(len(ids) - 1)
    if window.stop == count:
        ids.append(TURN)
    return ids, places
