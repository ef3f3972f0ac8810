"""The lattice of a part: every path through it keeps the words, whichever model chooses."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import AlignmentError
from engine.records import ModelInfo, Part, Word
from engine.text.lattice import TERM_BIAS, Choice, Lattice
from engine.text.readings import content

INFO = ModelInfo(
    name="test",
    path="",
    revision=None,
    quantization=None,
    tasks=("punctuate",),
    languages=(),
    template="chat",
    part_words=50,
    tail_words=5,
    lookahead_words=5,
)
WORD = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=6
).filter(lambda text: not any(char.isspace() for char in text))


def lattice(text: str, *, after: str = "", info: ModelInfo = INFO) -> Lattice:
    said, following = (tuple(Word(word) for word in part.split()) for part in (text, after))
    return Lattice(Part(0, said, after=following), info)


def own(made: Lattice) -> list[Choice]:
    return [Choice(0, 0)] * len(made.readings)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(WORD, st.booleans(), st.sampled_from([None, "A", "B"])), min_size=1, max_size=6
    ),
    st.integers(0, 2),
    st.sampled_from([(), (",", ".", "?")]),
    st.randoms(use_true_random=False),
)
def test_every_path_keeps_every_word(
    said: list[tuple[str, bool, str | None]],
    lookahead: int,
    separators: tuple[str, ...],
    chooser: random.Random,
) -> None:
    """Any reading with any join after it: the words come out in order, with other marks."""
    words = tuple(Word(text, speaker=who, glued=glued) for text, glued, who in said)
    part = Part(0, words, after=(Word("and"), Word("then"))[:lookahead])
    made = Lattice(part, dataclasses.replace(INFO, separators=separators))
    path = [
        Choice(chooser.randrange(len(readings)), chooser.randrange(len(joins)))
        for readings, joins in zip(made.readings, made.joins, strict=True)
    ]
    enhanced = made.enhanced(path)
    assert [word.word for word in enhanced] == list(words)
    for word in enhanced:
        assert content(word.text) == content(word.word.text)


@settings(max_examples=100, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=6))
def test_the_sources_own_text_is_the_first_path(texts: list[str]) -> None:
    """A model that has no opinion writes what the source has."""
    made = Lattice(Part(0, tuple(Word(text) for text in texts), after=(Word("then"),)), INFO)
    assert [word.text for word in made.enhanced(own(made))] == texts


def test_a_path_that_does_not_cover_the_part_is_refused() -> None:
    """A missing word is never filled in."""
    made = lattice("so the thing is")
    with pytest.raises(AlignmentError):
        made.enhanced(own(made)[:-1])


def test_raised_and_term_readings_have_their_own_bias() -> None:
    """The bias of raising falls on readings with a capital, not on the word as it stands."""
    info = dataclasses.replace(INFO, bias={"raise": 0.75})
    said = (Word("so"), Word("Then"), Word("cubernetties", offered=("Kubernetes",)))
    made = Lattice(Part(0, said), info)
    assert [dict(readings) for readings in made.readings] == [
        {"so": 0.0, "So": 0.75},
        {"Then": 0.0, "then": 0.0},
        {"cubernetties": 0.0, "Cubernetties": 0.75, "Kubernetes": TERM_BIAS},
    ]


def test_where_the_source_has_marks_its_own_choices_may_weigh_more() -> None:
    """A punctuated text has its own bias, and "own" falls on what the source wrote."""
    info = dataclasses.replace(INFO, bias={",": 0.5}, bias_marked={"own": 1.0, "own_case": 0.25})
    made = lattice("so. Then", after="it", info=info)
    assert [readings[0].bias for readings in made.readings] == [0.25, 0.25]
    assert {(join.join.trail, join.bias) for join in made.joins[0]} >= {(".", 1.0), (",", 0.0)}


def test_the_bias_of_a_mark_and_of_a_paragraph_add_up() -> None:
    """A model that scores a whole join needs one number for it."""
    made = lattice("so then", info=dataclasses.replace(INFO, bias={".": 0.5, "paragraph": -1.0}))
    bias = {(join.join.trail, join.join.paragraph): join.bias for join in made.joins[0]}
    assert bias[".", False] == 0.5
    assert bias[".", True] == -0.5
    assert bias[",", False] == 0.0


def test_a_sentence_end_raises_the_next_word() -> None:
    """It is a guess for a draft: nothing forbids the other readings."""
    made = lattice("so then", after="it")
    trails = [join.join.trail for join in made.joins[0]]
    stop, comma = trails.index("."), trails.index(",")
    raised = made.raised_after(0, stop)
    assert raised is not None
    assert made.readings[1][raised].text == "Then"
    assert made.raised_after(0, comma) is None
    assert made.raised_after(1, stop) is None  # the word after the part is not chosen
