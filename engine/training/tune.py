"""Tune the bias of every choice on the dev corpus, through the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.training.evaluate import corpus
from engine.training.guided import guided

#: Styles that count; the radio loop and scripted meetings are not what users bring.
STYLES = ("speech-prepared", "speech-qa", "prose")
STEPS = (0.5, 0.25)
TUNED = (",", ".", "?")


def score(model: Path, data: Path, bias: dict[str, float], words: int) -> float:
    """Mean overall F1 of STYLES with `bias`."""
    with guided(model, bias) as engine:
        table = corpus(engine, data, words=words, styles=STYLES)
    return sum(row["overall"]["f1"] for row in table.values()) / len(table)


def climb(
    measure: Callable[[dict[str, float]], float], bias: dict[str, float]
) -> tuple[dict[str, float], float]:
    """Coordinate ascent over TUNED from `bias`, in shrinking steps."""
    best = measure(bias)
    for step in STEPS:
        for mark in TUNED:
            for direction in (step, -step):
                moved = False
                while True:
                    trial = {**bias, mark: round(bias.get(mark, 0.0) + direction, 3)}
                    value = measure(trial)
                    print(f"{value:.2f} {trial}", flush=True)
                    if value <= best:
                        break
                    bias, best, moved = trial, value, True
                if moved:
                    break
    return bias, best
