"""Guided decoding with models that know nothing: every word stays, drafted or not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from engine.guided.decode import TIE_BAND, decide, decode
from engine.guided.guide import Allowed
from engine.guided.model import Model
from engine.records import EnhancedWord, Part, Segment, Transcript, Word
from engine.text import parts

TEXTS = {
    "latin": 'so the thing is, we don\'t know "what" happens in the U.S. on 3.5 days (maybe) then',
    "cyrillic": "так вот мы не знаем что произойдёт завтра когда придёт дождь и ветер",
    "arabic": "مرحبا بكم في هذا البرنامج اليوم نتحدث عن الطقس",
    "hebrew": "שלום לכולם ברוכים הבאים לתוכנית של היום",
    "devanagari": "नमस्ते आप सब कैसे हैं आज हम बात करेंगे",
    "chinese": "大家好今天我们来谈谈天气",
    "japanese": "皆さんこんにちは今日は天気がいいですね",
    "emoji": "that's great 😀 👩‍👩‍👧 thanks e\u0301te\u0301 👍🏽 bye",
    "control tokens": "say <|eot_id|> or </think> <end_of_turn> <0x41> ▁x \u2581 end",
}


def transcript(text: str) -> Transcript:
    words: list[Word] = []
    for token in text.split():
        if any("\u3040" <= char <= "\u9fff" for char in token):
            words += [Word(char, glued=n > 0) for n, char in enumerate(token)]
        else:
            words.append(Word(token))
    return Transcript("test", (Segment(tuple(words)),))


def enhance(
    model: Model, source: Transcript, draft_tokens: int
) -> tuple[list[EnhancedWord], int, int]:
    """Return the words, the passes, and the decisions that were ties."""
    out: list[EnhancedWord] = []
    passes = ties = 0
    for part in parts.split(source, model.info, covered=True):
        done = decode(model, part, out, draft_tokens=draft_tokens)
        out += done.words
        passes += done.passes
        ties += done.ties
    return out, passes, ties


@pytest.mark.parametrize("script", TEXTS)
def test_a_model_that_knows_nothing_keeps_every_word(random_model: Model, script: str) -> None:
    """In every script, with every tokenizer, the words come out in order, none added or missing."""
    source = transcript(TEXTS[script])
    out, _, _ = enhance(random_model, source, 16)
    assert [word.word for word in out] == list(source.words)


@pytest.mark.parametrize("draft_tokens", [1, 3, 16, 64])
def test_drafting_writes_what_step_by_step_writes(random_model: Model, draft_tokens: int) -> None:
    """A draft saves passes and changes nothing; sums in another order may part a tie."""
    source = transcript(TEXTS["latin"] + " " + TEXTS["cyrillic"])
    steps, step_passes, ties = enhance(random_model, source, 0)
    drafted, drafted_passes, _ = enhance(random_model, source, draft_tokens)
    assert drafted == steps or ties
    assert drafted_passes < step_passes


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "so",
                    "The",
                    "thing,",
                    "U.S.",
                    "don't",
                    "(maybe)",
                    "know?",
                    "слово",
                    "天",
                    "été",
                    '"yes,"',
                ]
            ),
            st.sampled_from([None, "A"]),
        ),
        min_size=1,
        max_size=14,
    ),
    st.integers(1, 40),
    st.integers(0, 3),
)
def test_every_draft_length_writes_the_same_for_every_kind_of_cache(
    random_model: Model, said: list[tuple[str, str | None]], draft_tokens: int, lookahead: int
) -> None:
    """They agree token for token, except where the best two readings tie; ties are counted."""
    words = tuple(Word(text, speaker=speaker) for text, speaker in said)
    part = Part(0, words, after=(Word("then"),) * lookahead)
    steps = decode(random_model, part, (), draft_tokens=0)
    drafted = decode(random_model, part, (), draft_tokens=draft_tokens)
    adaptive = decode(random_model, part, ())
    note(f"decisions in the tie band: {steps.ties}")
    if not steps.ties:
        assert drafted.words == adaptive.words == steps.words
        assert drafted.tokens == steps.tokens
        assert drafted.passes <= steps.passes


def test_a_word_is_the_same_for_every_part_size(random_model: Model) -> None:
    """Other cuts may change choices, but never words."""
    source = transcript(TEXTS["latin"])
    whole = dataclasses.replace(random_model.info, part_words=100)
    small = random_model.info
    try:
        random_model.info = whole
        out, _, _ = enhance(random_model, source, 8)
    finally:
        random_model.info = small
    assert [word.word for word in out] == list(source.words)


def test_a_tie_goes_to_the_source() -> None:
    """Within the band the source's own reading wins, outside it the best one."""
    allowed = Allowed(ids=(11, 12), bias=(0.0, 0.0), own=1)
    near = np.array([1.0 + TIE_BAND / 2, 1.0], dtype=np.float32)
    far = np.array([1.0 + TIE_BAND * 2, 1.0], dtype=np.float32)
    assert decide(near, allowed) == (12, True)
    assert decide(far, allowed) == (11, False)
    assert decide(near[::-1].copy(), allowed) == (12, False)


def test_bias_moves_a_decision() -> None:
    """The bias is added to the logits before the best one is taken."""
    allowed = Allowed(ids=(11, 12), bias=(0.0, 0.7), own=0)
    scores = np.array([1.0, 0.5], dtype=np.float32)
    assert decide(scores, allowed) == (12, False)
