"""A chat model learns the user's text as answers to the product's own prompt."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from engine.guided import model as guided
from engine.models import catalog
from engine.text.marks import letters
from engine.tuning import chat_run, loop
from engine.tuning.store import Run
from tests.small_models import sentencepiece_like


@pytest.fixture
def options(base: Path) -> chat_run.Options:
    """Return options for a small model with random weights."""
    sentencepiece_like(base / "var" / "models" / "talker")
    return chat_run.Options(
        base="talker", home=os.fsdecode(base), upper=1, rank=2, rows=2, words=20, examples=6,
        epochs=2, rate=1e-3, validations=1,
    )  # fmt: skip


def train(run: Run, own: chat_run.Options, *, stop_at: int = 0) -> dict[str, Any]:
    return chat_run.train(run, own, report=lambda **said: said.get("step") == stop_at > 0)


def test_a_chat_model_learns_and_becomes_a_folder_that_the_engine_loads(
    run: Run, options: chat_run.Options
) -> None:
    """Interrupted and gone on, it has the same weights as one that was not interrupted."""
    facts = train(run, options)
    assert facts["best_valid"] < facts["first_valid"]
    info = catalog.describe(os.fsdecode(run.model), base=Path(options.home))
    assert info.converses
    assert guided.load(info).template.after
    wanted = {name: np.array(array) for name, array in loop.best(run.training).items()}
    for path in run.training.iterdir():
        path.unlink()
    assert train(run, options, stop_at=2)["ended"] == ""
    train(run, options)
    found = loop.best(run.training)
    assert all((np.array(found[name]) == wanted[name]).all() for name in wanted)
    assert all("lora" in name for name in wanted)


def test_the_prompt_is_the_products_own_and_nothing_of_it_is_learnt(
    run: Run, options: chat_run.Options
) -> None:
    """The answer has the words of the recording with its marks."""
    info = catalog.describe("talker", base=Path(options.home), use_measured=False)
    loaded = guided.load(info)
    recordings = run.of_part("train")
    examples = chat_run._examples(recordings, loaded, info, chat_run.presets()["general"], options)
    one = examples[0]
    assert one.ids[: len(loaded.template.before)] == loaded.template.before
    assert one.ids[-1] == loaded.template.end_id
    tokenizer = Tokenizer.from_file(os.path.join(info.path, "tokenizer.json"))
    answer = tokenizer.decode(list(one.ids[one.prompt : -1]))
    said = "".join(said.word.core for recording in recordings for said in recording.said)
    assert letters(answer) in said
    assert answer.count(".") > 1
