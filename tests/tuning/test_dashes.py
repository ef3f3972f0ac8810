"""A tagger that has a label for dashes writes them, and a reader sees a space before each."""

from __future__ import annotations

from dataclasses import replace

from engine.records import EnhancedWord, Part, Word
from engine.tagger.path import LabelScores, best_path
from engine.text import prose
from engine.text.lattice import Lattice
from tests.engine.tagger.test_path import INFO, logs

DASHING = replace(INFO, marks=("—",))


def scores(mark: int) -> LabelScores:
    return LabelScores(
        logs(*(9 if n == mark else 0.1 for n in range(5))), logs(9, 0.1, 0.1), logs(9, 0.1)
    )


def written(labels: list[int], text: str = "we went home and it rained") -> list[EnhancedWord]:
    part = Part(0, tuple(Word(word) for word in text.split()), language="en")
    lattice = Lattice(part, DASHING)
    path = best_path(lattice, [scores(label) for label in labels], begins_sentence=True)
    return list(lattice.enhanced(path))


def test_a_dash_is_written_where_its_label_says_so_and_a_comma_where_that_does() -> None:
    """They are two choices, each with its own score."""
    words = written([1, 0, 4, 0, 0, 2])
    assert [word.text for word in words] == ["We,", "went", "home—", "and", "it", "rained."]
    assert prose.join(words) == "We, went home — and it rained."


def test_a_dash_of_the_source_stays_as_it_stands() -> None:
    """Nobody asked for another space."""
    word = Word("home—")
    assert (
        prose.join([EnhancedWord(word, "home—"), EnhancedWord(Word("and"), "and")]) == "home— and"
    )


def test_a_tagger_without_the_label_is_offered_no_dash() -> None:
    """The embedded model has four labels."""
    part = Part(0, (Word("home"), Word("and")), language="en")
    trails = [
        {join.join.trail for join in Lattice(part, info).joins[0]} for info in (INFO, DASHING)
    ]
    assert "—" not in trails[0]
    assert trails[1] - trails[0] == {"—"}
