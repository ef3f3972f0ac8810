"""Passages hold every word once, end where somebody pauses, and come back as they were stored."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ask import passages, stored
from engine.ask.passages import LEAST_S, MOST_S, Passage
from engine.records import Document, EnhancedWord, Word

TEXTS = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=8)
WORDS = st.lists(
    st.tuples(TEXTS, st.sampled_from([0.3, 0.5, 4.0, 70.0]), st.booleans(), st.booleans()),
    max_size=120,
)


def document(
    words: list[tuple[str, float, bool, bool]], *, timed: bool, speakers: bool = False
) -> Document:
    """Return a document of words with their length, their glue and whether a paragraph ends."""
    paragraphs: list[tuple[EnhancedWord, ...]] = []
    held: list[EnhancedWord] = []
    at = 0.0
    for text, length_s, glued, ends in words:
        start_s, end_s = (at, at + length_s) if timed else (None, None)
        label = f"S{len(paragraphs) % 3}" if speakers else None
        held.append(EnhancedWord(Word(text, start_s, end_s, label, glued=glued), text))
        at += length_s
        if ends:
            paragraphs.append(tuple(held))
            held = []
    if held:
        paragraphs.append(tuple(held))
    return Document(tuple(paragraphs), "en", at, speakers, "word" if timed else "none")


@given(WORDS, st.booleans(), st.booleans())
def test_every_word_is_in_one_passage(
    words: list[tuple[str, float, bool, bool]], timed: bool, speakers: bool
) -> None:
    """Nothing is lost, doubled or put in another order, and positions count from 0."""
    found = list(passages.of_document(document(words, timed=timed, speakers=speakers), {}))
    assert [word.text for passage in found for word in passage.words] == [w[0] for w in words]
    assert [passage.position for passage in found] == list(range(len(found)))
    assert all(passage.words for passage in found)


@given(WORDS, st.booleans())
def test_a_passage_comes_back_as_it_was_stored(
    words: list[tuple[str, float, bool, bool]], timed: bool
) -> None:
    """Words, glue, speakers and paragraphs are the same; times to a tenth of a second."""
    for passage in passages.of_document(document(words, timed=timed, speakers=True), {"S1": "Ada"}):
        again = stored.load(
            stored.dump(passage),
            position=passage.position,
            start_s=passage.start_s,
            end_s=passage.end_s,
        )
        assert again.text == passage.text
        assert again.speakers == passage.speakers
        assert [t.paragraph for t in again.turns] == [t.paragraph for t in passage.turns]
        for one, other in zip(passage.words, again.words, strict=True):
            assert (one.text, one.glued) == (other.text, other.glued)
            assert other.start_s == (
                None if one.start_s is None else pytest.approx(one.start_s, abs=0.051)
            )


@given(st.binary(max_size=60))
def test_bytes_that_are_no_passage_are_refused(data: bytes) -> None:
    """A damaged library raises one error, whatever its bytes are."""
    with pytest.raises(ValueError, match="no passage"):
        stored.load(data, position=0, start_s=None, end_s=None)


def lengths(found: list[Passage]) -> list[float]:
    return [(p.end_s or 0.0) - (p.start_s or 0.0) for p in found]


def test_passages_end_with_paragraphs_after_a_minute() -> None:
    """A paragraph of ten seconds is never cut, and none goes beyond two minutes."""
    words = [("word", 0.5, False, n % 20 == 19) for n in range(1_000)]
    found = list(passages.of_document(document(words, timed=True), {}))
    assert all(LEAST_S <= length <= LEAST_S + 10 for length in lengths(found[:-1]))
    for before, after in pairwise(found):
        assert before.turns[-1].paragraph + 1 == after.turns[0].paragraph


@pytest.mark.parametrize("timed", [True, False])
def test_a_long_paragraph_is_cut_at_its_sentence_ends(timed: bool) -> None:
    """A speaker of an hour may give no paragraph at all; words without times count as spoken."""
    words = [("end." if n % 25 == 24 else "word", 0.4, False, False) for n in range(2_000)]
    found = list(passages.of_document(document(words, timed=timed), {}))
    assert len(found) >= 6
    assert all(passage.words[-1].text == "end." for passage in found)
    if timed:
        assert max(lengths(found)) <= MOST_S + 0.01


def test_an_enhanced_text_gives_its_speakers_back() -> None:
    """A text without its parts is read as it was written: a name stands before each paragraph."""
    text = "Ada: we deliver in May.\n\nBob: note: I doubt it.\n\nAda: why?\n"
    (passage,) = passages.of_text(text, {"Ada", "Bob"})
    assert [(turn.speaker, turn.text) for turn in passage.turns] == [
        ("Ada", "we deliver in May."),
        ("Bob", "note: I doubt it."),
        ("Ada", "why?"),
    ]
