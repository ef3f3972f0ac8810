"""A sentence stands in what it cites, or what of it does not is named."""

from __future__ import annotations

import pytest

from engine.ask import support
from engine.ask.asked import folded_stops

SAID = "And they balked at the cost, because it was fifteen thousand pounds."
PROMISED = "I promised that we would deliver the first version of it in May."


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("it was fifteen thousand pounds", [15_000]),
        ("$15,000 and 3.5 percent", [15_000, 3.5]),
        ("born in nineteen eighty six", [19, 86, 1986]),
        ("in 1986, 12 people", [1986, 12]),
        ("one hundred and five", [105]),
        ("two million three hundred thousand", [2_300_000]),
        ("twenty-five or 15k", [25, 15_000]),
        ("1.5 million", [1_500_000]),
        ("one of the 50s", [50]),
        ("between 2 and 3.", [2, 3]),
        ("no number", []),
    ],
)
def test_numbers_are_the_same_however_they_are_written(text: str, values: list[float]) -> None:
    """In figures or in words; "one" alone is no number."""
    assert [value for _, value in support.numbers_in(text)] == values


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("promise", "promised", True),
        ("delivery", "deliver", True),
        ("hides", "hiding", True),
        ("pay", "paid", True),
        ("cars", "car", True),
        ("running", "run", True),
        ("may", "mayor", False),
        ("cost", "coast", False),
        ("nation", "native", False),
        ("1986", "1987", False),
    ],
)
def test_forms_of_a_word_are_known(one: str, other: str, same: bool) -> None:
    """By their beginning, by their ending, or from a list; never for numbers."""
    assert support.same_word(one, other) is same
    assert support.same_word(other, one) is same


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("They balked because it cost 15,000 pounds.", ()),
        ("They balked because it cost 50,000 pounds.", ("50,000",)),
        ("They say that Grace balked at the cost.", ("Grace",)),
        ("They balked at the colour.", ("colour",)),
        ("They did not balk at the cost.", ("not",)),
        ("Ada promises to deliver in May.", ()),
        ("We will not deliver the first version in May.", ("not",)),
        ("We deliver the first version in June.", ("June",)),
    ],
)
def test_what_a_sentence_adds_is_named(sentence: str, missing: tuple[str, ...]) -> None:
    """A number, a name, a word, a negation; the name of who speaks is no addition."""
    found = support.check(
        sentence, [SAID, PROMISED], stops=folded_stops("en"), speakers=["Ada Lovelace"]
    )
    assert found.missing == missing
    assert found.complete is (not missing)


def test_what_is_denied_is_not_claimed() -> None:
    """A sentence without the "not" of what it cites says the opposite."""
    found = support.check("We deliver in May.", ["We do not deliver in May."], stops={"we", "in"})
    assert found.negation
