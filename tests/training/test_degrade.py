"""Degraded text keeps every word, and cleaning drops what teaches the wrong thing."""

import random

import pytest

from engine.training.clean import documents
from engine.training.degrade import CASED, LOWER, LOWER_MARKED, RIGHT, WHISPER, degrade
from engine.training.words import SEPARATORS, Word

TEXT = (
    "Good morning, everyone. I'm here to talk about Apollo 11; it was, as Mr. Smith said, "
    '"a small step." Was it? Yes!\n\nThe next day we went home. It rained: three inches, no '
    "less. And then? Nobody knows, but we think that the rover, which was new, broke down.\n\n"
    "So we built another one, and this one works. Let me show you how it works today."
)
RECORD = {"id": "sample", "style": "speech-prepared", "text": TEXT, "speakers": None}


@pytest.fixture
def words() -> list[Word]:
    """A short clean document."""
    (found,) = documents(RECORD, random.Random(1))
    return found


def bare(text: str) -> str:
    """The word without marks, quotes and case."""
    return text.strip(",.?!:;\"'").lower()


@pytest.mark.parametrize("kind", [LOWER, CASED, WHISPER, RIGHT, LOWER_MARKED])
@pytest.mark.parametrize("seed", range(12))
def test_raw_and_answer_hold_the_same_words(words: list[Word], kind: str, seed: int) -> None:
    """Whatever is degraded, the two sides differ in marks and case only."""
    units = degrade(words, kind, random.Random(seed))
    assert [bare(u.raw) for u in units] == [bare(u.core + u.mark) for u in units]


@pytest.mark.parametrize("seed", range(12))
def test_the_original_words_are_all_there_in_order(words: list[Word], seed: int) -> None:
    """Fillers and stutters may be added; nothing is taken out."""
    answers = iter(bare(u.core) for u in degrade(words, WHISPER, random.Random(seed)))
    assert all(bare(word.core) in answers for word in words)


def test_lower_case_shows_no_marks_and_no_capitals(words: list[Word]) -> None:
    """The commonest degradation leaves nothing but words, and an abbreviation's stop."""
    for unit in degrade(words, LOWER, random.Random(3)):
        assert unit.raw == unit.raw.lower()
        assert not unit.raw.endswith((",", "?", "!", ";"))


def test_text_that_is_right_comes_back_unchanged(words: list[Word]) -> None:
    """Raw and answer are equal in the kind that teaches to leave things alone."""
    for unit in degrade(words, RIGHT, random.Random(5)):
        assert unit.raw == unit.core + unit.mark


def test_the_same_seed_gives_the_same_windows(words: list[Word]) -> None:
    """Every draw comes from the generator that is handed in."""
    first = degrade(words, WHISPER, random.Random(7))
    assert first == degrade(words, WHISPER, random.Random(7))


def test_cleaning_takes_page_heads_out_of_press_conferences() -> None:
    """Heads and labels go wherever they stand; a date that was said stays."""
    text = (
        "the maximum-employment Chair Powell\u2019s Press Conference FINAL and price goals that "
        "the September 22, 2021 fact bears on. Page 3 of 27 It was on March 15, 2020 that we met, "
        "and CHAIR POWELL. I said so to all who were there, as I do now, and I will do it again."
    )
    record = {"id": "q", "style": "speech-qa", "text": text, "speakers": ["A"]}
    (found,) = documents(record, random.Random(1))
    said = " ".join(word.core for word in found)
    assert said.startswith(
        "the maximum-employment and price goals that the fact bears on It was on"
    )
    assert "on March 15 2020 that we met and I said so" in said


def test_a_quoted_question_does_not_end_the_sentence_around_it() -> None:
    """'"Why?" said Ann' has a comma where the quotes are gone; a question before "He" stays one."""
    text = '"Why?" said Ann. "Is it late?" He nodded. "Go!" cried Ann. ' + TEXT.replace("\n\n", " ")
    (found,) = documents({**RECORD, "style": "prose", "text": text}, random.Random(1))
    marks = {word.core: SEPARATORS[word.separator] for word in found[:11]}
    assert (marks["Why"], marks["late"], marks["Go"]) == (",", "?", ",")
    (speech,) = documents({**RECORD, "text": text}, random.Random(1))
    assert SEPARATORS[speech[0].separator] == "?"


def test_cleaning_drops_headings_and_unpunctuated_turns() -> None:
    """A heading without a mark and a turn without its end teach the wrong thing."""
    text = "INTRODUCTION\n\n" + TEXT + "\n\nThe Second Part"
    (found,) = documents({**RECORD, "text": text}, random.Random(1))
    assert found[0].core == "Good"
    assert found[-1].core + SEPARATORS[found[-1].separator] == "today."
    turns = {"id": "m", "style": "speech-meeting", "text": TEXT + "\n\nand so we should probably",
             "speakers": ["A", "B", "C", "D"]}  # fmt: skip
    (meeting,) = documents(turns, random.Random(1))
    assert "probably" not in [word.core for word in meeting]
