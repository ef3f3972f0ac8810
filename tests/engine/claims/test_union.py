"""What answers and written metadata knew of sentences, each alone, is known to both."""

from __future__ import annotations

import pytest

from engine.ask import support
from engine.ask.asked import folded_stops
from tests.engine.written.making import fault


@pytest.mark.parametrize(
    ("language", "said", "sentence", "kind"),
    [
        ("en", "The roof costs 15,000 dollars.", "The roof costs 15 dollars.", "number"),
        ("en", "The roof costs 15,000 dollars.", "The roof costs fifteen thousand dollars.", None),
        ("en", "The roof costs 15'000 dollars.", "The roof costs 15,000 dollars.", None),
        ("en", "The tower is 3.142 metres high.", "The tower is 3142 metres high.", "number"),
        ("en", "It cost 1,234.56 dollars.", "It cost 1234.56 dollars.", None),
        ("en", "It was built in the 1980s.", "It was built in the 1980s.", None),
        ("en", "The town paid for the bridge.", "The town pays for the bridge.", None),
        ("en", "The workers sold the boats.", "The workers sell the boats.", None),
        ("de", "Das Dach kostet 15.000 Euro.", "Das Dach kostet 15 Euro.", "number"),
        ("de", "Das Dach kostet 15.000 Euro.", "Das Dach kostet fünfzehntausend Euro.", None),
        ("fr", "Le toit coûte 15 000 euros.", "Le toit coûte 15 euros.", "number"),
        ("en", "First, we make a list of names.", "The list is a 1.", "number"),
        ("en", "The third boat sank.", "The 3rd boat sank.", None),
        ("en", "It sank on the third of May.", "It sank on May 3.", None),
        ("en", "It sank on May 3.", "It sank on the third of May.", None),
        ("fr", "Le toit coûte 15 000 euros.", "Le toit coûte 15.000 euros.", None),
    ],
)
def test_numbers_and_verbs_are_the_same_however_they_are_written(
    language: str, said: str, sentence: str, kind: str | None
) -> None:
    """The sign that groups thousands depends on the language; paid is a form of pay."""
    assert fault(sentence, said, language=language) == kind


@pytest.mark.parametrize(
    ("cited", "sentence"),
    [
        ("Perhaps we deliver the boat on Friday.", "Ada will deliver the boat."),
        ("Did the mayor sell the boat?", "The mayor sold the boat."),
        ("Kennedy beat Nixon in that year.", "Nixon beat Kennedy."),
        ("That night Anna got 12 votes, and Bob got 15 votes.", "Anna got 15 votes."),
        ("Die Schule kauft die alte Mühle.", "The school buys the old mill."),
    ],
)
def test_an_answer_is_checked_as_metadata_is(cited: str, sentence: str) -> None:
    """Doubts, questions, names that change places, numbers of another, another language."""
    assert support.check(sentence, [cited], speakers=["Ada"]).refused


def test_in_a_language_that_cannot_be_checked_nothing_holds() -> None:
    """Nor in one that a few words do not show."""
    for text in ("Rzeka była zimna i głęboka, nie da się pływać.", "Это было дорого."):
        assert support.check(text, [text]).refused


@pytest.mark.parametrize(
    ("word", "negates"),
    [
        ("mai", True),
        ("Mai", False),
        ("kaum", True),
        ("hardly", True),
        ("n", False),
        ("don’t", True),
    ],
)
def test_a_month_negates_nothing(word: str, negates: bool) -> None:
    """German writes it with a capital, Italian means never."""
    assert support.is_negation(word) is negates


def test_words_that_say_nothing_need_not_be_there() -> None:
    """They are given by who asks."""
    said, stops = ["They balked at the cost."], folded_stops("en")
    assert support.check("They actually balked at the cost.", said, stops=stops).complete
    assert support.check("They balked at the price.", said, also=["price"]).complete
    assert not support.check("They balked at the price.", said).complete


@pytest.mark.parametrize("figure", ["9" * 5000, "9," + "999," * 2000 + "999", "1:" + "9" * 5000])
def test_a_number_of_any_length_is_a_number(figure: str) -> None:
    """Python reads no more than 4300 digits as an integer; a transcript may hold more."""
    assert support.numbers_in(f"It was {figure} miles.")
    assert fault("It was 7 miles.", f"It was {figure} miles.") == "number"
