"""The first weights do what they are there for; these tests run where PyTorch is installed."""

import random
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from safetensors.torch import load_file

from engine.training.beginning import NEAR, begin
from engine.training.corpus import Corpus
from engine.training.degrade import LOWER
from engine.training.examples import Shape, draw_example
from engine.training.model import Attention, ModelConfig, Punctuator
from engine.training.tokens import Codec
from engine.training.train import Trainer, TrainOptions


def attention(layer: Attention, x: "torch.Tensor", model: Punctuator) -> "torch.Tensor":
    """What every head attends to: [heads, query, key]."""
    length = x.shape[1]
    q, k = (
        p(x).view(length, layer.heads, -1).transpose(0, 1) for p in (layer.q_proj, layer.k_proj)
    )
    cos, sin = model.cos[:length], model.sin[:length]
    half = q.shape[-1] // 2
    q, k = (v * cos + torch.cat((-v[..., half:], v[..., :half]), -1) * sin for v in (q, k))
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    return scores.masked_fill(torch.ones(length, length).tril() == 0, -1e9).softmax(-1)


@torch.no_grad()
def test_heads_look_back_and_find_what_is_written_where_it_was_read(prepared: Path) -> None:
    """The first layer attends to the tokens just before; a later one to the same words, read."""
    torch.manual_seed(1)
    codec = Codec.load(prepared / "data/tokenizer")
    corpus = Corpus(prepared / "data/train.npz")
    model = Punctuator(ModelConfig(vocabulary=codec.tokenizer.get_vocab_size()))
    begin(model, codec)
    first, later = model.layers[0], model.layers[model.config.read_layers]
    right = total = 0
    for seed in range(8):
        example = draw_example(corpus, codec, random.Random(seed), Shape(60, 60, 1.0), kind=LOWER)
        x = model.embed_tokens(torch.tensor([example.ids]))
        seen = attention(first.self_attn, first.input_layernorm(x), model)
        places = torch.arange(10, x.shape[1])
        for head, back in enumerate(NEAR):
            assert seen[head, places, places - back].mean() > 0.95

        x = model.read(torch.tensor([example.ids]))
        found = attention(later.self_attn, later.input_layernorm(x), model)
        start = example.ids.index(codec.assistant)
        pairs = list(zip([0, *example.ids], example.ids, strict=False))
        for place in range(start + 2, len(example.ids) - 1):
            where = [p for p in range(1, start) if pairs[p] == pairs[place]]
            if where:
                total += 1
                right += int(found[0, place].argmax()) in [p + 1 for p in where]
    assert total > 100
    assert right / total > 0.8


def test_a_run_is_the_same_twice_and_goes_on_where_it_was_stopped(prepared: Path) -> None:
    """With a budget of tokens the weights follow from the seed, stopped in the middle or not."""

    class StoppedError(Exception):
        """Stands for a kill."""

    def train(name: str, *, stop_after: int | None = None) -> dict[str, "torch.Tensor"]:
        options = TrainOptions(
            data=prepared / "data", out=prepared / name, tokens=12_000, batch_tokens=1_000,
            helpers=0, dev_windows=2, dev_tokens=10**9, checkpoint_minutes=0.0,
        )  # fmt: skip
        trainer = Trainer(options)
        save, count = trainer.save, 0

        def counted() -> None:
            nonlocal count
            save()
            count += 1
            if count == stop_after:
                raise StoppedError

        trainer.save = counted  # type: ignore[method-assign]
        trainer.run()
        ours = {f"average of {name}": value for name, value in trainer.average.items()}
        return ours | trainer.model.state_dict()

    whole, again = train("a"), train("b")
    with pytest.raises(StoppedError):
        train("c", stop_after=3)
    resumed = train("c")
    for name, value in whole.items():
        assert torch.equal(value, again[name])
        assert torch.equal(value, resumed[name])


def test_what_is_written_is_the_mean_of_the_end(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step of the last part of the rate's fall counts alike, and so does what went before."""
    monkeypatch.setattr("engine.training.train.AVERAGE_STEPS", 1)
    options = TrainOptions(
        data=prepared / "data", out=tmp_path, tokens=14_000, batch_tokens=1_000, layers=5,
        helpers=0, dev_windows=2, dev_tokens=10**9, decay=1.0,
    )  # fmt: skip
    trainer = Trainer(options)
    average, early, late = trainer._average, [], []

    def noted() -> None:
        passed = late if trainer.progress() >= 0.7 else early
        passed.append(trainer.model.norm.weight.detach().clone())
        average()

    trainer._average = noted  # type: ignore[method-assign]
    trainer.run()
    written = load_file(tmp_path / "float/model.safetensors")["model.norm.weight"]
    assert len(late) > 2
    assert torch.allclose(written, torch.stack([early[-1], *late]).mean(0), atol=1e-6)
    assert not torch.allclose(written, torch.stack([*early, *late]).mean(0), atol=1e-6)
