"""Where a transcript is cut."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from engine.records import ModelInfo, Segment, Transcript, Word
from engine.text.parts import split

INFO = ModelInfo(
    name="test",
    path="",
    revision=None,
    quantization=None,
    tasks=(),
    languages=(),
    template="chat",
    part_words=10,
    tail_words=3,
    lookahead_words=4,
)


def said(words: list[Word]) -> Transcript:
    return Transcript("test", (Segment(tuple(words)),))


@given(st.integers(0, 100), st.integers(1, 30), st.integers(0, 5), st.integers(0, 5))
def test_the_parts_are_the_transcript(count: int, size: int, tail: int, lookahead: int) -> None:
    """Joined, the parts are the words; each shows its neighbours and none is too large."""
    words = [Word(f"w{n}") for n in range(count)]
    info = dataclasses.replace(INFO, part_words=size, tail_words=tail, lookahead_words=lookahead)
    parts = split(said(words), info, covered=True)
    assert [word for part in parts for word in part.words] == words
    at = 0
    for n, part in enumerate(parts):
        assert part.index == n
        assert 0 < len(part.words) <= size
        at += len(part.words)
        assert list(part.after) == words[at : at + max(1, lookahead)]


def test_a_part_ends_at_the_longest_pause_in_its_last_third() -> None:
    """Speech with a pause after the eighth word is cut there, not inside a phrase."""
    words = [Word(f"w{n}", n * 1.0, n * 1.0 + 0.9) for n in range(8)]
    words += [Word(f"w{n}", n * 1.0 + 5, n * 1.0 + 5.9) for n in range(8, 20)]
    assert len(split(said(words), INFO, covered=True)[0].words) == 8


def test_a_change_of_speaker_is_the_best_place() -> None:
    """A turn that ends near the size of a part ends the part."""
    words = [Word(f"w{n}", speaker="A") for n in range(9)]
    words += [Word(f"w{n}", speaker="B") for n in range(11)]
    assert len(split(said(words), INFO, covered=True)[0].words) == 9


def test_without_times_a_sentence_end_is_preferred() -> None:
    """The source's own full stop is a place to cut."""
    words = [Word(f"w{n}." if n == 7 else f"w{n}") for n in range(20)]
    assert len(split(said(words), INFO, covered=True)[0].words) == 8


def test_endless_words_make_smaller_parts() -> None:
    """A hundred words of a thousand letters each would not fit any model."""
    words = [Word("x" * 1_000) for _ in range(20)]
    parts = split(said(words), INFO, covered=True)
    assert [word for part in parts for word in part.words] == words
    assert all(len(part.words) == 1 for part in parts)
