"""Swap words for others that end alike, so that marks are not learned from what a text is about.

The corpus has little speech on few subjects, read many times over: loss on press conferences is
half on those that were trained on of what it is on others. With their nouns, verbs and adjectives
swapped the same sentences say something else, and their marks stay where they are.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

import numpy as np

from engine.training.corpus import Corpus
from engine.training.words import Word

#: Words that hold sentences together are among the most frequent ones; those stay.
COMMON = 400
SHORTEST = 4
RAREST = 3
#: So do those that marks go by.
STAYING = frozenset((
    "actually", "afterwards", "again", "albeit", "almost", "alright", "although", "altogether",
    "always", "among", "anyhow", "anyway", "anyways", "apart", "apparently", "basically",
    "besides", "certainly", "clearly", "consequently", "despite", "eventually", "exactly",
    "except", "famously", "finally", "firstly", "fortunately", "frankly", "further",
    "furthermore", "generally", "goodbye", "hello", "hence", "honestly", "hopefully", "however",
    "inside", "instead", "lastly", "later", "likewise", "literally", "maybe", "meanwhile",
    "moreover", "namely", "nearly", "nevertheless", "nonetheless", "nope", "notably",
    "obviously", "okay", "otherwise", "outside", "perhaps", "please", "probably", "quite",
    "rather", "really", "regardless", "secondly", "seldom", "similarly", "simply", "sometimes",
    "somewhat", "soon", "specifically", "still", "suddenly", "surely", "thank", "thanks",
    "therefore", "thirdly", "though", "throughout", "thus", "till", "today", "together",
    "tomorrow", "tonight", "totally", "toward", "towards", "truly", "ultimately",
    "unfortunately", "unless", "unlike", "until", "upon", "usually", "versus", "welcome",
    "whatever", "whenever", "whereas", "wherever", "whether", "whichever", "whilst", "whoever",
    "whom", "whose", "within", "yeah", "yesterday",
))  # fmt: skip
#: Share of windows in which words are swapped, and the most of their other words that are.
WINDOWS, MOST = 0.5, 1.0


class Swapper:
    """Knows, for every ending of two letters, the words of the corpus that have it."""

    def __init__(self, corpus: Corpus) -> None:
        kinds: dict[str, dict[str, float]] = {}
        for text, count in _rarer(corpus):
            kinds.setdefault(text[-2:], {})[text] = count**0.5
        self._endings = {text: ending for ending, texts in kinds.items() for text in texts}
        self._kinds = {k: (list(t), list(accumulate(t.values()))) for k, t in kinds.items()}

    def swap(self, words: list[Word], rng: random.Random) -> list[Word]:
        """The words of one window, some swapped; a word that comes again is swapped alike."""
        if rng.random() >= WINDOWS:
            return words
        share = rng.uniform(0, MOST)
        swapped: dict[str, str] = {}
        out = []
        for word in words:
            ending = self._endings.get(word.core)
            if ending is not None and word.literal is None:
                if word.core not in swapped:
                    other = rng.random() < share
                    swapped[word.core] = self._like(ending, rng) if other else word.core
                if swapped[word.core] != word.core:
                    word = replace(word, core=swapped[word.core])
            out.append(word)
        return out

    def _like(self, ending: str, rng: random.Random) -> str:
        texts, sums = self._kinds[ending]
        return texts[bisect(sums, rng.random() * sums[-1], 0, len(texts) - 1)]


def _rarer(corpus: Corpus) -> Iterator[tuple[str, int]]:
    """Lower-case words after the most frequent ones, with their counts."""
    counts = np.bincount(corpus.cores, minlength=len(corpus.strings))
    rank = 0
    for code in np.argsort(-counts, kind="stable"):
        text, count = corpus.strings[code], int(counts[code])
        if count < RAREST:
            return
        if not (text.isascii() and text.isalpha() and text.islower()):
            continue
        rank += 1
        if rank > COMMON and len(text) >= SHORTEST and text not in STAYING:
            yield text, count
