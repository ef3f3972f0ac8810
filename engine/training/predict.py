"""Ask a model in PyTorch about the words of a text of any length, in windows that overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.training.encoder import Tagger, precise
from engine.training.pieces import PAD, START, TURN, Pieces

#: Words on either side of a window that are shown and not taken, unless the text ends there.
LEFT, RIGHT = 30, 20
LENGTH = 192
ROWS = 24

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scored:
    """Log probabilities of the labels of every word."""

    marks: Scores  # words x 4
    cases: Scores  # words x 3
    paragraphs: Scores  # words x 2


@dataclass(frozen=True, slots=True)
class Span:
    """One window: words `first` to `stop` are shown, `taken` to `until` are taken from it."""

    first: int
    taken: int
    until: int
    stop: int


def spans(sizes: Sequence[int], length: int) -> Iterator[Span]:
    """Yield windows over words of the given sizes in pieces; two pieces are for the ends.

    Words on the left fill a quarter of a window at most, words on the right half of what is new.
    """
    taken = 0
    while taken < len(sizes):
        first, left = taken, length // 4
        while first and taken - first < LEFT and sizes[first - 1] <= left:
            first -= 1
            left -= sizes[first]
        room, stop = length - 2 - sum(sizes[first:taken]), taken
        while stop < len(sizes) and sizes[stop] <= room:
            room -= sizes[stop]
            stop += 1
        until = stop if stop == len(sizes) else stop - min(RIGHT, (stop - taken) // 2)
        yield Span(first, taken, until, stop)
        taken = until


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
    jobs = list(spans([len(s) for s in spelled], length))
    outs = [np.zeros((len(words), n), np.float32) for n in (4, 3, 2)]
    for number in range(0, len(jobs), ROWS):
        part = jobs[number : number + ROWS]
        rows, places = zip(*(_row(spelled, span, len(words)) for span in part), strict=True)
        width = max(map(len, rows))
        ids = torch.tensor([[*row, *[PAD] * (width - len(row))] for row in rows], device=device)
        with torch.inference_mode(), precise(device):
            scores = model(ids)
        for head, out in zip(scores, outs, strict=True):
            logs = head.float().log_softmax(-1).cpu().numpy()
            for row, (span, ends) in enumerate(zip(part, places, strict=True)):
                kept = ends[span.taken - span.first : span.until - span.first]
                out[span.taken : span.until] = logs[row, kept]
    return Scored(*outs)


def _row(spelled: Sequence[tuple[int, ...]], span: Span, count: int) -> tuple[list[int], list[int]]:
    """Return the ids of a window and the place of every word's last piece."""
    ids, places = [START], []
    for word in spelled[span.first : span.stop]:
        ids.extend(word[1:] if len(ids) == 1 and word[0] == TURN else word)
        places.append(len(ids) - 1)
    if span.stop == count:
        ids.append(TURN)
    return ids, places
