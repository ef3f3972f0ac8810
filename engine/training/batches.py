"""Draw windows of all languages and turn them into rows of pieces with their labels."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.tagger.pieces import Pieces
from engine.training.corpus import LANGUAGES, SOURCES, Corpus
from engine.training.noise import NOISY, Mishearing
from engine.training.spoken import as_spoken
from engine.tuning.degrade import (
    BARE,
    FILLED,
    LOWER_MARKED,
    TURNS_SHOWN,
    choose,
    degrade,
    with_disfluencies,
)
from engine.tuning.rows import encode
from engine.tuning.words import QUESTION, Word

#: Share of windows of each language, before they are brought to a sum of one.
LANGUAGE_SHARES = {
    "en": 0.34, "de": 0.12, "fr": 0.07, "es": 0.10, "it": 0.085, "pt": 0.055, "nl": 0.05,
    "ca": 0.075, "pl": 0.06, "sv": 0.015, "ru": 0.01, "uk": 0.015, "tr": 0.005,
}  # fmt: skip
#: Share of English windows of each style.
ENGLISH_SHARES = {
    "speech-podcast": 0.44, "speech-talk": 0.30, "speech-prepared": 0.09, "speech-qa": 0.05,
    "speech-meeting": 0.05, "speech-radio": 0.01, "prose": 0.06,
}  # fmt: skip
#: Weight of a word of other languages by its style.
STYLE_WEIGHTS = {"prose": 0.5, "prose/loose": 0.3}
#: Share of windows that begin with a sentence, that reach the end of a text, and that are short.
AT_SENTENCE, AT_END, SHORT = 0.5, 0.03, 0.04
SHORT_WORDS = (5, 60)
#: Share of windows for which a stretch with a question is sought, and how often it is drawn again.
#: Speeches of parliaments have one or three questions in a thousand words.
SOUGHT, REDRAWN = 0.3, 3

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of pieces and of the labels that stand on the last piece of each word."""

    ids: Rows
    marks: Rows
    cases: Rows
    paragraphs: Rows


@dataclass(frozen=True, slots=True)
class _Pool:
    """All documents of one language and style."""

    share: float
    language: str
    style: str
    documents: list[tuple[Corpus, int]]
    sums: list[int]  # of their words, cumulated


class Windows:
    """Draws batches; the same seed and step give the same batch."""

    def __init__(
        self,
        folder: Path,
        pieces: Pieces,
        *,
        length: int,
        rows: int,
        seed: int,
        part: str = "train",
        languages: Sequence[str] = LANGUAGES,
    ) -> None:
        self.pieces, self.length, self.rows, self.seed = pieces, length, rows, seed
        found: dict[tuple[str, str], list[tuple[Corpus, int]]] = {}
        self._mishearing: dict[str, Mishearing] = {}
        for source in SOURCES:
            path = folder / f"{source.name}.{part}.npz"
            if source.language not in languages or not path.exists():
                continue
            corpus = Corpus(path)
            if source.language not in self._mishearing:
                self._mishearing[source.language] = Mishearing(corpus.counts())
            for number, style in enumerate(corpus.styles):
                found.setdefault((source.language, style), []).append((corpus, number))
        self._pools = _pools(found)
        self._sums = list(accumulate(pool.share for pool in self._pools))

    def batch(self, step: int) -> Batch:
        """Return the batch of a step."""
        rng = random.Random(f"{self.seed}:{step}")
        rows = [self._row(rng) for _ in range(self.rows)]
        columns = [np.asarray([row[n] for row in rows], np.int64) for n in range(4)]
        return Batch(*columns)

    def _row(self, rng: random.Random) -> tuple[list[int], list[int], list[int], list[int]]:
        pool = self._pools[
            bisect(self._sums, rng.random() * self._sums[-1], 0, len(self._sums) - 1)
        ]
        words, following = _draw_sought(pool, rng, int(self.length * 0.85))
        kind = choose(rng)
        if pool.language == "en":
            words = as_spoken(words, pool.style, rng)
        if rng.random() < FILLED:
            words = with_disfluencies(words, pool.language, rng)
        if kind in (BARE, LOWER_MARKED) and rng.random() < NOISY:
            words = self._mishearing[pool.language].heard(words, rng)
        turns = rng.random() < TURNS_SHOWN
        shown = degrade(words, kind, rng, following=following, turns=turns)
        return encode(shown, self.pieces, self.length, at_end=following is None)


def _pools(found: dict[tuple[str, str], list[tuple[Corpus, int]]]) -> list[_Pool]:
    """Return a pool per language and style with its share of all windows."""
    sizes = {key: sum(c.length(n) for c, n in documents) for key, documents in found.items()}
    weights = {
        (language, style): ENGLISH_SHARES.get(style.removesuffix("/loose"), 0.0)
        if language == "en"
        else size * STYLE_WEIGHTS.get(style, 1.0)
        for (language, style), size in sizes.items()
    }
    totals: dict[str, float] = {}
    for (language, _), weight in weights.items():
        totals[language] = totals.get(language, 0.0) + weight
    return [
        _Pool(
            LANGUAGE_SHARES[language] * weights[language, style] / totals[language],
            language,
            style,
            documents,
            list(accumulate(c.length(n) for c, n in documents)),
        )
        for (language, style), documents in found.items()
    ]


def _draw_sought(pool: _Pool, rng: random.Random, count: int) -> tuple[list[Word], Word | None]:
    """Return a stretch; of some, one with a question where a few more draws find it."""
    drawn = _draw(pool, rng, count)
    if rng.random() < SOUGHT:
        for _ in range(REDRAWN):
            if any(word.label == QUESTION for word in drawn[0]):
                break
            drawn = _draw(pool, rng, count)
    return drawn


def _draw(pool: _Pool, rng: random.Random, count: int) -> tuple[list[Word], Word | None]:
    """Return about `count` words and the word after them, None at the end of the document."""
    number = bisect(pool.sums, rng.randrange(pool.sums[-1]), 0, len(pool.sums) - 1)
    corpus, document = pool.documents[number]
    size = corpus.length(document)
    start = rng.randrange(size)
    if rng.random() < AT_END:
        start = max(0, size - rng.randint(1, count))
    elif start + count > size:
        start = max(0, size - count - rng.randint(1, count))
    short = rng.random() < SHORT
    if short:
        count = rng.randint(*SHORT_WORDS)
    at_sentence = short or rng.random() < AT_SENTENCE
    back = 60 if at_sentence else 0
    first = max(0, start - back)
    words = corpus.words(document, first, min(size, start + count + 1))
    lead = start - first
    while at_sentence and lead > 0 and not words[lead - 1].ends:
        lead -= 1
    words = words[lead:]
    if short:
        stop = next((n for n in range(count, 0, -1) if n <= len(words) and words[n - 1].ends), None)
        if stop is not None:
            return words[:stop], None
    if start + count >= size:
        return words, None
    return words[:-1], words[-1]
