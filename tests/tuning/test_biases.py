"""A label of a style is taken as often as it is right."""

from __future__ import annotations

from dataclasses import replace

from engine.records import Part, Word
from engine.tagger.path import LabelScores
from engine.tagger.tag import Labelled
from engine.text.lattice import Lattice
from engine.tuning.biases import Found, Read, best_for, enter
from engine.tuning.trials import Right
from tests.engine.tagger.test_path import INFO, logs

DASHING = replace(INFO, marks=("—",), bias_marked={"own": 1.0, "own_case": 3.0})
NOTHING = Right("none", 0, None, None)


def read(text: str, labels: list[tuple[LabelScores, Right]]) -> Read:
    part = Part(0, tuple(Word(word) for word in text.split()), language="en")
    scores = [score for score, _ in labels]
    labelled = Labelled(part, Lattice(part, DASHING), scores, True, 1)
    return Read(labelled, tuple(right for _, right in labels))


def label(marks: list[float], cases: list[float]) -> LabelScores:
    return LabelScores(logs(*marks), logs(*cases), logs(9, 0.1))


PLAIN = label([9, 0.1, 0.1, 0.1, 0.1], [9, 0.1, 0.1])
#: A comma is somewhat likelier than a dash.
TORN = label([0.1, 5, 0.1, 0.1, 3], [9, 0.1, 0.1])


def torn(*, wanted: str, times: int) -> list[Read]:
    rows = [(PLAIN, NOTHING), (TORN, replace(NOTHING, mark=wanted)), (PLAIN, NOTHING)] * times
    return [read("it rained but " * times, rows)]


def test_a_dash_that_is_always_second_is_raised_until_it_is_set() -> None:
    """By as little as that needs."""
    assert best_for(torn(wanted="dash", times=5)) == {"dash": 1.0}


def test_a_dash_that_is_not_right_stays_where_it_is() -> None:
    """A bias of nought is none; one place says nothing."""
    some = torn(wanted="comma", times=8) + torn(wanted="dash", times=4)
    assert best_for(some) == {}
    assert best_for(torn(wanted="dash", times=1)) == {}


def test_capitals_outweigh_the_case_of_a_source_with_marks() -> None:
    """Its own case is worth three points there, whatever the model says."""
    title = label([9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.3, 9])
    end = label([0.1, 0.1, 9, 0.1, 0.1], [9, 0.1, 0.1])
    rows = [
        (PLAIN, NOTHING), (title, replace(NOTHING, case=2)), (end, replace(NOTHING, mark="period"))
    ]  # fmt: skip
    group = [read("the President came. " * 5, rows * 5)]
    assert group[0].labelled.lattice.marked
    assert best_for(group) == {"all": 4.5}


def test_biases_come_on_top_of_those_that_a_card_has() -> None:
    """Of the language alone that they were found in."""
    card = {"biases": {"en": {"comma": 0.5, "dash": 0.5}}, "bias_marked": {"own": 1.0}}
    enter(card, Found({"en": {"dash": 1.0}, "de": {"all": 2.0}}, {"all": 6.0}))
    assert card == {
        "biases": {"en": {"comma": 0.5, "dash": 1.5}, "de": {"all": 2.0}},
        "bias_marked": {"own": 1.0, "all": 6.0},
    }
