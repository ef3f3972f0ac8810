"""A chat model learns to read the user's text, at the gaps where the product asks it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, cast

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.utils import load_model, quantize_model, save_config, save_model

from engine.child.deciding import Deciders
from engine.errors import CannotSpell
from engine.guided import model as guided
from engine.models import catalog, facts
from engine.records import Opinion, Part
from engine.records import Word as SourceWord
from engine.text import second_opinion
from engine.tuning import chat_examples, chat_run, loop, presets, questions, trials
from engine.tuning.chat_task import ChatTask
from engine.tuning.questions import Wanted
from engine.tuning.store import Run
from engine.tuning.words import COMMA, NO_BREAK, PERIOD, Word
from tests.small_models import sentencepiece_like

GROUP = 32


@pytest.fixture
def options(base: Path) -> chat_run.Options:
    """Return options for a small model with random weights."""
    sentencepiece_like(base / "var" / "models" / "talker")
    return chat_run.Options(
        base="talker", home=os.fsdecode(base), upper=1, rank=2, rows=2, ways=1, examples=6,
        epochs=8, rate=3e-3, validations=1, patience=9,
    )  # fmt: skip


@pytest.fixture
def deciders(options: chat_run.Options) -> Deciders:
    """Return that model with the embedded tagger, asked wherever it is not quite sure."""
    info = catalog.describe("talker", base=Path(options.home), use_measured=False)
    return Deciders.of(guided.load(info), Opinion(margin=3.0))


def train(run: Run, own: chat_run.Options, *, stop_at: int = 0) -> dict[str, Any]:
    return chat_run.train(run, own, report=lambda **said: said.get("step") == stop_at > 0)


def of_words(*said: Word, language: str = "en") -> tuple[Part, list[Wanted]]:
    """Return a part in lower case without marks, and how it should be written."""
    part = Part(0, tuple(SourceWord(word.core.lower()) for word in said), language=language)
    return part, [Wanted(word, NO_BREAK, asked=True) for word in said]


def asked_within(deciders: Deciders, margin: float) -> Deciders:
    return replace(deciders, opinion=Opinion(margin=margin))


def packed(folder: Path, *, bits: int) -> None:
    """Pack the matrices of a model folder."""
    network, config = load_model(folder)
    network, config = quantize_model(network, config, GROUP, bits)
    save_model(folder, network)
    save_config(config, folder / "config.json")


def matrices(folder: Path) -> dict[str, np.ndarray]:
    """Return the matrices of a model folder by name, unpacked."""
    network, _ = load_model(folder)
    modules = {name: one for name, one in network.named_modules() if hasattr(one, "bits")}
    return {name: np.array(unpacked(one)) for name, one in modules.items()}


def unpacked(one: Any) -> mx.array:
    return mx.dequantize(one.weight, one.scales, one.biases, group_size=GROUP, bits=one.bits)


def told(deciders: Deciders, ids: tuple[int, ...]) -> str:
    """Return tokens as text."""
    return b"".join(deciders.model.vocabulary.bytes_of[token] for token in ids).decode()


def test_a_chat_model_learns_and_becomes_a_folder_that_the_engine_loads(
    run: Run, options: chat_run.Options
) -> None:
    """Its weights are those of its base and what was learnt; an interrupted run ends the same."""
    ended = train(run, options)
    assert ended["best_valid"] < ended["first_valid"]
    info = catalog.describe(os.fsdecode(run.model), base=Path(options.home))
    assert info.converses
    assert guided.load(info).template.after
    wanted = {name: np.array(array) for name, array in loop.best(run.training).items()}
    one = next(name.removesuffix(".lora_a") for name in wanted if name.endswith(".lora_a"))
    before, after = (
        np.array(
            cast("dict[str, mx.array]", mx.load(f"{folder}/model.safetensors"))[f"{one}.weight"]
        )
        for folder in (catalog.describe("talker", base=Path(options.home)).path, run.model)
    )
    learnt = (wanted[f"{one}.lora_a"] @ wanted[f"{one}.lora_b"]).T * chat_run.SCALE
    assert np.abs(learnt).max() > 0
    assert after - before == pytest.approx(learnt, abs=1e-5)
    for path in run.training.iterdir():
        path.unlink()
    assert train(run, options, stop_at=2)["ended"] == ""
    train(run, options)
    found = loop.best(run.training)
    assert all((np.array(found[name]) == wanted[name]).all() for name in wanted)
    assert all("lora" in name for name in wanted)


def test_what_learnt_is_packed_in_eight_bits_and_the_rest_as_it_was(
    run: Run, options: chat_run.Options
) -> None:
    """In four it would differ from its base by more than it learnt."""
    base = Path(options.home) / "var" / "models" / "talker"
    packed(base, bits=4)
    train(run, options)
    adapters = loop.best(run.training)
    before, after = matrices(base), matrices(run.model)
    assert before.keys() == after.keys()
    learnt = {name.removesuffix(".lora_a") for name in adapters if name.endswith(".lora_a")}
    assert learnt
    for name in after:
        if name not in learnt:
            assert (after[name] == before[name]).all()
            continue
        delta = (adapters[f"{name}.lora_a"] @ adapters[f"{name}.lora_b"]).T * chat_run.SCALE
        wanted = before[name] + np.array(delta)
        grouped = wanted.reshape(-1, GROUP)
        step = (grouped.max(axis=1) - grouped.min(axis=1)).max() / 255
        assert np.abs(after[name] - wanted).max() <= step
    models = [catalog.describe(os.fsdecode(path)) for path in (base, run.model)]
    assert models[1].quantization == models[0].quantization
    assert facts.read(models[1]).parameters == facts.read(models[0]).parameters
    assert guided.load(models[1]).template.after


def test_every_right_way_goes_on_as_the_text_does(run: Run, deciders: Deciders) -> None:
    """The text is the recording's, and the tokens of a question stand where it is asked."""
    general = presets.presets()["general"]
    recordings = run.of_part("train")
    found = chat_examples.examples(recordings, deciders, general, ways=1, seed=1)
    texts = [" ".join(one.word.core + one.word.mark for one in own.said) for own in recordings]
    asked = [(one, question) for one in found for question in one.questions]
    assert len(asked) > 10
    for one, question in asked:
        *words, _ = told(deciders, one.ids[1:]).split()
        assert any(" ".join(words) in text for text in texts)
        follows = told(deciders, one.ids[question.before :])
        right = told(deciders, question.ways[question.right])
        assert follows.startswith(right) or right.startswith(follows)  # or the part ends there
        assert len(set(question.ways)) == len(question.ways) <= questions.WAYS
        assert len(question.scores) == len(question.ways) > question.right
    assert {question.weight for _, question in asked} == {Opinion().weight}


def test_the_tagger_says_where_it_is_asked_and_nothing_is_asked_that_is_not_known(
    deciders: Deciders,
) -> None:
    """A word that was not corrected, and one that the lattice cannot write, teach nothing.

    A mark that it cannot write stands for the one of its label: a dash for a comma.
    """
    words = (Word("We"), Word("waited", ",", COMMA), Word("then"), Word("left", ".", PERIOD),
             Word("Nobody"), Word("came", ".", PERIOD))  # fmt: skip
    part, wanted = of_words(*words)
    sure = questions.example(part, (), wanted, asked_within(deciders, 99.0), Random(1))
    assert told(deciders, sure.ids[1:]) == "We waited, then left. Nobody came"
    wanted[2] = replace(wanted[2], asked=False)
    some = questions.example(part, (), wanted, asked_within(deciders, 99.0), Random(1))
    assert len(some.questions) < len(sure.questions) == 5
    wanted[4] = replace(wanted[4], word=Word("Nobody", "-"))
    dashed = questions.example(part, (), wanted, asked_within(deciders, 99.0), Random(1))
    assert len(dashed.questions) == len(some.questions) - 1
    wanted[4] = replace(wanted[4], word=Word("Nobody", "-", COMMA))
    comma = questions.example(part, (), wanted, asked_within(deciders, 99.0), Random(1))
    assert told(deciders, comma.ids[1:]).endswith("left. Nobody, came")
    assert len(comma.questions) == len(some.questions)
    none = questions.example(part, (), wanted, asked_within(deciders, 0.0), Random(1))
    assert none.questions == ()


def test_what_the_product_would_not_ask_for_is_not_learnt(deciders: Deciders) -> None:
    """A right way far behind the others teaches nothing; the scores are those of the product."""
    part, wanted = of_words(*[Word(word) for word in ("So", "well", "then", "we", "left", "it")])
    tagger = deciders.tagger
    assert tagger is not None

    def asked(comma: float) -> dict[int, questions.Question]:
        biased = replace(tagger, info=replace(tagger.info, biases={"en": {"comma": comma}}))
        own = replace(asked_within(deciders, 2.0), tagger=biased)
        found = questions.example(part, (), wanted, own, Random(1))
        assert told(deciders, found.ids[1:]) == "So well then we left it"
        for one in found.questions:
            assert told(deciders, one.ways[one.right])[:1] == " "
            behind = max(one.scores) - one.scores[one.right]
            assert behind < 2.0 + second_opinion.REACH
        return {one.before: one for one in found.questions}

    by_bias = [asked(comma) for comma in (0.0, 5.0, 30.0)]
    assert by_bias[0].keys() != by_bias[1].keys()
    shared = by_bias[0].keys() & by_bias[1].keys()
    assert shared
    assert any(by_bias[0][gap].scores != by_bias[1][gap].scores for gap in shared)
    assert by_bias[2] == {}  # a comma everywhere, and nothing else comes near


def test_where_no_tagger_knows_the_language_every_gap_is_asked(deciders: Deciders) -> None:
    """With the whole weight, as a reader alone is; of many gaps some are drawn, in order."""
    part, wanted = of_words(*[Word(word) for word in ("vi", "ventede", "og", "gik", "hjem")] * 9,
                            language="da")  # fmt: skip
    found = questions.example(part, (), wanted, deciders, Random(1))
    assert len(found.questions) == questions.MOST
    assert {one.weight for one in found.questions} == {1.0}
    assert all(one.before < other.before for one, other in pairwise(found.questions))
    again = questions.example(part, (), wanted, deciders, Random(1))
    other = questions.example(part, (), wanted, deciders, Random(2))
    assert again == found != other


def test_text_that_a_model_cannot_spell_is_no_anchor(
    deciders: Deciders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vocabulary that lacks the bytes of one letter has anchors without it."""
    every = chat_examples.anchors(deciders.reader)
    own = deciders.reader.spell_text

    def without_polish(pieces: Sequence[bytes]) -> tuple[list[int], list[int]]:
        if any("ł".encode() in piece for piece in pieces):
            raise CannotSpell("The model's vocabulary has no token for byte 0xc5.")
        return own(pieces)

    monkeypatch.setattr(deciders.reader, "spell_text", without_polish)
    fewer = chat_examples.anchors(deciders.reader)
    texts = [told(deciders, ids) for ids in every]
    assert fewer == [ids for ids, text in zip(every, texts, strict=True) if "ł" not in text]
    assert 0 < len(fewer) < len(every)


def test_anchors_are_the_shipped_text_that_measures_nothing(deciders: Deciders) -> None:
    """All of it, as it is written."""
    texts = [told(deciders, ids[1:]) for ids in chat_examples.anchors(deciders.reader)]
    assert all(len(text.split()) <= chat_examples.ANCHOR_WORDS for text in texts)
    found = " ".join(" ".join(texts).split())
    marks = {"COMMA": ",", "PERIOD": ".", "QUESTION": "?"}
    assert found == " ".join(
        word.core + marks.get(word.label, "")
        for sample in trials.anchor_samples()
        for word in sample.words
    )
    assert "\n\n" in "".join(texts)


def test_an_anchor_counts_when_the_model_has_moved(
    options: chat_run.Options, deciders: Deciders
) -> None:
    """Token by token; what is filled up beside a longer one counts nothing."""
    network = deciders.model.network
    chat_run._adapt(network, options)

    def task(*anchors: tuple[int, ...]) -> ChatTask:
        examples: dict[str, list[questions.Example]] = {"train": [], "valid": []}
        return ChatTask(network, deciders.reader, examples, anchors, seed=1, rows=1, anchor_rows=3)

    anchors = (1, 5, 9, 7), (1, 6), (1, 8, 2, 4, 4, 3)
    together, *apart = [task(*anchors), *(task(one) for one in anchors)]
    untouched = together.begin()
    moved = {name: array + 0.05 for name, array in untouched.items()}
    assert together._anchored(untouched, 0).item() == pytest.approx(0.0, abs=1e-6)
    sums = [
        len(one) * cast("float", own._anchored(moved, 0).item())
        for one, own in zip(anchors, apart, strict=True)
    ]
    assert min(sums) > 1e-4
    assert together._anchored(moved, 0).item() == pytest.approx(
        sum(sums) / sum(map(len, anchors)), rel=1e-3
    )
