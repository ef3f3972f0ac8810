"""Short texts are titled by what their beginning says that they are about."""

from __future__ import annotations

import pytest

from engine.extract import extract
from engine.records import Document, EnhancedWord, Word


def title(text: str, language: str = "en") -> str | None:
    words = tuple(EnhancedWord(Word(word), word) for word in text.split())
    return extract(Document((words,), language, None, has_speakers=False, timing="none")).title


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "en",
            "Right, so this is just a quick note about the kitchen, before I forget. The plumber "
            "came and looked at the wall, and the wall is wet.",
            "Quick note about the kitchen",
        ),
        (
            "en",
            "Have you decided what to do about the car? Not really. I took it to the garage on "
            "Friday, and on Friday they wanted nine hundred pounds.",
            "What to do about the car",
        ),
        (
            "en",
            "Today I'm going to show you how to fold a shirt in two seconds. Start with the back.",
            "How to fold a shirt in two seconds",
        ),
        (
            "en",
            "So the allotment is finally coming along after that wet spring that we had here.",
            "The allotment is finally coming along",
        ),
        (
            "en",
            "Like most mammals, the fox has strong legs. The skeleton lets a fox run.",
            "The fox has strong legs",
        ),
        (
            "de",
            "Also, heute geht es um die alte Brücke am Hafen. Der Bürgermeister war da.",
            "Die alte Brücke am Hafen",
        ),
        (
            "fr",
            "Alors, je voudrais parler de la fuite du toit. Le plombier passe demain.",
            "La fuite du toit",
        ),
    ],
)
def test_a_short_text_is_titled_by_what_it_says_it_is_about(
    language: str, text: str, expected: str
) -> None:
    """The announced subject, what is to be told, or the first clause that says something."""
    assert title(text, language) == expected


def test_greetings_and_questions_that_are_asked_are_no_titles() -> None:
    """Where the text says something again and again, that is its title."""
    found = title(
        "Hello everybody, welcome to the harbour show. How can we close the gap between us? The "
        "harbour is deep. The harbour is old, and I like the harbour."
    )
    assert found is not None
    assert "harbour" in found.lower()
    assert "welcome" not in found.lower()
    assert not found.startswith("How can")


def test_about_a_number_announces_nothing() -> None:
    """Nor does it late in a text."""
    late = "The pump is old. " * 12 + "Then somebody spoke about the winter fair in Leeds."
    assert title("It costs about three hundred pounds, and the wall is wet, the wall.") != (
        "Three hundred pounds"
    )
    assert title(late) != "The winter fair in Leeds"
