"""Text is taken apart into answer, thoughts and calls, however it is cut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.calls import may_be_bare
from engine.chat.records import BackendFacts
from engine.chat.stream import Piece, Split, StreamProcessor, split
from engine.chat.thinking import extract
from tests.engine.chat.scripted import FACTS

INSIDE = replace(FACTS, begins_thinking=True)
MARKS = ("<think>", "</think>", "<tool_call>", "</tool_call>")
WORDS = (*MARKS, "<", "</", "think", ">", "{", '{"name": 1', "[f(", "a", " ", "\n", "tool_")
#: Texts that are made of marks, halves of marks and what stands between.
texts = st.lists(st.sampled_from(WORDS), max_size=12).map("".join)
all_facts = st.sampled_from([FACTS, INSIDE, replace(FACTS, thinking=None)])


def streamed(text: str, cuts: list[int], facts: BackendFacts) -> tuple[Split, list[Piece]]:
    """Return the text taken apart in pieces that end at these places."""
    processor = StreamProcessor(facts, calls=True, may_be_call=may_be_bare)
    pieces: list[Piece] = []
    start = 0
    for end in sorted({min(cut, len(text)) for cut in cuts}):
        pieces += processor.feed(text[start:end])
        start = end
    pieces += processor.feed(text[start:])
    return processor.split, [*pieces, *processor.finish()]


@given(texts, st.lists(st.integers(0, 60), max_size=30), all_facts)
def test_the_cuts_change_nothing(text: str, cuts: list[int], facts: BackendFacts) -> None:
    """A text in pieces gives the same as the whole."""
    whole = split(text, facts, calls=True, may_be_call=may_be_bare)
    processor = StreamProcessor(facts, calls=True, may_be_call=may_be_bare)
    start = 0
    for end in [*sorted({min(cut, len(text)) for cut in cuts}), len(text)]:
        processor.feed(text[start:end])
        start = end
    processor.finish()
    assert processor.split == whole


@given(texts, st.lists(st.integers(0, 60), max_size=30), all_facts)
def test_the_pieces_add_up_to_what_is_kept(text: str, cuts: list[int], facts: BackendFacts) -> None:
    """Whoever shows the pieces has shown the answer, and the calls are those of the pieces."""
    _, pieces = streamed(text, cuts, facts)
    whole = split(text, facts, calls=True, may_be_call=may_be_bare)
    last = max((n for n, piece in enumerate(pieces) if piece.kind == "was_thinking"), default=-1)
    shown = pieces[last + 1 :]
    assert "".join(p.text for p in shown if p.kind == "answer").strip() == whole.answer
    assert tuple(p for p in shown if p.kind == "call") == whole.calls


@given(texts, all_facts)
def test_the_extractor_and_the_stream_agree(text: str, facts: BackendFacts) -> None:
    """Two ways to read thoughts, one result; without calls, their marks are text."""
    found = split(text, facts)
    extracted = extract(text, facts.thinking, begins_thinking=facts.begins_thinking)
    assert (found.answer, found.thinking) == (extracted.answer, extracted.thinking)
    assert found.calls == ()


@pytest.mark.parametrize(
    ("text", "answer", "thinking"),
    [
        ("<think>\nhm\n</think>\n\nYes.", "Yes.", "hm"),
        ("hm</think>Yes.", "Yes.", "hm"),
        ("<think>and so on", "", "and so on"),
        ("Well <think>a</think>then<think>b</think>.", "Well then.", "a\n\nb"),
        ("<think>a</think>The mark </think> ends it.", "The mark </think> ends it.", "a"),
        ("<thinking>a</think>Yes.", "Yes.", "<thinking>a"),
        ("a < b", "a < b", ""),
    ],
)
def test_thoughts_are_kept_apart(text: str, answer: str, thinking: str) -> None:
    """Pairs, a lone closer, a thought without an end, and marks that are text."""
    assert extract(text, FACTS.thinking).answer == answer
    assert extract(text, FACTS.thinking).thinking == thinking
    assert split(text, FACTS) == Split(answer, thinking, ())


def test_a_text_may_start_inside_a_thought() -> None:
    """The prompt opened it; an opener that the model repeats is not part of the thought."""
    assert split("hm</think>Yes.", INSIDE) == Split("Yes.", "hm", ())
    assert split("\n<think>hm</think>Yes.", INSIDE) == Split("Yes.", "hm", ())
    assert split("hm", INSIDE) == Split("", "hm", ())


def test_a_lone_closer_takes_back_what_was_shown() -> None:
    """The answer came as answer before anything showed that it was a thought."""
    processor = StreamProcessor(FACTS)
    assert processor.feed("Let me see.") == [Piece("answer", "Let me see.")]
    pieces = processor.feed("</think>Yes.")
    assert pieces == [Piece("was_thinking"), Piece("answer", "Yes.")]


def test_half_a_mark_waits_and_is_handed_on_at_the_end() -> None:
    """Nothing is lost of a text that ends with the beginning of a mark."""
    processor = StreamProcessor(FACTS)
    assert processor.feed("a <thi") == [Piece("answer", "a ")]
    assert processor.finish() == [Piece("answer", "<thi")]


def test_a_call_comes_whole() -> None:
    """Its text is of use only when it is complete; the mark of its end may be missing."""
    processor = StreamProcessor(FACTS, calls=True)
    assert processor.feed("I look. <tool_call>{") == [Piece("answer", "I look. ")]
    assert processor.feed("}</tool_call>") == [Piece("call", "{}")]
    processor.feed("<tool_call>{")
    assert processor.finish() == [Piece("call", "{", closed=False)]


def test_a_call_in_a_thought_is_none() -> None:
    """The model only thinks of it."""
    text = "<think>maybe <tool_call>{}</tool_call></think>No."
    assert split(text, FACTS, calls=True) == Split("No.", "maybe <tool_call>{}</tool_call>", ())


def test_a_mark_without_an_end_opens_a_call_to_the_end() -> None:
    """Llama 3 ends its calls with a token that is no text."""
    facts = replace(FACTS, call_marks=("<|python_tag|>", ""))
    found = split('<|python_tag|>{"name": "f"}', facts, calls=True)
    assert found.calls == (Piece("call", '{"name": "f"}'),)


def test_an_answer_that_may_be_a_call_without_marks_waits() -> None:
    """Others are shown as they come, in braces or not."""
    processor = StreamProcessor(FACTS, calls=True, may_be_call=may_be_bare)
    assert processor.feed('{"na') == []
    assert processor.feed('me": "f", "parameters": {}}') == []
    assert [piece.kind for piece in processor.finish()] == ["call"]
    processor = StreamProcessor(FACTS, calls=True, may_be_call=may_be_bare)
    assert processor.feed('{"colour": ') == [Piece("answer", '{"colour": ')]
