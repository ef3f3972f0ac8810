"""Make words wrong as recognisers do: missed, doubled, or heard as another that begins alike."""

from __future__ import annotations

import random
from bisect import bisect
from collections import Counter
from dataclasses import replace
from itertools import accumulate

from engine.tuning.words import FIRST, NO_BREAK, NONE, Word, case_of, first_raised

#: Share of windows that are shown in lower case which have wrong words, and the most of them.
NOISY, MOST = 0.2, 0.12
#: Words of a language that stand in for others.
COMMONEST = 20_000


class Mishearing:
    """Knows the common words of a language by their first two letters."""

    def __init__(self, counts: Counter[str]) -> None:
        kinds: dict[str, dict[str, float]] = {}
        common = [(w, n) for w, n in counts.most_common(2 * COMMONEST) if w.islower()]
        for text, count in common[:COMMONEST]:
            kinds.setdefault(text[:2], {})[text] = count**0.5
        self._kinds = {k: (list(t), list(accumulate(t.values()))) for k, t in kinds.items()}

    def heard(self, words: list[Word], rng: random.Random) -> list[Word]:
        """Return the words of a window, some wrong; marks and breaks stay where they are."""
        rate = rng.uniform(0.01, MOST)
        out: list[Word] = []
        for word in words:
            if rng.random() >= rate:
                out.append(word)
                continue
            pick = rng.random()
            if pick < 0.3 and word.label == NONE and word.before == NO_BREAK and out:
                continue  # missed
            if pick < 0.4 and word.label == NONE:
                out.append(word)
                word = replace(word, before=NO_BREAK)
            elif pick < 0.95:
                word = replace(word, core=self._like(word.core, rng))
            out.append(word)
        return out

    def _like(self, core: str, rng: random.Random) -> str:
        texts, sums = self._kinds.get(core.lower()[:2], ([core], [1.0]))
        text = texts[bisect(sums, rng.random() * sums[-1], 0, len(texts) - 1)]
        return first_raised(text) if case_of(core) == FIRST else text
