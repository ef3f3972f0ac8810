"""Biases of a chat model that has learnt: how likely a mark must be to be written.

A model whose probabilities are right writes a comma where it is likelier than nothing, and so too
few of what is seldom likelier. Which bias gives the best F1 is searched on what ended the training,
apart for sources with and without marks. Every choice is looked at where all before it were right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.tuning.biases import FEWEST, Found, of_groups
from engine.tuning.decisions import KEYS

TRIED: Final = (0.0, -0.5, 0.5, -1.0, 1.0, 1.5, 2.0, 2.5)
ROUNDS: Final = 2
#: F1 that a larger bias must bring: less is chance, of the few texts that end a training.
LEAST_GAIN: Final = 0.005
#: What is measured together: marks and case, and paragraphs; indices of `KEYS`.
_TOGETHER: Final = ((0, 1, 2, 4), (3,))


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice as a model scores it, biases of its own included."""

    scores: NDArray[np.float32]  # one for each token
    written: NDArray[np.bool_]  # keys x tokens: what each token writes
    right: int  # index of the right token
    language: str
    marked: bool  # whether the source has marks of its own


def search(choices: Sequence[Choice]) -> Found:
    """Return the biases with the best F1."""
    groups: dict[str | None, list[Choice]] = {}
    for one in choices:
        groups.setdefault(None if one.marked else one.language, []).append(one)
    return of_groups(groups, best_for)


def best_for(group: Sequence[Choice]) -> dict[str, float]:
    """Return the bias of every key that is right often enough, by coordinate ascent."""
    width = max(len(one.scores) for one in group)
    scores = np.full((len(group), width), -np.inf, np.float32)
    written = np.zeros((len(group), len(KEYS), width), bool)
    for row, one in enumerate(group):
        scores[row, : len(one.scores)] = one.scores
        written[row, :, : len(one.scores)] = one.written
    rights = np.array([one.right for one in group])
    wanted = np.take_along_axis(written, rights[:, None, None], axis=2)[:, :, 0]
    biases = np.zeros(len(KEYS), np.float32)
    for _ in range(ROUNDS):
        for together in _TOGETHER:
            for key in together:
                if wanted[:, key].sum() < FEWEST:
                    continue
                chosen, reached = 0.0, -1.0
                for value in TRIED:  # the smaller ones first
                    biases[key] = value
                    f1 = _f1(scores, written, wanted, biases, together)
                    if f1 > reached + (LEAST_GAIN if value else 0.0):
                        chosen, reached = value, f1
                biases[key] = chosen
    return {key: float(value) for key, value in zip(KEYS, biases, strict=True) if value}


def _f1(
    scores: NDArray[np.float32],
    written: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    biases: NDArray[np.float32],
    together: Sequence[int],
) -> float:
    """Return the F1 of some keys, each choice taken with these biases."""
    taken = np.argmax(scores + np.einsum("nkt,k->nt", written, biases), axis=1)
    said = np.take_along_axis(written, taken[:, None, None], axis=2)[:, :, 0]
    keys = list(together)
    hits = (said & wanted)[:, keys].sum()
    of = said[:, keys].sum() + wanted[:, keys].sum()
    return float(2 * hits / of) if of else 0.0
