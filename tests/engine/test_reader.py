"""The reader: many ways to go on, scored in one pass on one cache, as each would be alone."""

from __future__ import annotations

import math

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten, tree_unflatten

from engine.guided.model import Model
from engine.guided.reader import Reader, Row

TEXT = [b"So", b" the", b" allotment", b" is", b" finally", b" coming", b" along"]
WAYS = [[b". I", b" put"], [b", I", b" put"], [b" I", b" put", b" it"]]


def alone(model: Model, reader: Reader, text: list[bytes], way: list[bytes]) -> float:
    """Return the score of one way by one plain pass over all of its tokens."""

    def spell(pieces: list[bytes]) -> list[int]:
        return [t for piece in pieces for t in model.vocabulary.spell_rest(piece, 0)]

    before = [*reader._opening, *spell(text)]
    tokens = [*before, *spell(way)]
    logits = model.network(mx.array(tokens)[None])[0].astype(mx.float32)
    logs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    return sum(float(logs[n - 1, tokens[n]].item()) for n in range(len(before), len(tokens)))


def test_ways_in_one_pass_have_the_scores_that_each_has_alone(random_model: Model) -> None:
    """At several places of the text at once, with every kind of cache, and after a change."""
    reader = Reader(random_model)
    for text in (TEXT, [*TEXT[:3], b", is", *TEXT[4:]]):
        found = reader.score(text, [(7, WAYS), (2, WAYS[:2]), (0, WAYS)])
        for place, scores, ways in zip((7, 2, 0), found, (WAYS, WAYS[:2], WAYS), strict=True):
            for score, way in zip(scores, ways, strict=True):
                expected = alone(random_model, reader, text[:place], way)
                assert score == pytest.approx(expected, abs=2e-2)


def test_rows_share_a_cache_where_it_keeps_every_token(loaded_models: dict[str, Model]) -> None:
    """The others read the text again with every row."""
    shares = {}
    for name, model in loaded_models.items():
        reader = Reader(model)
        reader.score(TEXT, [(7, WAYS)])
        shares[name] = reader.shares
    kinds = ("llama3", "qwen3", "sentencepiece", "rotating", "convolution", "recurrent")
    assert [shares[name] for name in kinds] == [True, True, True, False, False, False]


def test_what_is_learnt_from_has_the_scores_of_what_is_asked(random_model: Model) -> None:
    """With ways of every length, in an order of their own; and every weight has a part in it."""
    reader = Reader(random_model)
    ways = [[b" I"], *WAYS, [b", I", b" put", b" it", b" all", b" off"], [b". I"]]
    (expected,) = reader.score(TEXT, [(7, ways)])
    text, ends = reader.spell_text(TEXT)
    rows = [Row(ends[7], reader.spell(way)) for way in ways]
    assert reader.learnable(text, rows).tolist() == pytest.approx(expected, abs=2e-2)

    def loss(weights: dict[str, mx.array]) -> mx.array:
        random_model.network.update(tree_unflatten(list(weights.items())))
        return reader.learnable(text, rows).sum()

    plain = {
        name: array
        for name, array in tree_flatten(random_model.network.parameters())
        if array.ndim == 2 and array.dtype == mx.float32
    }
    gradients = mx.grad(loss)(plain)
    random_model.network.update(tree_unflatten(list(plain.items())))
    assert gradients
    assert all(mx.abs(array).max().item() > 0 for array in gradients.values())


def test_what_was_read_is_not_read_again(loaded_models: dict[str, Model]) -> None:
    """A second question on the same text takes one pass, for the rows."""
    reader = Reader(loaded_models["qwen3"])
    reader.score(TEXT, [(7, WAYS)])
    before = reader.passes
    reader.score(TEXT, [(7, WAYS)])
    assert reader.passes == before + 1


def test_nothing_asked_is_nothing_read(loaded_models: dict[str, Model]) -> None:
    """A text without questions costs no pass."""
    reader = Reader(loaded_models["qwen3"])
    assert reader.score(TEXT, []) == []
    assert reader.surprise([]) == 1.0
    assert reader.passes == 0


def test_random_weights_are_as_surprised_as_blind_guessing(random_model: Model) -> None:
    """By this it is known that a model does not know a language."""
    surprise = Reader(random_model).surprise(TEXT)
    assert math.isfinite(surprise)
    assert surprise > 0.85
