"""What is wrong with a sentence of which every word was said."""

from __future__ import annotations

import pytest

from engine.claims.knowledge import Knowledge, knowledge
from engine.written.shape import adds, is_subject, misshapen, stands_alone


def known(language: str = "en") -> Knowledge:
    found = knowledge(language)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "language", "alone", "wrong"),
    [
        ("The plumber looked at the sink.", "en", True, False),
        ("He looked at the sink and the pipe.", "en", True, True),
        ("He looked at the sink and the pipe.", "en", False, False),
        ("It has dripped into the wall for years.", "en", True, True),
        ("It is cold in the school.", "en", True, False),
        ("The plumber looked at the.", "en", False, True),
        ("The pipe behind the sink and the pipe behind the sink drip.", "en", False, True),
        ("That is it.", "en", False, True),
        ("In 1986 it had 12.", "en", False, False),
        ("Er kauft die Mühle und den Garten.", "de", True, True),
        ("Die Schule kauft die Mühle und.", "de", True, True),
        ("Die Schule kauft die Mühle.", "de", True, False),
        ("Elle vend le moulin de l'école.", "fr", True, True),
    ],
)
def test_a_sentence_is_whole_and_says_something(
    text: str, language: str, alone: bool, wrong: bool
) -> None:
    """A fragment, an echo of itself, or "he" of whom nobody knows who it is, is refused."""
    problem = misshapen(text, known(language), alone=alone)
    assert (problem is not None) is wrong


def test_a_point_says_more_than_the_title() -> None:
    """Another form of a word is no other word."""
    assert not adds("The kitchen sink drips.", "Dripping kitchen sink", known())
    assert adds("The kitchen sink drips on Friday.", "Dripping kitchen sink", known())


def test_a_tag_is_a_subject() -> None:
    """A piece of a sentence is none, nor is a number alone."""
    tags = ("old mill", "sold the", "it was", "mayor", "2024", "Apollo 11")
    assert [tag for tag in tags if is_subject(tag, known())] == ["old mill", "mayor", "Apollo 11"]


def test_points_are_read_alone_and_a_summary_in_a_row() -> None:
    """So only the first sentence of a summary must say who it is about."""
    assert stands_alone("notes:3", first=False)
    assert not stands_alone("summary", first=False)
    assert stands_alone("summary", first=True)
