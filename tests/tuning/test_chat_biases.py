"""The biases of a chat model that has learnt are those of the best F1."""

from __future__ import annotations

import numpy as np
import pytest

from engine.tuning import chat_biases
from engine.tuning.chat_biases import Choice
from engine.tuning.decisions import KEYS


def choice(
    likely: float, *, key: str = ",", right: bool, language: str = "en", marked: bool = False
) -> Choice:
    """Return a choice between nothing and a token that writes a key, with its probability."""
    written = np.zeros((len(KEYS), 2), bool)
    written[KEYS.index(key), 1] = True
    scores = np.log(np.array([1 - likely, likely], np.float32))
    return Choice(scores, written, int(right), language, marked)


def test_what_is_seldom_the_likeliest_is_written_more_often() -> None:
    """Commas that are right at 0.4, and nothing above 0.2 that is wrong."""
    group = [choice(0.4, right=True)] * 10 + [choice(0.2, right=False)] * 40
    found = chat_biases.best_for(group)
    assert set(found) == {","}
    assert 0.4 < found[","] < 1.4  # log odds of 0.4 and of 0.2


def test_what_is_too_often_the_likeliest_is_written_less_often() -> None:
    """Paragraphs at 0.55 that are wrong, and at 0.9 those that are right."""
    group = [choice(0.55, key="paragraph", right=False)] * 20
    group += [choice(0.9, key="paragraph", right=True)] * 6
    found = chat_biases.best_for(group)
    assert set(found) == {"paragraph"}
    assert found["paragraph"] < -0.2


@pytest.mark.parametrize("count", [0, 3])
def test_of_few_nothing_can_be_said(count: int) -> None:
    """A key that is right fewer than four times has no bias."""
    group = [choice(0.4, right=True)] * count + [choice(0.2, right=False)] * 40
    assert chat_biases.best_for(group) == {}


def test_sources_with_marks_and_languages_are_searched_apart() -> None:
    """A bias of one language is none of another, nor of sources that have marks."""
    low = [choice(0.4, right=True, language="en")] * 8 + [choice(0.1, right=False)] * 8
    sure = [choice(0.9, right=True, language="de")] * 8
    marked = [choice(0.9, right=True, marked=True)] * 8
    found = chat_biases.search([*low, *sure, *marked])
    assert set(found.bare) == {"en"}
    assert found.marked == {}
