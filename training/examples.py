"""Make training examples: raw words, their answer, what each answer token weighs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.corpus import Corpus
from training.degrade import Unit, choose, degrade
from training.tokens import Codec

#: Words shown at the end of a window and not answered: 0 to this many.
LOOKAHEAD = 20
#: Longer windows (a table of figures read as words, say) are left out: no position is beyond.
MOST_TOKENS = 800


@dataclass(frozen=True, slots=True)
class Shape:
    """How windows are cut and weighted at one phase of training."""

    low: int  # fewest words of a window
    high: int  # most words of a window
    copied: float  # weight of tokens inside a word, where nothing is decided


@dataclass(frozen=True, slots=True)
class Example:
    """Token ids of one window and, for each, what predicting it weighs."""

    ids: list[int]
    weights: list[float]  # weights[i] is the weight of predicting ids[i]
    decisions: list[int]  # positions whose next token is a separator or a word
    labels: list[int]  # code of the right separator at each decision, -1 not measured


def assemble(
    units: list[Unit], codec: Codec, *, lookahead: int, ends: bool, skip: int, copied: float
) -> Example:
    """Lay out `units`; the last `lookahead` are shown only, the first `skip` words weigh 0."""
    ids = [codec.user]
    for unit in units:
        if unit.raw_break:
            ids.append(codec.paragraph)
        ids.extend(codec.word(unit.raw))
    ids.append(codec.assistant)
    weights = [0.0] * len(ids)
    decisions: list[int] = []
    labels: list[int] = []
    answered = len(units) - lookahead
    for number, unit in enumerate(units[:answered]):
        weigh = 0.0 if number < skip else 1.0
        if unit.answer_break:
            ids.append(codec.paragraph)
            weights.append(weigh)
        word = codec.word(unit.core)
        ids.extend(word)
        weights.extend([weigh] + [weigh * copied] * (len(word) - 1))
        decisions.append(len(ids) - 1)
        labels.append(unit.label)
        if unit.mark:
            ids.append(codec.marks[unit.mark])
            weights.append(1.0)
    if answered < len(units):
        unit = units[answered]
        ids.append(codec.paragraph if unit.answer_break else codec.word(unit.core)[0])
        weights.append(1.0)
    elif ends:
        ids.append(codec.end)
        weights.append(1.0)
    else:  # what follows the last word is unknown: nothing is decided there
        decisions.pop()
        labels.pop()
    return Example(ids, weights, decisions, labels)


def draw_example(
    corpus: Corpus,
    codec: Codec,
    rng: random.Random,
    shape: Shape,
    *,
    style: str | None = None,
    kind: str | None = None,
) -> Example:
    """Draw one window of the corpus in one degradation."""
    count = rng.randint(shape.low, shape.high)
    words, at_start, ends = corpus.draw(rng, style or corpus.style(rng), count)
    units = degrade(words, kind or choose(rng), rng)
    lookahead = 0 if ends else rng.randint(1, min(LOOKAHEAD, max(1, len(units) // 2)))
    return assemble(
        units,
        codec,
        lookahead=lookahead,
        ends=ends,
        skip=0 if at_start else 1,
        copied=shape.copied,
    )


def batches(
    corpus: Corpus, codec: Codec, shape: Shape, *, seed: str, tokens: int, pool: int = 12
) -> Iterator[list[Example]]:
    """Yield `pool` batches of about `tokens` tokens, each of examples of like length."""
    rng = random.Random(seed)
    examples: list[Example] = []
    total = 0
    while total < tokens * pool:
        example = draw_example(corpus, codec, rng, shape)
        if len(example.ids) > MOST_TOKENS:
            continue
        examples.append(example)
        total += len(example.ids)
    examples.sort(key=lambda e: len(e.ids))
    groups: list[list[Example]] = [[]]
    for example in examples:
        if groups[-1] and (len(groups[-1]) + 1) * len(example.ids) > tokens * 1.05:
            groups.append([])
        groups[-1].append(example)
    if len(groups) > 1 and len(groups[-1]) * len(groups[-1][-1].ids) < tokens / 3:
        groups.pop()
    rng.shuffle(groups)
    yield from groups


def collate(examples: list[Example], pad: int) -> tuple[np.ndarray, np.ndarray]:
    """Pad to one length, a multiple of eight; returns ids and weights, both [batch, length]."""
    length = max(len(e.ids) for e in examples)
    length += -length % 8
    ids = np.full((len(examples), length), pad, np.int64)
    weights = np.zeros((len(examples), length), np.float32)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = example.ids
        weights[row, : len(example.weights)] = example.weights
    return ids, weights
