"""A chat model learns the user's text as answers to the product's own prompt."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from engine.errors import CannotSpell
from engine.guided import model as guided
from engine.guided.guide import Guide
from engine.models import catalog
from engine.records import Part
from engine.records import Word as SourceWord
from engine.text import parts
from engine.text.marks import letters
from engine.tuning import chat_examples, chat_run, decisions, loop, trials
from engine.tuning.store import Run
from engine.tuning.words import COMMA, NO_BREAK, PERIOD, Word
from tests.small_models import sentencepiece_like


@pytest.fixture
def options(base: Path) -> chat_run.Options:
    """Return options for a small model with random weights."""
    sentencepiece_like(base / "var" / "models" / "talker")
    return chat_run.Options(
        base="talker", home=os.fsdecode(base), upper=1, rank=2, rows=2, ways=1, examples=6,
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


def test_the_prompt_is_the_products_own_and_the_choices_are_the_guides(
    run: Run, options: chat_run.Options
) -> None:
    """The answer has the words of the recording with its marks; most of it leaves no choice."""
    info = catalog.describe("talker", base=Path(options.home), use_measured=False)
    loaded = guided.load(info)
    recordings = run.of_part("train")
    general = chat_run.presets()["general"]
    examples = chat_examples.examples(recordings, loaded, info, general, ways=1, seed=1)
    tokenizer = Tokenizer.from_file(os.path.join(info.path, "tokenizer.json"))
    said = "".join(said.word.core for recording in recordings for said in recording.said)
    for one in examples:
        assert one.ids[: len(loaded.template.before)] == loaded.template.before
        answer = tokenizer.decode(list(one.ids[one.prompt :]))
        assert letters(answer) in said
        assert answer.count(".") > 1
        for choice in one.decisions:
            assert 0 < len(choice.right) < len(choice.ids) == len(choice.bias)
            follows = one.ids[choice.place + 1 : choice.place + 2] or [loaded.template.end_id]
            assert follows[0] in {choice.ids[place] for place in choice.right}
            assert choice.place >= one.prompt - 1


def test_what_the_lattice_does_not_offer_is_no_choice(run: Run, options: chat_run.Options) -> None:
    """An em dash after a word is written as the source has it, and nothing is learnt of it."""
    info = catalog.describe("talker", base=Path(options.home), use_measured=False)
    loaded = guided.load(info)
    words = [Word("We"), Word("waited", "-"), Word("then"), Word("left", ".", PERIOD)]
    part = Part(0, tuple(SourceWord(text) for text in ("we", "waited", "then", "left")))
    wanted = [decisions.Wanted(word, NO_BREAK, asked=True) for word in words]
    found = decisions.example(
        part, (), wanted, info=info, template=loaded.template, vocabulary=loaded.vocabulary
    )
    dashed = {choice.place for choice in found.decisions}
    wanted[1] = decisions.Wanted(replace(words[1], mark=",", label=COMMA), NO_BREAK, asked=True)
    sure = decisions.example(
        part, (), wanted, info=info, template=loaded.template, vocabulary=loaded.vocabulary
    )
    assert len(dashed) < len(sure.decisions)
    tokenizer = Tokenizer.from_file(os.path.join(info.path, "tokenizer.json"))
    assert tokenizer.decode(list(sure.ids[sure.prompt :])).strip() == "We waited, then left."
    assert tokenizer.decode(list(found.ids[found.prompt :])).strip() == "We waited then left."


def test_text_that_a_model_cannot_spell_is_no_example(
    options: chat_run.Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vocabulary that lacks the bytes of one language has anchors in the others."""
    info = catalog.describe("talker", base=Path(options.home), use_measured=False)
    loaded = guided.load(info)
    every = {one.language for one in chat_examples.anchors(loaded, info)}

    def without_polish(part: Part, *own: Any, **others: Any) -> decisions.Example:
        if part.language == "pl":
            raise CannotSpell("The model's vocabulary has no token for byte 0xc5.")
        return decisions.example(part, *own, **others)

    monkeypatch.setattr(chat_examples, "example", without_polish)
    assert {one.language for one in chat_examples.anchors(loaded, info)} == every - {"pl"}
    assert "pl" in every


def test_a_model_that_takes_what_was_right_writes_the_text(
    run: Run, options: chat_run.Options
) -> None:
    """Whoever follows the choices of an example through the guide writes what was wanted."""
    info = catalog.describe("talker", base=Path(options.home), use_measured=False)
    loaded = guided.load(info)
    for recording in run.of_part("train"):
        words = [one.word for one in recording.said]
        texts = [word.core.lower() for word in words]
        after = [*(word.before for word in words[1:]), NO_BREAK]
        transcript = trials.transcript_of(texts, [False] * len(texts), "en")
        [part] = parts.split(transcript, replace(info, part_words=10_000), covered=True)
        wanted = [decisions.Wanted(w, a, asked=True) for w, a in zip(words, after, strict=True)]
        found = decisions.example(
            part, (), wanted, info=info, template=loaded.template, vocabulary=loaded.vocabulary
        )
        guide = Guide(part, (), info, loaded.vocabulary)
        state = guide.start
        for token in found.ids[found.prompt :]:
            assert guide.forced(state) or token in guide.allowed(state).ids
            state = guide.advance(state, token)
        written = [word.text for word in guide.enhanced(state)]
        assert written == [word.core + word.mark for word in words]
