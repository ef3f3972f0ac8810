"""Text becomes words with the labels that a reader expects."""

from __future__ import annotations

import pytest

from engine.tuning.words import (
    ALL,
    COMMA,
    FIRST,
    LOWER,
    MASKED,
    NONE,
    PERIOD,
    QUESTION,
    case_of,
    parse,
    take_apart,
)


def labels(text: str) -> list[tuple[str, int]]:
    """The words of a text with their labels."""
    return [(word.core, word.label) for word in parse(text)]


def test_marks_become_labels() -> None:
    """A comma, a full stop, a question and an exclamation, and nothing."""
    assert labels("Yes, we know. Do you? Stop!") == [
        ("Yes", COMMA), ("we", NONE), ("know", PERIOD), ("Do", NONE), ("you", QUESTION),
        ("Stop", PERIOD),
    ]  # fmt: skip


def test_a_colon_and_a_dash_are_commas_and_a_semicolon_is_a_stop() -> None:
    """The groups of the benchmark."""
    found = labels("One thing: it works -- mostly; we saw it.")
    assert [label for _, label in found] == [
        NONE, COMMA, NONE, COMMA, PERIOD, NONE, NONE, PERIOD,
    ]  # fmt: skip


def test_an_ellipsis_ends_a_sentence_only_before_a_raised_word() -> None:
    """Podcasts write one where somebody goes on; "I" is raised anywhere and proves nothing."""
    assert [label for _, label in labels("we saw... it go... I think... Then it ended")] == [
        NONE, COMMA, NONE, COMMA, NONE, PERIOD, NONE, NONE, NONE,
    ]  # fmt: skip


def test_the_stop_of_an_abbreviation_is_not_asked() -> None:
    """It belongs to the word."""
    assert labels("Mr. Smith saw the U.S. senate etc. on monday.") == [
        ("Mr", MASKED), ("Smith", NONE), ("saw", NONE), ("the", NONE), ("U.S.", MASKED),
        ("senate", NONE), ("etc", MASKED), ("on", NONE), ("monday", PERIOD),
    ]  # fmt: skip


def test_french_marks_stand_apart_and_belong_to_the_word_before() -> None:
    """A space before them changes nothing."""
    assert labels("Vraiment ? \u00ab Oui ! \u00bb Il dit.") == [
        ("Vraiment", QUESTION), ("Oui", PERIOD), ("Il", NONE), ("dit", PERIOD),
    ]  # fmt: skip


def test_spanish_opening_marks_are_kept_apart_from_the_word() -> None:
    """They are shown where the source has them and asked nowhere."""
    word, *_ = parse("\u00bfQu\u00e9 hora es?")
    assert (word.core, word.opening, word.label) == ("Qu\u00e9", "\u00bf", NONE)


def test_a_turn_that_breaks_off_ends_its_sentence() -> None:
    """A dash at its end is an interruption."""
    assert labels("but I never --")[-1] == ("never", PERIOD)


@pytest.mark.parametrize(
    ("token", "core", "mark"),
    [
        ("\u201cHello,\u201d", "Hello", ","),
        ("(yes)", "yes", ""),
        ("'tis", "'tis", ""),
        ("dogs'", "dogs'", ""),
        ("$5,000.", "$5,000", "."),
        ("what?!", "what", "?"),
        ("\u00bbJa!\u00ab", "Ja", "!"),
        ("well...", "well", "..."),
    ],
)
def test_a_token_is_taken_apart(token: str, core: str, mark: str) -> None:
    """Quotes and brackets go, the strongest mark stays."""
    word = take_apart(token)
    assert word is not None
    assert (word.core, word.mark) == (core, mark)


def test_a_token_without_letters_is_no_word() -> None:
    """A dash or a guillemet alone."""
    assert take_apart("\u2014") is None
    assert take_apart("\u00ab") is None


@pytest.mark.parametrize(
    ("core", "case"),
    [("the", LOWER), ("The", FIRST), ("I", FIRST), ("NASA", ALL), ("McDonald", FIRST),
     ("iPhone", LOWER), ("1986", LOWER), ("'Tis", FIRST)],
)  # fmt: skip
def test_the_case_of_a_word(core: str, case: int) -> None:
    """A single raised letter is the first; all needs two."""
    assert case_of(core) == case
