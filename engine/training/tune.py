"""Tune the bias of every mark on dev, language by language."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.training import dev
from engine.training.corpus import SOURCES
from engine.training.words import MARKS, MASKED

#: Steps of the search over the biases of comma, period and question.
STEPS = (0.4, 0.2, 0.1)
Bias = tuple[float, ...]
NO_BIAS: Bias = (0.0,) * len(MARKS)


def climb(measure: Callable[[Bias], float], start: Bias = NO_BIAS) -> tuple[Bias, float]:
    """Return the best bias and its value: coordinate ascent in shrinking steps; none stays 0."""
    bias, best = start, measure(start)
    for step in STEPS:
        moved = True
        while moved:
            moved = False
            for place in range(1, len(start)):
                for direction in (step, -step):
                    trial = tuple(
                        round(b + direction, 3) if n == place else b for n, b in enumerate(bias)
                    )
                    value = measure(trial)
                    if value > best:
                        bias, best, moved = trial, value, True
    return bias, best


def overall(answers: Sequence[dev.Answers]) -> Callable[[Bias], float]:
    """Return the overall F1 of the marks as a function of the bias, fast."""
    scores = np.concatenate([one.scored.marks for one in answers])
    right = np.concatenate([np.asarray(one.text.marks) for one in answers])
    asked = right != MASKED
    scores, right = scores[asked], right[asked]

    def measure(bias: Bias) -> float:
        guess = (scores + np.asarray(bias, np.float32)).argmax(-1)
        hit = int(((guess == right) & (right > 0)).sum())
        return 200 * hit / max(1, int((guess > 0).sum() + (right > 0).sum()))

    return measure


def tune(
    floats_folder: Path, prepared: Path, *, benchmark: Path | None, words: int, device: str
) -> dict[str, Any]:
    """Write the best bias of every language into the folder; returns F1 before and after.

    English is tuned on podcasts, talks and speeches together with the benchmark's dev set.
    """
    from engine.training import floats

    model, pieces = floats.load(floats_folder)
    model.to(device)
    language_of = {source.name: source.language for source in SOURCES}
    texts: dict[str, list[dev.Text]] = {}
    for name, found in dev.excerpts(prepared, words):
        texts.setdefault(language_of[name], []).extend(found)
    if benchmark is not None:
        texts.setdefault("en", []).append(dev.benchmark(benchmark, 3 * words))
    table: dict[str, Any] = {}
    bias: dict[str, dict[str, float]] = {}
    for language, found in texts.items():
        measure = overall(dev.ask(model, pieces, found, device=device))
        best, value = climb(measure)
        bias[language] = dict(zip(MARKS[1:], best[1:], strict=True))
        before = round(measure(NO_BIAS), 2)
        table[language] = {"before": before, "after": round(value, 2), **bias[language]}
    path = floats_folder / floats.FACTS
    temporary = path.with_suffix(".tmp")
    facts = json.loads(path.read_text()) | {"bias": bias}
    temporary.write_text(json.dumps(facts, indent=2) + "\n")
    os.replace(temporary, path)
    return table
