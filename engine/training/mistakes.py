"""Mistakes the model will have made before: what an answer shows, beside what is right.

While it writes, the model reads its own earlier marks, and a good third of them are wrong or
missing. A model that has only ever read right ones leans on them: on TED talks it stood seven
points of F1 lower by its own marks than by the right ones. So some windows show marks that are
wrong where a weak guesser would be wrong, and ask for the right ones all the same (as in scheduled
sampling, Bengio et al. 2015, arXiv 1506.03099, but with a guesser that costs nothing: it knows
two words alone).
"""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import numpy as np

from engine.training.corpus import Corpus
from engine.training.degrade import CASED, LOWER, Unit
from engine.training.words import (
    COLON,
    COMMA,
    EXCLAMATION,
    QUESTION,
    SEMICOLON,
    SENTENCE_ENDS,
    SEPARATORS,
    STOP,
    first_raised,
)

#: Share of windows whose marks are shown as they should be.
FAULTLESS = 0.3
#: A mark is missed at up to the one rate, guesses are shown at up to the other times their own
#: chance; each window draws both.
MOST_MISSED, MOST_GUESSED = 0.8, 1.6
#: Windows whose raw side has marks get this share of the mistakes: most are plain there.
MARKED_SHARE = 0.15
#: A new paragraph that no change of speaker announces is missed at this rate.
BREAK_MISSED = 0.7
#: What stands where a comma or an end was missed, by share; the rest shows nothing.
COMMA_AS_END, END_AS_COMMA, QUESTION_AS_STOP = 0.15, 0.3, 0.5
_COMMAS, _ENDS = (COMMA, COLON), (STOP, QUESTION, EXCLAMATION, SEMICOLON)
#: Marks after which a sentence begins.
ENDING_MARKS = frozenset(SEPARATORS[code] for code in SENTENCE_ENDS)


class Guesser:
    """Guesses marks from the two words beside them alone, and knows names."""

    def __init__(self, corpus: Corpus) -> None:
        known: dict[str, int] = {}
        forms = np.asarray([known.setdefault(s.lower(), len(known)) for s in corpus.strings])
        self._known = known
        words, marks = forms[corpus.cores], corpus.separators[:-1]
        groups = [np.isin(marks, codes) for codes in (_COMMAS, _ENDS, (QUESTION,))]
        self._means = np.asarray([group.mean() for group in groups])

        def shares(beside: np.ndarray) -> np.ndarray:
            counts = [np.bincount(beside[group], minlength=len(known)) for group in groups]
            seen = np.bincount(beside, minlength=len(known))
            return (np.stack(counts) + 20 * self._means[:, None]) / (seen + 20)

        self._left, self._right = shares(words[:-1]), shares(words[1:])
        inside = ~groups[1]
        raised = np.asarray([s[:1].isupper() for s in corpus.strings])[corpus.cores[1:]]
        high = np.bincount(words[1:][inside & raised], minlength=len(known))
        low = np.bincount(words[1:][inside & ~raised], minlength=len(known))
        self._name = high > low

    def guess(self, before: str, after: str, share: float, rng: random.Random) -> str:
        """A mark between two words, where `share` of all guesses are shown, or ""."""
        left, right = self._known.get(before.lower()), self._known.get(after.lower())
        if left is None or right is None:
            return ""
        chances = self._left[:, left] * self._right[:, right] / self._means
        comma, end, question = chances / max(1.0, chances[:2].sum())
        pick = rng.random() / share
        if pick < comma:
            return ","
        if pick < comma + end:
            return "?" if rng.random() * end < question else "."
        return ""

    def is_name(self, word: str) -> bool:
        """Whether the word has a capital inside sentences too."""
        number = self._known.get(word.lower())
        return number is None or bool(self._name[number])


def show(units: list[Unit], kind: str, guesser: Guesser, rng: random.Random) -> list[Unit]:
    """`units` as the model itself might have written them: other marks, and case to fit.

    Marks that the raw side has are not touched: those are hard to miss.
    """
    if rng.random() < FAULTLESS:
        return units
    share = 1.0 if kind in (LOWER, CASED) else MARKED_SHARE
    missed, guessed = rng.random() * MOST_MISSED * share, rng.random() * MOST_GUESSED * share
    shown = list(units)
    for number, (unit, after) in enumerate(pairwise(units)):
        if unit.raw.endswith(tuple(SEPARATORS[1:])):
            continue
        mark = unit.mark
        if mark and unit.label > 0 and rng.random() < missed:
            mark = _mistaken(mark, rng)
        elif not mark and unit.label == 0 and guessed:
            mark = guesser.guess(unit.core, after.core, guessed, rng)
        following = shown[number + 1]
        if after.answer_break and not after.raw_break and rng.random() < BREAK_MISSED:
            following = replace(following, answer_break=False)
        ended, ends = unit.mark in ENDING_MARKS, mark in ENDING_MARKS
        if ended and not ends and not guesser.is_name(after.core):
            following = replace(following, core=after.core[:1].lower() + after.core[1:])
        elif ends and not ended:
            following = replace(following, core=first_raised(after.core))
        shown[number] = replace(shown[number], mark=mark)
        shown[number + 1] = following
    return shown


def _mistaken(mark: str, rng: random.Random) -> str:
    pick = rng.random()
    if mark == ",":
        return "." if pick < COMMA_AS_END else ""
    if mark == "?" and pick < QUESTION_AS_STOP:
        return "."
    return "," if pick > 1 - END_AS_COMMA else ""
