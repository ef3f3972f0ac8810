"""Training follows its schedule and goes on where it stopped; needs PyTorch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engine.tagger.pieces import Pieces  # noqa: E402
from engine.training import carriers, dev, floats  # noqa: E402
from engine.training.encoder import Shape, Tagger, attend, load_pretrained  # noqa: E402
from engine.training.predict import predict  # noqa: E402
from engine.training.train import Run, Settings, rate_at, train  # noqa: E402
from engine.tuning.words import COMMA, MASKED  # noqa: E402


def settings(prepared: Path, out: Path, **changes: object) -> Settings:
    """A run of a few steps in this process alone."""
    base = Settings(
        prepared=prepared, out=out, steps=6, length=48, rows=4, helpers=0, dev_minutes=0, rate=1e-3
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def shape(prepared: Path) -> Shape:
    """A tagger of two thin layers."""
    count = Pieces.load(prepared / "tokenizer.json").count
    return Shape(count, hidden=24, layers=2, heads=2, inner=48, positions=512)


def weights(run: Run) -> dict[str, torch.Tensor]:
    """The weights and their average."""
    average = {f"average.{k}": v for k, v in run.average.state_dict().items()}
    return {**run.model.state_dict(), **average}


def test_a_stopped_run_goes_on_to_the_same_weights(prepared: Path, tmp_path: Path) -> None:
    """Batches, schedule, optimisers and average are where they were."""
    whole = train(settings(prepared, tmp_path / "whole"), shape(prepared))
    train(settings(prepared, tmp_path / "parts", stop_after=2), shape(prepared))
    parts = train(settings(prepared, tmp_path / "parts"), shape(prepared))
    assert parts.step == whole.step == 6
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(parts)[name]), name


def test_a_run_begins_with_the_floats_of_another(prepared: Path, tmp_path: Path) -> None:
    """Their average is what counts, and it goes on with the pieces that they were trained with."""
    first = train(settings(prepared, tmp_path / "first"), shape(prepared))
    start = tmp_path / "first" / "floats"
    second = Run(settings(prepared, tmp_path / "second", start=start))
    for name, value in first.average.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name]), name
    tokenizer = start / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text().replace('"\\u2581the"', '"\\u2581thy"'))
    third = Run(settings(prepared, tmp_path / "third", start=start))
    third.save()
    assert (tmp_path / "third" / "floats" / "tokenizer.json").read_text() == tokenizer.read_text()
    assert third.pieces.names() != first.pieces.names()


def test_attention_is_what_it_is_by_definition() -> None:
    """With and without pieces that are hidden, forth and back, as PyTorch's own computes it."""
    torch.manual_seed(1)
    shown = torch.rand(3, 1, 1, 7) > 0.4
    shown[..., 0] = True
    for mask in (None, shown):
        inputs = [torch.randn(3, 2, 7, 4, requires_grad=True) for _ in range(3)]
        wanted = torch.nn.functional.scaled_dot_product_attention(*inputs, attn_mask=mask)
        got = attend(*inputs, mask)
        assert torch.allclose(got, wanted, atol=1e-6)
        grads = [torch.autograd.grad((x * x).sum(), inputs) for x in (got, wanted)]
        for one, other in zip(*grads, strict=True):
            assert torch.allclose(one, other, atol=1e-5)


def test_a_step_shared_with_a_helper_is_the_same_step(prepared: Path, tmp_path: Path) -> None:
    """Half the rows are computed in another process; the gradients are summed."""
    alone = Run(settings(prepared, tmp_path / "alone"), shape(prepared))
    shared = Run(settings(prepared, tmp_path / "shared", helpers=1), shape(prepared))
    try:
        for run in (alone, shared):
            for step in range(2):
                run.one(run.windows.batch(step))
    finally:
        shared.helpers.close()
    for name, value in alone.model.state_dict().items():
        assert torch.allclose(value, shared.model.state_dict()[name], atol=2e-3), name


def test_frozen_layers_stay_and_the_others_learn(prepared: Path, tmp_path: Path) -> None:
    """With them the table of pieces and the positions."""
    run = Run(settings(prepared, tmp_path, frozen=1), shape(prepared))
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.one(run.windows.batch(0))
    moved = {k for k, v in run.model.state_dict().items() if not torch.equal(v, before[k])}
    assert not [k for k in moved if k.split(".")[0] in ("pieces", "positions", "norm")]
    assert not [k for k in moved if k.startswith("layers.0")]
    assert {"layers.1.up.weight", "mark.weight"} <= moved


def test_the_rate_rises_and_falls_to_nought() -> None:
    """Over the first steps, and then with the progress of the run."""
    assert rate_at(0.0, 0) < rate_at(0.0, 50) < rate_at(0.0, 400) == 1.0
    assert rate_at(0.5, 400) == 0.5
    assert rate_at(1.0, 4000) == rate_at(1.5, 4000) == 0.0


def test_training_lowers_the_loss(prepared: Path, tmp_path: Path) -> None:
    """On three short texts it can hardly fail to."""
    run = Run(settings(prepared, tmp_path, steps=400, rate=2e-2), shape(prepared))
    losses = [run.one(run.windows.batch(step % 8))[0] for step in range(60)]
    assert np.mean(losses[-8:]) < 0.8 * np.mean(losses[:8])


def test_words_are_scored_alike_in_one_window_or_many(prepared: Path) -> None:
    """Every word has its scores, and a text of one window is one row of the model."""
    torch.manual_seed(1)
    model, pieces = Tagger(shape(prepared)).eval(), Pieces.load(prepared / "tokenizer.json")
    words = ["well", "you", "know", "the", "rest"] * 12
    scored = predict(model, pieces, words, length=64, turns=[n % 9 == 8 for n in range(60)])
    assert scored.marks.shape == (60, 4)
    assert np.allclose(np.exp(scored.marks).sum(-1), 1, atol=1e-3)
    assert np.allclose(np.exp(scored.cases).sum(-1), 1, atol=1e-3)


def test_floats_are_read_as_they_were_written(prepared: Path, tmp_path: Path) -> None:
    """With sizes and tokenizer beside them."""
    model = Tagger(shape(prepared))
    floats.save(tmp_path / "floats", model, prepared / "tokenizer.json", {"pieces_seen": 3})
    again, pieces = floats.load(tmp_path / "floats")
    assert pieces.count == model.shape.pieces
    for name, value in model.state_dict().items():
        assert torch.equal(value, again.state_dict()[name])


def test_pretrained_weights_must_fit(prepared: Path) -> None:
    """A tensor of another name is told."""
    model = Tagger(shape(prepared))
    state = {k: v.numpy() for k, v in model.state_dict().items() if not k.startswith("mark")}
    load_pretrained(model, state)
    with pytest.raises(ValueError, match="do not fit"):
        load_pretrained(model, {**state, "other": state["norm.bias"]})


def test_figures_on_dev_leave_out_what_is_not_asked(prepared: Path) -> None:
    """Breaks that are told, and words that are shown after an excerpt."""
    torch.manual_seed(2)
    model, pieces = Tagger(shape(prepared)).eval(), Pieces.load(prepared / "tokenizer.json")
    ((_, texts),) = dev.excerpts(prepared, 200)
    assert COMMA in texts[0].marks
    assert MASKED in texts[0].breaks
    answers = dev.ask(model, pieces, texts, device="cpu")
    sure = dev.figures(answers, bias=(0.0, 99.0, 0.0, 0.0))
    assert sure["comma"]["recall"] == 100.0
    assert sure["period"]["f1"] == 0.0


def test_a_carrier_with_another_hash_is_refused(tmp_path: Path) -> None:
    """Its weights would be somebody else's."""
    path = tmp_path / "weights.bin"
    path.write_bytes(b"E5S1")
    with pytest.raises(carriers.WrongCarrierError, match="expected"):
        carriers.member(path, "weights.bin", "0" * 64)
