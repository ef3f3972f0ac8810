"""Teacher-forced dev F1: which separator the model would put after each word, per style."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch

from engine.training.corpus import STYLE_SHARES, Corpus
from engine.training.degrade import LOWER, WHISPER
from engine.training.examples import Example, Shape, collate, draw_example
from engine.training.lags import LAGS, MARKS, SILENT
from engine.training.model import Punctuator
from engine.training.tokens import Codec

#: Separator codes as the benchmark groups them: comma with colon, stop with ! and ;.
CLASSES = {0: 0, 1: 1, 5: 1, 2: 2, 4: 2, 6: 2, 3: 3}
NAMES = ("none", "comma", "period", "question")
#: Order of the scores that `decision_scores` returns.
CODES = (1, 2, 3, 4, 5, 6)


def dev_sets(corpus: Corpus, codec: Codec, *, windows: int) -> dict[str, list[Example]]:
    """Fixed windows of every style, lower case without marks, and one set like Whisper."""
    shape = Shape(60, 120, 1.0)
    sets = {}
    for style in STYLE_SHARES:
        if style not in corpus.styles:
            continue
        rng = random.Random(f"dev:{style}")
        sets[style] = [
            draw_example(corpus, codec, rng, shape, style=style, kind=LOWER) for _ in range(windows)
        ]
    rng = random.Random("dev:whisper")
    sets["whisper-like"] = [
        draw_example(corpus, codec, rng, shape, style="speech-prepared", kind=WHISPER)
        for _ in range(windows)
    ]
    return sets


@dataclass(frozen=True, slots=True)
class Scores:
    """What a model makes of a dev set."""

    written: np.ndarray  # [n, 7] log-probabilities of no mark and each of CODES, in the answer
    labels: np.ndarray  # [n] right codes, -1 not measured
    read: dict[int, tuple[np.ndarray, np.ndarray]]  # the same two, by lag, asked while reading
    loss: float  # mean over the answer's tokens


@torch.no_grad()
def decision_scores(
    model: Punctuator, codec: Codec, examples: list[Example], *, device: str
) -> Scores:
    """Score the right answers of `examples`, teacher-forced."""
    written, labels = [], []
    read: dict[int, tuple[list[np.ndarray], list[np.ndarray]]] = {k: ([], []) for k in LAGS}
    loss = weight = 0.0
    marks = torch.tensor([codec.marks[m] for m in ",.?!:;"], device=device)
    for first in range(0, len(examples), 16):
        group = examples[first : first + 16]
        batch = collate(group, codec.pad)
        ids, weights, lags = (
            torch.from_numpy(a).to(device) for a in (batch.ids, batch.weights, batch.lags)
        )
        with torch.autocast(device, torch.bfloat16):
            hidden = model.hidden_states(ids)
            part, _ = model.loss(ids, weights, lags)
            loss, weight = loss + float(part), weight + batch.weight()[0]
            for row, example in enumerate(group):
                logits = model.logits(hidden[row, torch.tensor(example.decisions)]).float()
                logs = logits.log_softmax(-1)
                marked = logs[:, marks]
                none = torch.log1p(-marked.exp().sum(-1).clamp(max=1 - 1e-6))
                written.append(torch.cat((none[:, None], marked), 1).cpu().numpy())
                labels.extend(example.labels)
            asked = model.lag_logits(model.read(ids))[..., :MARKS].float().cpu().numpy()
        for column, (found, right) in enumerate(read.values()):
            kept = batch.lags[:, :, column, 0] != SILENT
            found.append(asked[kept][:, column])
            right.append(batch.lags[kept][:, column, 0])
    return Scores(
        np.concatenate(written),
        np.asarray(labels),
        {k: (np.concatenate(f), np.concatenate(r)) for k, (f, r) in read.items()},
        loss / max(weight, 1.0),
    )


def f1_table(
    scores: np.ndarray, labels: np.ndarray, bias: np.ndarray | None = None
) -> dict[str, float]:
    """F1 of comma, period, question and all together, in percent."""
    kept = labels >= 0
    chosen = (scores if bias is None else scores + bias)[kept].argmax(1)
    guess = np.asarray([CLASSES[c] for c in (0, *CODES)])[chosen]
    right = np.asarray([CLASSES[int(c)] for c in labels[kept]])
    table: dict[str, float] = {}
    sums: dict[str, int] = defaultdict(int)
    for code in (1, 2, 3):
        hit = int(((guess == code) & (right == code)).sum())
        said, true = int((guess == code).sum()), int((right == code).sum())
        table[NAMES[code]] = round(200 * hit / max(1, said + true), 2)
        sums["hit"] += hit
        sums["said"] += said
        sums["true"] += true
    table["overall"] = round(200 * sums["hit"] / max(1, sums["said"] + sums["true"]), 2)
    table["precision"] = round(100 * sums["hit"] / max(1, sums["said"]), 2)
    table["recall"] = round(100 * sums["hit"] / max(1, sums["true"]), 2)
    return table
