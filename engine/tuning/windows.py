"""Recordings -> rows of pieces: stretches of each, shown in the ways that a preset mixes.

The same recordings, preset and seed give the same rows.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Final

import numpy as np

from engine.tagger.path import DASH
from engine.tagger.pieces import Pieces
from engine.tuning.degrade import RIGHT, Shown, as_heard, choose, degrade, with_disfluencies
from engine.tuning.presets import Preset
from engine.tuning.records import Recording, Said
from engine.tuning.rows import encode
from engine.tuning.words import COMMA, MASKED, Word

#: Pieces of a row: half a window of the product, because what a row does not fill is computed, too.
PIECES: Final = 192
#: Of them, those that are left for fillers and marks that the source has beside the text's own.
_SPARE: Final = 8
#: Words of a stretch at most; where words have many pieces there are fewer.
STRETCH_WORDS: Final = 145
#: Dashes below which none is learnt: they may be slips.
FEWEST_DASHES: Final = 20


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of pieces and of the labels on the last piece of each word."""

    ids: Any  # numpy, rows x pieces, int32
    marks: Any  # numpy, rows x pieces, int32; MASKED where nothing is asked
    cases: Any
    paragraphs: Any

    def __len__(self) -> int:
        return len(self.ids)


def make(
    recordings: Sequence[Recording],
    pieces: Pieces,
    preset: Preset,
    *,
    seed: int,
    variants: int,
    dashes: bool = False,
) -> Rows:
    """Return the rows of recordings, each shown in so many ways."""
    found: list[tuple[list[int], ...]] = []
    for variant in range(variants):
        for recording in recordings:
            rng = random.Random(f"{seed}:{variant}:{recording.id}")  # noqa: S311
            weight = preset.weights.get(recording.origin, 1.0)
            times = int(weight) + (rng.random() < weight % 1.0)
            for _ in range(times):
                found.extend(_of(recording, pieces, preset, rng, dashes=dashes))
    columns = [np.asarray([row[n] for row in found], np.int32) for n in range(4)]
    return Rows(*columns)


def shows_dashes(recordings: Sequence[Recording]) -> bool:
    """Return whether dashes stand in a text often enough to be learnt."""
    dashes = sum(
        said.asked and said.word.mark == "-" and said.word.label == COMMA
        for recording in recordings
        for said in recording.said
    )
    return dashes >= FEWEST_DASHES


def _of(
    recording: Recording, pieces: Pieces, preset: Preset, rng: random.Random, *, dashes: bool
) -> Iterator[tuple[list[int], ...]]:
    """Yield the rows of one recording from a place drawn at its beginning."""
    said = recording.said
    start = rng.randrange(STRETCH_WORDS // 2) if len(said) > 2 * STRETCH_WORDS else 0
    sizes = [len(pieces.word(one.word.core + one.word.mark)) for one in said]
    while start < len(said):
        stop = start + _fitting(sizes[start:])
        stretch, after = said[start:stop], said[stop] if stop < len(said) else None
        start = stop
        if not any(one.asked for one in stretch):
            continue
        words = _shown(stretch, after, recording.language, preset, rng, dashes=dashes)
        yield encode(words, pieces, PIECES, at_end=after is None)


def _fitting(sizes: Sequence[int]) -> int:
    """Return how many words of these sizes fill a row; one at least."""
    filled = accumulate(sizes[:STRETCH_WORDS])
    return max(1, sum(size <= PIECES - _SPARE for size in filled))


def _shown(
    stretch: Sequence[Said],
    after: Said | None,
    language: str,
    preset: Preset,
    rng: random.Random,
    *,
    dashes: bool,
) -> list[Shown]:
    words = [_word(one, dashes=dashes) for one in stretch]
    following = None if after is None else after.word
    turns = rng.random() < preset.turns
    if all(one.shown is not None for one in stretch) and rng.random() < preset.own:
        return as_source(stretch, words, following, turns=True)
    kind = choose(rng, preset.shown)
    whole = all(one.asked for one in stretch)
    if whole and rng.random() < preset.fillers:
        words = with_disfluencies(words, language, rng)
    shown = as_heard(words, kind, rng, following=following, turns=turns)
    return shown if whole else _masked(stretch, shown)


def as_source(
    stretch: Sequence[Said], words: Sequence[Word], following: Word | None, *, turns: bool
) -> list[Shown]:
    """Return words as their source has them, with the labels that the user wants."""
    rng = random.Random(0)  # noqa: S311 - draws nothing here
    right = degrade(words, RIGHT, rng, following=following, turns=turns)
    shown = [
        replace(one, text=said.shown or one.text) for one, said in zip(right, stretch, strict=True)
    ]
    return _masked(stretch, shown)


def _masked(stretch: Sequence[Said], shown: Sequence[Shown]) -> list[Shown]:
    return [
        one if said.asked else replace(one, mark=MASKED, case=MASKED, paragraph=MASKED)
        for one, said in zip(shown, stretch, strict=True)
    ]


def _word(said: Said, *, dashes: bool) -> Word:
    word = said.word
    if dashes and word.mark == "-" and word.label == COMMA:
        return replace(word, label=DASH)
    return word


def anchors(pieces: Pieces, texts: Sequence[Sequence[str]]) -> Rows:
    """Return rows of texts in lower case without marks, of which no label is known."""
    found = []
    for words in texts:
        sizes = [len(pieces.word(word.lower())) for word in words]
        start = 0
        while start < len(words):
            stop = start + _fitting(sizes[start:])
            shown = [Shown(word.lower(), False, 0, 0, 0) for word in words[start:stop]]
            found.append(encode(shown, pieces, PIECES, at_end=False))
            start = stop
    columns = [np.asarray([row[n] for row in found], np.int32) for n in range(4)]
    return Rows(*columns)
