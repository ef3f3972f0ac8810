"""Numbers in words, as speech has them."""

import random

import pytest

from engine.training.numbers import Manner, in_words, spelled
from engine.tuning.words import PARAGRAPH, PERIOD, Word, parse

PLAIN = Manner(hyphen=False, hundred_and=False)
BRITISH = Manner(hyphen=True, hundred_and=True)


@pytest.mark.parametrize(
    ("core", "said"),
    [
        ("0", "zero"),
        ("7", "seven"),
        ("40", "forty"),
        ("312", "three hundred twelve"),
        ("1986", "nineteen eighty six"),
        ("1906", "nineteen oh six"),
        ("1900", "nineteen hundred"),
        ("2007", "two thousand seven"),
        ("2015", "twenty fifteen"),
        ("1,250", "one thousand two hundred fifty"),
        ("42,000", "forty two thousand"),
        ("3.14", "three point one four"),
        ("$20", "twenty dollars"),
        ("$1", "one dollar"),
        ("5%", "five percent"),
        ("1980s", "nineteen eighties"),
        ("6s", "sixes"),
        ("21st", "twenty first"),
        ("12th", "twelfth"),
        ("20th", "twentieth"),
    ],
)
def test_a_number_is_spelled_as_it_is_said(core: str, said: str) -> None:
    """Years in pairs, amounts with their unit, ordinals by their last word."""
    assert in_words(core, "", PLAIN) == said.split()


@pytest.mark.parametrize(
    ("core", "said"),
    [
        ("86", "eighty-six"),
        ("206", "two hundred and six"),
        ("1,206", "one thousand two hundred and six"),
        ("86th", "eighty-sixth"),
    ],
)
def test_some_write_hyphens_and_ands(core: str, said: str) -> None:
    """The other habit of those who write down speech."""
    assert in_words(core, "", BRITISH) == said.split()


@pytest.mark.parametrize(
    "core", ["Y2K", "4-1/2", "007", "1,2", "$5%", "3.5th", "$1.50", "1000000", "mp3"]
)
def test_what_is_no_plain_number_stays(core: str) -> None:
    """Only what is said in one way alone is spelled out."""
    assert in_words(core, "", PLAIN) is None


def test_millions_of_dollars_stay() -> None:
    """Their words would have to change places."""
    assert in_words("$5", "million", PLAIN) is None


def test_marks_breaks_and_capitals_go_with_the_number() -> None:
    """The mark follows the last of its words, the break and the capital stand at the first."""
    words = [
        *parse("It was in 1986."),
        Word("86", ".", PERIOD, PARAGRAPH),
        *parse("of them, 12, left."),
    ]
    out = spelled(words, random.Random(3))
    text = " ".join(w.core + w.mark for w in out).replace("-", " ")
    assert text == "It was in nineteen eighty six. Eighty six. of them, twelve, left."
    assert [w.before for w in out if w.core.startswith("Eighty")] == [PARAGRAPH]
