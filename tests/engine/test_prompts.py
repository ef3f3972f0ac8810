"""What the model is shown."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from engine.errors import ModelRefused
from engine.guided import prompts
from engine.guided.model import Model
from engine.guided.vocabulary import Vocabulary
from engine.models import catalog
from engine.records import EnhancedWord, Layout, Part, Word
from tests import small_models


def text_of(vocabulary: Vocabulary, ids: list[int]) -> str:
    names = {token: f"[{text}]" for token, text in vocabulary._control_tokens.items()}
    pieces = (
        names[token].encode() if token in names else vocabulary.bytes_of[token] for token in ids
    )
    return b"".join(pieces).decode()


def build(model: Model, part: Part, tail: tuple[EnhancedWord, ...] = ()) -> str:
    ids = prompts.build(
        part, tail, info=model.info, template=model.template, vocabulary=model.vocabulary
    )
    return text_of(model.vocabulary, ids)


def test_the_model_sees_tail_part_and_lookahead_and_the_start_of_its_answer(
    random_model: Model,
) -> None:
    """The user's turn has the words around the part; the answer starts with what is enhanced."""
    part = Part(1, (Word("we"), Word("go")), after=(Word("on"), Word("and")))
    tail = (EnhancedWord(Word("so"), "So,"), EnhancedWord(Word("today"), "today"))
    shown = build(random_model, part, tail)
    assert "so today we go on and" in shown
    assert shown.endswith("So, today")
    assert "Do not answer it" in shown


def test_a_change_of_speaker_is_shown_as_a_paragraph(random_model: Model) -> None:
    """The words of two speakers do not run together."""
    part = Part(0, (Word("yes", speaker="A"), Word("no", speaker="B")))
    assert "yes\n\nno" in build(random_model, part)


def test_control_tokens_in_the_words_are_letters_in_the_prompt(random_model: Model) -> None:
    """A speaker who says the end token ends nothing."""
    for control in random_model.vocabulary._control_tokens.values():
        before = build(random_model, Part(0, (Word("a"),)))
        after = build(random_model, Part(0, (Word("a"), Word(control))))
        count = f"[{control}]"
        assert after.count(count) == before.count(count)
        assert f"a {control}" in after


def test_thinking_is_off(loaded_models: dict[str, Model]) -> None:
    """A template that can switch thinking off does so."""
    shown = build(loaded_models["qwen3"], Part(0, (Word("a"),)))
    assert "[<think>]\n\n[</think>]" in shown


def test_without_a_system_role_the_user_gives_the_instructions(
    loaded_models: dict[str, Model],
) -> None:
    """Gemma's template rejects a system turn: the user's turn begins with the instructions."""
    shown = build(loaded_models["sentencepiece"], Part(0, (Word("a"),)))
    assert "user\n" in shown
    assert "You restore punctuation" in shown
    assert "system" not in shown.split("You restore")[0]


def test_a_template_that_drops_the_transcript_is_refused(loaded_models: dict[str, Model]) -> None:
    """A template is accepted only if it holds the text whole and once."""
    vocabulary = loaded_models["qwen3"].vocabulary
    with pytest.raises(ModelRefused) as caught:
        prompts.chat_template(vocabulary, lambda messages: "nothing of it", 0)
    assert "instruction-tuned" in caught.value.hint


def test_a_model_of_our_own_template_is_shown_words_with_a_space_before_each(
    tmp_path: Path,
) -> None:
    """The template writes every word as inside a text."""
    info = catalog.describe(str(small_models.punct_like(tmp_path / "own")))
    assert info.layout == Layout(paragraph="\n\n ", opening=" ")
    assert not info.converses
    vocabulary = Vocabulary.load(Path(info.path))
    template = prompts.punct_template(vocabulary)
    part = Part(0, (Word("so", speaker="A"), Word("yes", speaker="B")), after=(Word("then"),))
    info = dataclasses.replace(info, lookahead_words=0)
    ids = prompts.build(part, (), info=info, template=template, vocabulary=vocabulary)
    assert text_of(vocabulary, ids) == "[<|user|>] so\n\n yes[<|assistant|>]"
