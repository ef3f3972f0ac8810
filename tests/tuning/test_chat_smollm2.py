"""LoRA on real weights: SmolLM2 learns a few short texts, and what it becomes enhances a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from engine.child.client import ModelClient
from engine.models import catalog
from engine.records import Part, Word
from engine.tuning import chat_run, loop
from engine.tuning.store import Run
from tests.chat_model import smollm2


def train(run: Run, own: chat_run.Options, *, stop_at: int = 0) -> dict[str, Any]:
    return chat_run.train(run, own, report=lambda **said: said.get("step") == stop_at > 0)


def test_smollm2_learns_goes_on_and_is_a_model_that_the_child_loads(run: Run, base: Path) -> None:
    """The loss falls; interrupted and gone on, the weights are the same to the last bit."""
    own = chat_run.Options(
        base=os.fsdecode(smollm2()), home=os.fsdecode(base), upper=2, rank=4, rows=2, words=20,
        examples=4, epochs=2, rate=1e-3, validations=1,
    )  # fmt: skip
    assert train(run, own, stop_at=1)["ended"] == ""
    facts = train(run, own)
    assert (facts["step"], facts["ended"]) == (4, "steps")
    assert facts["best_valid"] < facts["first_valid"]
    broken = {name: np.array(array) for name, array in loop.best(run.training).items()}
    for path in run.training.iterdir():
        path.unlink()
    train(run, own)
    whole = loop.best(run.training)
    assert set(whole) == set(broken)
    assert all((np.array(whole[name]) == broken[name]).all() for name in whole)
    words = tuple(
        Word(word) for word in ["we", "went", "down", "to", "the", "river", "and", "it", "rained"]
    )
    info = catalog.describe(os.fsdecode(run.model), base=base, use_measured=False)
    client = ModelClient(info)
    try:
        done = client.enhance(Part(0, words, language="en"), ())
    finally:
        client.close()
    assert (done.status, [one.word.text for one in done.words]) == (
        "enhanced", [one.text for one in words]
    )  # fmt: skip
