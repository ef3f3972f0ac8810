"""Enhance words with the model in PyTorch alone, without the engine: figures of development."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from engine.training import floats
from engine.training.evaluate import Enhance, Written
from engine.training.predict import predict
from engine.training.words import FIRST, MARKS, PERIOD, first_raised

_WRITTEN = ("", ",", ".", "?")


def enhancer(folder: Path, language: str, *, device: str = "cpu") -> Enhance:
    """Return a function that marks and raises words by the best label of each."""
    model, pieces = floats.load(folder)
    model.to(device)
    facts = json.loads((folder / floats.FACTS).read_text())
    named = facts.get("bias", {}).get(language, {})
    bias = np.asarray([0.0, *(named.get(mark, 0.0) for mark in MARKS[1:])], np.float32)

    def enhance(words: Sequence[str], turns: Sequence[bool]) -> list[Written]:
        scored = predict(model, pieces, words, turns=turns, device=device)
        marks = (scored.marks + bias).argmax(-1)
        cases, ends = scored.cases.argmax(-1), scored.paragraphs.argmax(-1)
        out = []
        raised = True
        for word, mark, case, end in zip(words, marks, cases, ends, strict=True):
            text = word.upper() if case > FIRST else word
            text = first_raised(text) if raised or case == FIRST else text
            out.append(Written(text + _WRITTEN[mark], bool(end)))
            raised = mark >= PERIOD
        return out

    return enhance
