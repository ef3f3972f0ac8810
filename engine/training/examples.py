"""Make training examples: raw words, their answer, what each answer token weighs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from engine.training.corpus import Corpus
from engine.training.degrade import Unit, choose, degrade
from engine.training.lags import LAGS, SILENT, lag_labels
from engine.training.mistakes import ENDING_MARKS, Guesser, show
from engine.training.spoken import as_spoken
from engine.training.swaps import Swapper
from engine.training.tokens import Codec
from engine.training.words import first_raised

#: Words shown at the end of a window and not answered: 0 to this many.
LOOKAHEAD = 20
#: Longer windows (a table of figures read as words, say) are left out: no position is beyond.
MOST_TOKENS = 800
#: The most that a choice can be made among: marks, a break, the end, four readings of a word.
CHOICES = 12
#: How a window is learned: every token of its answer among the whole vocabulary; the engine's
#: choices among what the grammar allows; or the raw words alone, by what is asked while reading.
WHOLE, CHOSEN, READ = "whole", "chosen", "read"
#: Shares of the choices, and of the tokens inside words, that are learned among the whole
#: vocabulary in a window of choices: a model that never does so unlearns to copy by itself.
WHOLE_CHOICES, WHOLE_INSIDE = 0.1, 0.25


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
    lags: np.ndarray  # [length, lags, 2]: what is asked while reading, see `lag_labels`
    choices: dict[int, tuple[int, ...]] = field(default_factory=dict)  # at i: the rivals of ids[i]


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples of one kind, padded to one length."""

    kind: str
    ids: np.ndarray  # [batch, length]
    weights: np.ndarray  # [batch, length]
    lags: np.ndarray  # [batch, length, lags, 2]
    choices: np.ndarray | None = None  # [batch, length, CHOICES], the right one first, or -1

    def share(self, first: int, count: int) -> Batch:
        """Every `count`-th row from `first`."""
        rows = slice(first, None, count)
        choices = None if self.choices is None else self.choices[rows]
        return Batch(self.kind, self.ids[rows], self.weights[rows], self.lags[rows], choices)

    def weight(self) -> tuple[float, int]:
        """The sum of the answer's weights, and how much is asked while reading."""
        return float(self.weights[:, 1:].sum()), int((self.lags != SILENT).sum())

    def tokens(self, pad: int) -> int:
        """Tokens that are not padding."""
        return int((self.ids != pad).sum())


def assemble(
    units: list[Unit],
    codec: Codec,
    *,
    lookahead: int,
    ends: bool,
    skip: int,
    copied: float,
    answer: bool = True,
    shown: list[Unit] | None = None,
) -> Example:
    """Lay out `units`; the last `lookahead` are shown only, the first `skip` words weigh 0.

    Without `answer` there are the raw words alone. With `shown` the answer reads as those units
    do, and every choice in it still asks for what `units` have there.
    """
    ids = [codec.user]
    last: list[int] = []
    for unit in units:
        if unit.raw_break:
            ids.append(codec.paragraph)
        ids.extend(codec.word(unit.raw))
        last.append(len(ids) - 1)
    if not answer:
        return Example(ids, [0.0] * len(ids), [], [], lag_labels(units, last, len(ids)))
    ids.append(codec.assistant)
    weights = [0.0] * len(ids)
    decisions: list[int] = []
    labels: list[int] = []
    choices: dict[int, tuple[int, ...]] = {}
    answered = len(units) - lookahead
    shown = shown or units

    def put(step: Step, weight: float) -> None:
        if weight:
            choices[len(ids)] = tuple(dict.fromkeys((step.right, *step.rivals)))
        ids.append(step.token)
        weights.append(weight)

    for number, (unit, seen) in enumerate(zip(units[:answered], shown, strict=False)):
        weigh = 0.0 if number < skip else 1.0
        if number:
            pair = slice(number - 1, number + 1)
            for step in _gap(units[pair], shown[pair], codec):
                put(step, weigh)
        else:
            readings = _readings(unit, codec)
            put(Step(codec.word(seen.core)[0], codec.word(unit.core)[0], readings), weigh)
        for token in codec.word(seen.core)[1:]:
            ids.append(token)
            weights.append(weigh * copied)
        decisions.append(len(ids) - 1)
        labels.append(unit.label)
    if answered < len(units) or ends:
        pair = slice(answered - 1, answered + 1)
        for step in _gap(units[pair], shown[pair], codec):
            put(step, 1.0)
    else:  # what follows the last word is unknown: nothing is decided there
        decisions.pop()
        labels.pop()
    lags = lag_labels(units, last, len(ids))
    return Example(ids, weights, decisions, labels, lags, choices)


@dataclass(frozen=True, slots=True)
class Step:
    """One choice of an answer."""

    token: int  # what the answer shows
    right: int  # what it is asked for
    rivals: tuple[int, ...]  # what the grammar allows


def _gap(units: list[Unit], shown: list[Unit], codec: Codec) -> Iterator[Step]:
    """The choices between two words, to the first token of the second; of one word, to the end."""
    before, after = units[0], units[1] if units[1:] else None
    first = codec.word(after.core)[0] if after else codec.end
    first_shown = codec.word(shown[1].core)[0] if after else codec.end
    readings = _readings(after, codec) if after else (codec.end,)
    pause, breaks = codec.paragraph, after is not None and after.answer_break
    right = codec.marks[before.mark] if before.mark else pause if breaks else first
    rivals = (*codec.marks.values(), pause, *readings)
    mark = shown[0].mark
    if mark:
        yield Step(codec.marks[mark], right, rivals)
        right = pause if breaks and mark in ENDING_MARKS else first_shown
        rivals = (pause, *readings)
    if after and shown[1].answer_break:
        yield Step(pause, right, rivals)
        right, rivals = first_shown, readings
    yield Step(first_shown, right, rivals)


def _readings(unit: Unit, codec: Codec) -> tuple[int, ...]:
    """First tokens of the forms that the engine's grammar can give the word."""
    raw, low = unit.raw, unit.raw.lower()
    forms = (raw, low, first_raised(raw), first_raised(low))
    return tuple(codec.word(form)[0] for form in forms)


def draw_example(
    corpus: Corpus,
    codec: Codec,
    rng: random.Random,
    shape: Shape,
    *,
    style: str | None = None,
    kind: str | None = None,
    answer: bool = True,
    guesser: Guesser | None = None,
    swapper: Swapper | None = None,
) -> Example:
    """Draw one window of the corpus in one degradation.

    With a `guesser` mistakes are shown; with a `swapper` sentences are made to sound spoken and
    words give way to others.
    """
    count = rng.randint(shape.low, shape.high)
    style = style or corpus.style(rng)
    words, at_start, ends = corpus.draw(rng, style, count)
    kind = kind or choose(rng)
    if swapper:
        words = swapper.swap(as_spoken(words, style, rng), rng)
    units = degrade(words, kind, rng)
    lookahead = 0 if ends else rng.randint(1, min(LOOKAHEAD, max(1, len(units) // 2)))
    return assemble(
        units,
        codec,
        lookahead=lookahead,
        ends=ends,
        skip=0 if at_start else 1,
        copied=shape.copied,
        answer=answer,
        shown=show(units, kind, guesser, rng) if guesser else None,
    )


def batches(
    corpus: Corpus,
    codec: Codec,
    shape: Shape,
    kind: str,
    *,
    seed: str,
    tokens: int,
    pool: int = 12,
    guesser: Guesser | None = None,
    swapper: Swapper | None = None,
) -> Iterator[Batch]:
    """Yield `pool` batches of about `tokens` tokens, each of examples of like length.

    Windows of choices show mistakes where a `guesser` makes them.
    """
    if guesser and kind != CHOSEN:
        raise ValueError("mistakes are shown in windows of choices alone")
    rng = random.Random(seed)
    examples: list[Example] = []
    total = 0
    while total < tokens * pool:
        example = draw_example(
            corpus, codec, rng, shape, answer=kind != READ, guesser=guesser, swapper=swapper
        )
        if len(example.ids) > MOST_TOKENS:
            continue
        if kind == CHOSEN:
            leave_to_choices(example, rng)
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
    for group in groups:
        yield collate(group, codec.pad, kind)


def leave_to_choices(example: Example, rng: random.Random) -> None:
    """Leave some tokens to the whole vocabulary, the rest to choices alone.

    Where a mistake is shown the choice stays: the token that stands there is not the right one.
    """
    for position, weight in enumerate(example.weights):
        if weight and position not in example.choices and rng.random() >= WHOLE_INSIDE:
            example.weights[position] = 0.0
    for position in list(example.choices):
        shown = example.ids[position] == example.choices[position][0]
        if shown and rng.random() < WHOLE_CHOICES:
            del example.choices[position]


def collate(examples: list[Example], pad: int, kind: str = WHOLE) -> Batch:
    """Pad to one length, a multiple of eight."""
    length = max(len(e.ids) for e in examples)
    length += -length % 8
    ids = np.full((len(examples), length), pad, np.int64)
    weights = np.zeros((len(examples), length), np.float32)
    lags = np.full((len(examples), length, len(LAGS), 2), SILENT, np.int8)
    choices = None
    if kind == CHOSEN:
        choices = np.full((len(examples), length, CHOICES), -1, np.int32)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = example.ids
        weights[row, : len(example.weights)] = example.weights
        lags[row, : len(example.ids)] = example.lags
        if choices is not None:
            for position, among in example.choices.items():
                choices[row, position, : len(among)] = among[:CHOICES]
    return Batch(kind, ids, weights, lags, choices)
