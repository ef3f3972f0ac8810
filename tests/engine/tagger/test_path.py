"""The best path: the highest sum of all, and what it does with marks and case of the source."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.records import ModelInfo, Part, Word
from engine.tagger.opening import open_questions
from engine.tagger.path import LabelScores, best_path, case_scores, first_score, pair_score
from engine.text.lattice import Choice, Lattice, Reading

INFO = ModelInfo(
    name="test",
    path="",
    revision=None,
    quantization=None,
    tasks=("punctuate",),
    languages=(),
    kind="tagger",
    template="labels",
    part_words=50,
    tail_words=5,
    lookahead_words=5,
)
SAID = st.sampled_from(
    ["so", "The", "nasa", "NASA", "well,", "what...", "yes!", "but;", "etc.", "U.S.", "iPhone",
     "'tis", "«oui»", "?", "42", "天", "straße", "¿qué"]
)  # fmt: skip


def logs(*shares: float) -> list[float]:
    total = sum(shares)
    return [math.log(share / total) for share in shares]


def scores(mark: int = 0, case: int = 0, *, paragraph: bool = False) -> LabelScores:
    """Return scores that are sure of one mark and one case."""
    return LabelScores(
        logs(*(9 if n == mark else 0.1 for n in range(4))),
        logs(*(9 if n == case else 0.1 for n in range(3))),
        logs(0.1, 9) if paragraph else logs(9, 0.1),
    )


SCORES = st.builds(
    lambda a, b, c: LabelScores(logs(*a), logs(*b), logs(*c)),
    *(st.lists(st.floats(0.01, 1), min_size=n, max_size=n) for n in (4, 3, 2)),
)


def written(
    text: str, labels: Sequence[LabelScores], *, info: ModelInfo = INFO, language: str = "en"
) -> str:
    """Return what the best path writes for a text."""
    part = Part(0, tuple(Word(word) for word in text.split()), language=language)
    lattice = Lattice(part, info)
    path = open_questions(lattice, best_path(lattice, labels, begins_sentence=True), begins=True)
    return " ".join(word.text for word in lattice.enhanced(path))


@settings(max_examples=60)
@given(st.lists(st.tuples(SAID, SCORES), min_size=1, max_size=4), st.booleans(), st.data())
def test_the_sum_of_best_pairs_is_the_best_of_all_paths(
    said: list[tuple[str, LabelScores]], begins: bool, data: st.DataObject
) -> None:
    """Trying every path that keeps the rules of structure finds nothing better."""
    after = data.draw(st.none() | SCORES)
    part = Part(
        0, tuple(Word(text) for text, _ in said), after=() if after is None else (Word("then"),)
    )
    lattice = Lattice(part, INFO)
    labels = [one for _, one in said]

    def total(path: Sequence[Choice]) -> float:
        out = first_score(lattice, labels[0], path[0].reading, begins_sentence=begins)
        for n in range(len(path) - 1):
            join, reading = path[n].join, path[n + 1].reading
            following = lattice.plain[n + 1]
            out += pair_score(lattice, n, join, labels[n], following, reading)
            out += case_scores(following, labels[n + 1])[reading]
        stops = [Reading(text, 0.0) for text in lattice.stops]
        last = [
            pair_score(lattice, len(path) - 1, path[-1].join, labels[-1], stops, m)
            + (case_scores(stops, after)[m] if after is not None else 0.0)
            for m in range(max(1, len(stops)))
        ]
        return out + max(last)

    options = [
        [Choice(r, j) for r in range(len(plain)) for j in range(len(joins))]
        for plain, joins in zip(lattice.plain, lattice.joins, strict=True)
    ]
    if math.prod(map(len, options)) > 5_000:
        options = options[:2] + [choices[:2] for choices in options[2:]]
    best = best_path(lattice, labels, begins_sentence=begins, after=after)
    assert lattice.admits(best)
    admitted = [path for path in itertools.product(*options) if lattice.admits(path)]
    assert total(best) >= max(map(total, admitted), default=-math.inf) - 1e-9


def test_a_word_gets_the_case_and_the_mark_that_the_model_says() -> None:
    """A sentence end raises the next word, and capitals throughout are a reading, too."""
    labels = [scores(0, 1), scores(0, 2), scores(1, 1), scores(2), scores(3, 1)]
    assert written("so nasa berlin goes really", labels) == "So NASA Berlin, goes. Really?"


def test_a_semicolon_or_an_exclamation_mark_stays_where_a_full_stop_is_right() -> None:
    """They are full stops to the model; none is ever added."""
    assert written("yes! We know", [scores(2, 1), scores(0, 1), scores(2)]) == "Yes! We know."
    assert written("good; bad", [scores(2, 1), scores(2, 0)]) == "Good; bad."
    assert ";" not in written("good bad so on", [scores(2, 0)] * 4)


@pytest.mark.parametrize(
    ("mark", "case", "expected"), [(1, 0, "Well... we know."), (2, 1, "Well... We know.")]
)
def test_an_ellipsis_ends_a_sentence_only_where_the_next_word_is_raised(
    mark: int, case: int, expected: str
) -> None:
    """In podcasts it stands for a pause."""
    assert written("Well... we know", [scores(mark), scores(0, case), scores(2)]) == expected


def test_a_mark_on_its_own_ends_the_sentence_of_the_word_before() -> None:
    """French puts a space before its question mark, and so it stays."""
    labels = [scores(3), scores(3), scores(0, 0)]
    assert written("Vraiment ? oui", labels, language="fr").startswith("Vraiment ? Oui")


def test_quotation_marks_stay_as_they_are() -> None:
    """In German the closing one stands after the full stop of a whole sentence."""
    labels = [scores(0, 1), scores(1), scores(), scores(2), scores(0, 1), scores(2)]
    out = written("er sagte „komm mit“ dann ging", labels, language="de")
    assert out == "Er sagte, „komm mit.“ Dann ging."


def test_text_in_capitals_is_read_without_its_case() -> None:
    """Nobody chose the capitals of a single word."""
    info = INFO.__class__(**{**_fields(), "bias_marked": {"own": 2.0, "own_case": 9.0}})
    text = "THE QUICK BROWN FOX. JUMPS OVER"
    labels = [scores(0, 1), *[scores()] * 2, scores(2), scores(0, 1), scores(2)]
    assert written(text, labels, info=info) == "The quick brown fox. Jumps over."


@pytest.mark.parametrize(
    ("text", "marks", "expected"),
    [
        ("qué hora es", [0, 0, 3], "¿Qué hora es?"),
        ("bueno por qué no", [1, 0, 0, 3], "Bueno, ¿por qué no?"),
        ("es tarde no", [0, 1, 3], "Es tarde, ¿no?"),
        ("hola vienes tú", [2, 0, 3], "Hola. ¿Vienes tú?"),
        ("¿Qué hora es", [0, 0, 3], "¿Qué hora es?"),
    ],
)
def test_a_question_is_opened_in_spanish(text: str, marks: list[int], expected: str) -> None:
    """At its sentence, or at the clause that asks; one that is open stays as it is."""
    ends = [False, *(mark > 1 for mark in marks)]
    labels = [scores(mark, end) for mark, end in zip(marks, ends, strict=False)]
    assert written(text, labels, language="es") == expected
    assert "¿" not in written(text.strip("¿"), labels, language="ca")


def test_nothing_is_opened_in_a_question_that_began_in_the_part_before() -> None:
    """What is written there cannot be changed any more."""
    part = Part(0, (Word("hora"), Word("es")), language="es")
    lattice = Lattice(part, INFO)
    path = best_path(lattice, [scores(), scores(3)], begins_sentence=False)
    assert open_questions(lattice, path, begins=False) == path


def _fields() -> dict[str, object]:
    return {name: getattr(INFO, name) for name in INFO.__dataclass_fields__}
