"""What may be written for a word, and between two words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.readings import (
    content,
    is_mark,
    is_marked,
    is_shouting,
    joins,
    readings,
    take_apart,
)


def trails(text: str, *, last: bool = True, turn_ends: bool = False) -> list[str]:
    found = joins(
        text, glued=False, turn_ends=turn_ends, last=last, paragraph="\n\n", separators=()
    )
    return [join.trail for join in found]


@pytest.mark.parametrize(
    ("text", "apart"),
    [
        ("Hello,", ("", "Hello", ",")),
        ('"Hello,"', ('"', "Hello", ',"')),
        ("U.S.", ("", "U.S.", "")),
        ("U.S.,", ("", "U.S.", ",")),
        ("Mr.", ("", "Mr.", "")),
        ("dogs'", ("", "dogs'", "")),
        ("'hello'", ("'", "hello", "'")),
        ("(yes).", ("(", "yes", ").")),
        ("3.5", ("", "3.5", "")),
        ("l'esquelet", ("", "l'esquelet", "")),
        ("what?!", ("", "what", "?!")),
        ("well--", ("", "well", "--")),
        ("I-", ("", "I-", "")),
        ("...", ("", "...", "")),
        ("—", ("", "—", "")),
        ("😀", ("", "😀", "")),
        ("世", ("", "世", "")),
        ("¿Qué", ("¿", "Qué", "")),
    ],
)
def test_a_written_word_comes_apart_into_opening_core_and_marks(
    text: str, apart: tuple[str, str, str]
) -> None:
    """The core keeps what belongs to the word, a full stop of an abbreviation included."""
    written = take_apart(text)
    assert (written.lead, written.core, written.trail) == apart


@given(st.text(min_size=1).filter(lambda text: not any(char.isspace() for char in text)))
def test_taking_apart_loses_no_character(text: str) -> None:
    """Whatever a word contains, its three pieces joined are the word."""
    written = take_apart(text)
    assert written.lead + written.core + written.trail == text
    assert written.core


@given(st.text(min_size=1).filter(lambda text: not any(char.isspace() for char in text)))
def test_every_reading_and_join_keeps_the_content(text: str) -> None:
    """Case and marks are all that a choice can change."""
    for reading in readings(text):
        for trail in trails(text):
            assert content(reading + trail) == content(text)


@given(st.text(min_size=1).filter(lambda text: not any(char.isspace() for char in text)))
def test_the_sources_own_reading_comes_first(text: str) -> None:
    """A tie goes to what Whisper wrote, so it must be the first option everywhere."""
    assert readings(text)[0] + trails(text)[0] == text


def test_case_is_as_it_stands_lower_or_raised() -> None:
    """A plain word has at most these readings."""
    assert readings("hello") == ("hello", "Hello")
    assert readings("Hello,") == ("Hello", "hello")
    assert readings('"hello') == ('"hello', '"Hello')


def test_a_word_with_capitals_inside_stands_as_it_is() -> None:
    """An acronym is not lowered by a model that does not know it, unless all is in capitals."""
    assert readings("NASA") == ("NASA",)
    assert readings("iPhone") == ("iPhone",)
    assert readings("NASA", shouting=True) == ("NASA", "nasa", "Nasa")


def test_initials_are_raised_all_or_none() -> None:
    """There is no "U.s.", and "p.m." is in lower case wherever it stands."""
    assert readings("u.s.") == ("u.s.", "U.S.")
    assert readings("u.s.,") == ("u.s.", "U.S.")
    assert readings("p.m.") == ("p.m.",)
    assert readings("P.m.") == ("P.m.", "p.m.")
    assert readings("U.S.") == ("U.S.",)


def test_the_english_pronoun_keeps_its_capital() -> None:
    """ "I" and "I'm" are never lowered; "i" may be raised."""
    assert readings("I") == ("I",)
    assert readings("I'm,") == ("I'm",)
    assert readings("i") == ("i", "I")


def test_a_letter_whose_capital_is_longer_is_not_raised() -> None:
    """A sharp s would become two letters, which every comparison takes for another word."""
    assert readings("ßtest") == ("ßtest",)


def test_marks_go_inside_closing_quotes_and_outside_brackets() -> None:
    """A new mark stands where a typesetter would put it."""
    assert '."' in trails('end"')
    assert ")." in trails("end)")


def test_an_abbreviation_gets_no_second_full_stop() -> None:
    """After "U.S." a sentence may end, but two stops are never written."""
    assert "." not in trails("U.S.")
    assert any(
        join.paragraph
        for join in joins(
            "U.S.", glued=False, turn_ends=False, last=False, paragraph="\n\n", separators=()
        )
    )


@pytest.mark.parametrize(
    ("word", "mark"), [("είναι", ";"), ("مرحبا", "؟"), ("नमस्ते", "।"), ("天", "。"), ("で", "、")]
)
def test_each_script_has_its_own_separators(word: str, mark: str) -> None:
    """Marks are those of the word's script."""
    assert mark in trails(word, last=False)


def test_a_paragraph_may_end_only_where_a_sentence_ends() -> None:
    """No paragraph breaks after a comma."""
    for join in joins(
        "so", glued=False, turn_ends=False, last=False, paragraph="\n\n", separators=()
    ):
        assert join.paragraph is False or join.trail in {".", "?", "!"}


def test_a_change_of_speaker_always_ends_the_paragraph() -> None:
    """Before another speaker there is no join without a break."""
    found = joins("so", glued=False, turn_ends=True, last=False, paragraph="\n\n", separators=())
    assert found
    assert all(join.paragraph for join in found)


def test_a_turn_and_a_transcript_do_not_end_with_a_comma_of_ours() -> None:
    """What the source wrote there stays possible; the model may add only what ends a sentence."""
    assert set(trails("so")) == {"", ".", "?", "!"}
    assert set(trails("so", last=False, turn_ends=True)) == {"", ".", "?", "!"}
    assert set(trails("so,")) == {",", "", ".", "?", "!"}
    assert "," in trails("so", last=False)
    assert ";" in trails("είναι")


def test_where_it_is_settled_only_the_sources_own_stands() -> None:
    """The source's own mark may still end the paragraph."""
    found = joins(
        "so.",
        glued=True,
        turn_ends=False,
        last=False,
        paragraph="\n\n",
        separators=(",", "."),
        settled=True,
    )
    assert [(join.trail, join.gap) for join in found] == [(".", ""), (".", "\n\n")]


def test_a_word_of_marks_alone_is_a_mark() -> None:
    """It is written apart, as in "was it not ?"."""
    assert all(map(is_mark, ("?", "...", "?!", "\u2014", "--", '."')))
    assert not any(map(is_mark, ("%", "$", "&", "a.", "\u266a")))


def test_initials_and_what_is_cut_short_do_not_make_a_text_marked() -> None:
    """A text without other stops is not punctuated."""
    bare = "we met dr. j. w. smith on jan. 5 with a ph.d. in his bag and then we left again"
    assert not is_marked(bare.split())
    assert is_marked([*bare.split(), "tomorrow."])
    assert is_marked(["is", "it", "so?", "no.", "we", "saw", "it", "in", "the", "sun."])


def test_shouting_is_seen_in_whole_texts_only() -> None:
    """One acronym is not a text in capitals."""
    assert is_shouting(["THIS", "IS", "ALL", "WRITTEN", "IN", "CAPITALS"])
    assert not is_shouting(["NASA", "said", "that", "the", "launch", "is", "late"])
