"""A tagger learns, goes on where it was interrupted, and ends as if it had not been."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from engine.models import catalog
from engine.models.device import use_fast_blas
from engine.records import Part, Word
from engine.tagger.path import DASH
from engine.tagger.pieces import PAD
from engine.tagger.tag import Tagger
from engine.tuning import loop, tagger_run, tagger_task
from engine.tuning.adapted import Adapted
from engine.tuning.errors import RunMismatch
from engine.tuning.store import Run
from engine.tuning.tagger_run import Options


@pytest.fixture(autouse=True)
def few_anchors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have little text that should be read as before: the real one takes long to read."""
    monkeypatch.setattr(tagger_run, "anchor_texts", lambda: [["we", "went", "home"] * 40])


def options(base: Path, **more: Any) -> Options:
    small = Options(
        base="small", home=os.fsdecode(base), upper=1, rank=2, rows=2, anchor_rows=1, variants=1,
        epochs=2, rate=5e-3,
    )  # fmt: skip
    return replace(small, **more)


def train(run: Run, own: Options, *, stop_at: int = 0) -> dict[str, Any]:
    """Train, and be interrupted after a step."""
    return tagger_run.train(run, own, report=lambda **said: said.get("step") == stop_at > 0)


def weights(run: Run) -> dict[str, Any]:
    return {name: np.array(array) for name, array in loop.best(run.training).items()}


def test_the_loss_falls_and_the_model_becomes_a_folder_that_the_engine_loads(
    run: Run, base: Path
) -> None:
    """Every word comes back from it; the model that learnt is as it was."""
    small = base / "var" / "models" / "small"
    before = (small / "model.safetensors").read_bytes()
    facts = train(run, options(base, epochs=4))
    assert facts["best_valid"] < facts["first_valid"]
    assert facts["ended"]
    assert (small / "model.safetensors").read_bytes() == before
    info = catalog.describe(os.fsdecode(run.model), base=base)
    assert (info.kind, info.languages) == ("tagger", ("en",))
    words = tuple(Word(text) for text in ["we", "went", "down", "to", "the", "river"])
    done = Tagger.load(info).enhance(Part(0, words, language="en"), ())
    assert [one.word for one in done.words] == list(words)


def test_a_run_that_was_interrupted_ends_as_one_that_was_not(run: Run, base: Path) -> None:
    """To the last bit, whether it was stopped between two checkpoints or just after one."""
    own = options(base, epochs=4)
    whole = train(run, own)
    wanted = weights(run)
    for path in run.training.iterdir():
        path.unlink()
    for step in (1, 4):
        stopped = train(run, own, stop_at=step)
        assert (stopped["step"], stopped["ended"]) == (step, "")
    resumed = train(run, own)
    found = weights(run)
    assert {k: v for k, v in resumed.items() if k != "seconds"} == {
        k: v for k, v in whole.items() if k != "seconds"
    }
    assert set(found) == set(wanted)
    assert all((found[name] == wanted[name]).all() for name in wanted)


def test_what_was_read_before_an_interruption_is_not_read_again(
    run: Run, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes on at its row, and the run ends as one that was not interrupted."""
    own = options(base)
    whole = train(run, own)
    for path in run.training.iterdir():
        path.unlink()
    monkeypatch.setattr(tagger_task, "READ_ROWS", 2)
    began: list[list[int]] = []
    for stop in (True, False):
        began.append([])

        def report(stop: bool = stop, **said: Any) -> bool:
            if str(said.get("stage", "")).startswith("reading"):
                began[-1].append(said["done"])
                return stop and said["done"] == 2
            return False

        facts = tagger_run.train(run, own, report=report)
    assert began[0] == [0, 2]
    assert began[1][0] == 2
    assert facts["best_valid"] == pytest.approx(whole["best_valid"], abs=1e-4)


def test_a_run_does_not_go_on_with_other_recordings_or_options(run: Run, base: Path) -> None:
    """What it would become nobody could say."""
    train(run, options(base), stop_at=1)
    with pytest.raises(RunMismatch) as caught:
        train(run, options(base, seed=2))
    assert "--restart" in caught.value.hint


def test_training_ends_when_nothing_is_gained_and_keeps_the_best(run: Run, base: Path) -> None:
    """At a rate that only does harm it ends after three validations."""
    facts = train(run, options(base, rate=10.0, epochs=20, patience=3))
    assert facts["ended"] == "early"
    assert facts["step"] < facts["steps"]
    kept = facts["best_valid"]
    assert kept <= facts["first_valid"]


def test_a_model_that_has_learnt_nothing_says_what_it_said(base: Path) -> None:
    """Adapters begin as nothing; the fused weights are packed as they were."""
    folder = base / "var" / "models" / "small"
    model = Adapted(folder, upper=1, rank=2, dashes=False, fast=use_fast_blas())
    learnt = model.begin(1)
    ids = mx.array([[0, *range(4, 30)]])
    kept = ids != PAD
    scores = model.scores(learnt, model.read_lower(ids, kept), kept)
    wanted = model.network(ids, exact=True).marks
    wanted = wanted - mx.logsumexp(wanted, axis=-1, keepdims=True)
    assert float(mx.abs(scores[0] - wanted).max()) < 0.1
    stored = mx.load(str(folder / "model.safetensors"))
    fused = model.fused(learnt)
    assert set(fused) == set(stored)
    for name in ("pieces.weight", "layers.0.up.weight", "layers.0.up.scales"):
        assert bool((fused[name] == stored[name]).all())


def test_padding_is_not_read(base: Path) -> None:
    """A row says the same whatever stands behind its end."""
    folder = base / "var" / "models" / "small"
    model = Adapted(folder, upper=1, rank=2, dashes=False, fast=use_fast_blas())
    learnt = model.begin(1)
    said = []
    for row in ([0, 5, 6, 7], [0, 5, 6, 7, *[PAD] * 6]):
        ids = mx.array([row])
        found = model.scores(learnt, model.read_lower(ids, ids != PAD), ids != PAD)[0]
        said.append(np.array(found[0, :4]))
    assert np.allclose(said[0], said[1], atol=1e-4)


def test_a_text_with_dashes_gives_the_model_a_label_for_them(run: Run, base: Path) -> None:
    """Its folder says so, and the engine offers the mark."""
    recordings = []
    for recording, part in run.read_recordings():
        said = tuple(
            replace(one, word=replace(one.word, mark="-", label=1)) if n % 9 == 4 else one
            for n, one in enumerate(recording.said)
        )
        recordings.append((replace(recording, said=said), part))
    run.write_recordings(recordings)
    facts = train(run, options(base, epochs=3))
    assert facts["dashes"]
    card = json.loads((run.model / "llasa.json").read_text())
    assert card["marks"] == ["—"]
    tagger = Tagger.load(catalog.describe(os.fsdecode(run.model), base=base))
    scored = tagger.score([Word(text) for text in ["we", "went", "home"]])
    assert len(scored.of[0].marks) == DASH + 1
