"""Paragraphs beside those of the model."""

from __future__ import annotations

import pytest

from engine.records import EnhancedPart, EnhancedWord, PartStatus, Word
from engine.text.paragraphs import LONG_CHARS, settle


def part(words: list[EnhancedWord], status: PartStatus = "enhanced") -> EnhancedPart:
    return EnhancedPart(0, status, tuple(words))


def test_a_change_of_speaker_opens_a_paragraph() -> None:
    """Each paragraph is of one speaker."""
    words = [EnhancedWord(Word(t, speaker=s), t) for t, s in (("a", "A"), ("b", "A"), ("c", "B"))]
    assert [len(paragraph) for paragraph in settle([part(words)])] == [2, 1]


def test_the_models_own_breaks_are_kept() -> None:
    """A break that the model decided stays."""
    words = [EnhancedWord(Word("a"), "a.", paragraph=True), EnhancedWord(Word("b"), "b.")]
    assert [len(paragraph) for paragraph in settle([part(words)])] == [1, 1]


def test_a_long_paragraph_is_divided_at_sentence_ends_only() -> None:
    """No page is without a break, and no sentence is divided."""
    words = []
    for n in range(600):
        text = f"word{n}." if n % 9 == 8 else f"word{n}"
        words.append(EnhancedWord(Word(text), text))
    paragraphs = settle([part(words)])
    assert [word.word for p in paragraphs for word in p] == [word.word for word in words]
    assert len(paragraphs) > 4
    for paragraph in paragraphs:
        assert paragraph[-1].text.endswith(".") or paragraph is paragraphs[-1]
        assert sum(len(word.text) + 1 for word in paragraph) <= LONG_CHARS + 10


def test_a_paragraph_does_not_end_after_an_abbreviation() -> None:
    """The U.S. government, Mr. Burchett and J. Edgar Hoover stay with their first words."""
    said = "and then the U.S. government asked Mr. Burchett of J. Edgar Hoover about it all "
    words = [EnhancedWord(Word(w), w) for w in (said * 16).split()]
    assert len(settle([part(words)])) == 1


def test_decided_text_without_marks_is_not_divided_for_its_length() -> None:
    """Without a sentence end there is no good place."""
    words = [EnhancedWord(Word("word"), "word") for _ in range(600)]
    assert len(settle([part(words)])) == 1


def test_undecided_text_without_marks_is_divided() -> None:
    """An hour of lower-case German is divided at pauses, never inside a word."""
    words, at = [], 0.0
    for n in range(1_000):
        at += 0.9 if n % 60 == 0 else 0.35
        word = Word("wort", at, at + 0.3, glued=n % 5 == 4)
        words.append(EnhancedWord(word, "wort"))
    paragraphs = settle([part(words, "uncovered")])
    assert [word.word for p in paragraphs for word in p] == [word.word for word in words]
    assert max(sum(len(word.text) + 1 for word in p) for p in paragraphs) <= 1_250
    assert not any(p[0].word.glued for p in paragraphs)
    assert all(words.index(p[0]) % 60 == 0 for p in paragraphs[1:])


def spoken(rest_s: float, before: int) -> list[EnhancedWord]:
    """Return 120 words with a sentence end after every tenth and a silence before one of them."""
    words = []
    at = 0.0
    for n in range(120):
        text = f"wort{n}." if n % 10 == 9 else f"wort{n}"
        at += rest_s if n == before else 0.3
        words.append(EnhancedWord(Word(text, at, at + 0.2), text))
    return words


@pytest.mark.parametrize("status", ["enhanced", "uncovered"])
@pytest.mark.parametrize(
    ("rest_s", "before", "expected"),
    [(3.0, 60, [60, 60]), (1.9, 60, [120]), (3.0, 10, [120])],
    ids=["silence", "breath", "after few words"],
)
def test_a_sentence_before_a_silence_ends_a_paragraph(
    status: PartStatus, rest_s: float, before: int, expected: list[int]
) -> None:
    """The model hears no silence, so this holds for decided text too; short paragraphs continue."""
    assert [len(p) for p in settle([part(spoken(rest_s, before), status)])] == expected


def test_only_undecided_text_is_divided_inside_a_sentence() -> None:
    """Text that the model decided continues where no sentence ends."""
    words = spoken(5.0, 65)
    assert [len(p) for p in settle([part(words, "uncovered")])] == [65, 55]
    assert [len(p) for p in settle([part(words, "enhanced")])] == [120]


def test_a_silence_of_a_minute_ends_a_paragraph_however_short() -> None:
    """Also inside what the model took for one sentence."""
    words = tuple(
        EnhancedWord(Word(text, at, at + 0.5), text)
        for text, at in (("Tea,", 0.0), ("please.", 0.6), ("And", 200.0), ("milk.", 200.6))
    )
    found = settle([EnhancedPart(0, "enhanced", words)])
    assert [[word.text for word in p] for p in found] == [["Tea,", "please."], ["And", "milk."]]
