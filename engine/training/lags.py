"""Hints while reading: what followed a word, asked a few tokens later.

A model that reads from left to right knows where a sentence ended only after some more words.
Asking it there, at every word of the raw side, teaches the marks of a whole window at once and
needs no answer to be written, so it costs about a quarter of an answered window. The answer then
only has to look up what reading has found. The head that is asked is left out of the exported
model.
"""

from __future__ import annotations

import numpy as np

from engine.training.degrade import Unit
from engine.training.words import SEPARATORS

#: How many tokens after a word's last one its mark is asked.
LAGS = (1, 2, 4, 6)
#: Marks that can be told: all but the stop of an abbreviation.
MARKS = len(SEPARATORS) - 1
#: Answers per lag: a mark, and whether the word after it is raised.
WIDTH = MARKS + 2
#: Stands where nothing is asked.
SILENT = -1


def lag_labels(units: list[Unit], ends: list[int], length: int) -> np.ndarray:
    """Right answers, [length, lags, 2] of mark and case; `ends` are the words' last tokens."""
    labels = np.full((length, len(LAGS), 2), SILENT, np.int8)
    for unit, after, end in zip(units, units[1:], ends, strict=False):
        letter = next((c for c in after.core if c.isalpha()), None)
        raised = SILENT if letter is None else letter.isupper()
        for column, lag in enumerate(LAGS):
            if end + lag <= ends[-1]:
                labels[end + lag, column] = unit.label, raised
    return labels
