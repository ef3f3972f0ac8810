"""A model with layers added says what it said; these tests run where PyTorch is installed."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from engine.training.growth import grown, sources
from engine.training.model import ModelConfig, Punctuator
from engine.training.train import Trainer, TrainOptions

SMALL = ModelConfig(vocabulary=64, hidden=32, layers=5, heads=2, intermediate=48)


@torch.no_grad()
def test_a_grown_model_computes_the_same() -> None:
    """To the last hidden state: what is added adds nothing yet."""
    torch.manual_seed(1)
    model = Punctuator(SMALL)
    more = Punctuator(replace(SMALL, layers=7))
    more.load_state_dict(grown(model.state_dict(), SMALL, 7))
    ids = torch.randint(0, 64, (2, 20))
    assert torch.allclose(model.hidden_states(ids), more.hidden_states(ids), atol=1e-5)


def test_new_layers_follow_those_that_read_last() -> None:
    """The old ones keep their order."""
    new = [place for place, (_, added) in enumerate(sources(SMALL, 7)) if added]
    assert new == [3, 5]
    assert [old for old, added in sources(SMALL, 7) if not added] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("layers", [4, 9])
def test_a_model_cannot_shrink_nor_grow_without_end(layers: int) -> None:
    """The error says how far one can go."""
    with pytest.raises(ValueError, match="at most"):
        sources(SMALL, layers)


def test_training_goes_on_with_more_layers(prepared: Path, tmp_path: Path) -> None:
    """New layers come to count, and the rate rises anew from where they were added."""

    def options(tokens: int, layers: int | None) -> TrainOptions:
        return TrainOptions(
            data=prepared / "data",
            out=tmp_path,
            tokens=tokens,
            layers=layers,
            helpers=0,
            batch_tokens=1_000,
            dev_windows=2,
            seed=1,
        )

    before = Trainer(options(3_000, 5))
    before.run()
    trainer = Trainer(options(9_000, 6))
    assert torch.equal(trainer.average["norm.weight"], before.average["norm.weight"])
    assert trainer.state["grown"] == trainer.state["step"] > 0
    assert trainer.rate() < 0.1
    new = trainer.model.layers[3].mlp.down_proj.weight
    assert not new.any()
    trainer.run()
    assert new.any()
    assert Trainer(options(9_000, 6)).state["step"] == trainer.state["step"]
    assert len(Trainer(options(9_000, None)).model.layers) == 6
