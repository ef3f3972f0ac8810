"""The rules of structure: what they forbid a model to add, and what they leave to the source."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.records import EnhancedWord, ModelInfo, Part, Word
from engine.text.lattice import Choice, Lattice
from engine.text.paths import PathScores, best, best_pairs
from engine.text.structure import INSIDE, OWN, RULES, SHORTEST_PARAGRAPH

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
SAID = st.lists(
    st.tuples(
        st.sampled_from(
            ["so", "the", "Then", "i", "yes", "spring.", "well...", "why?", "?", "U.S.", "42", "—"]
        ),
        st.sampled_from(["A", "A", "A", "B"]),
    ),
    min_size=1,
    max_size=9,
)


def lattice(
    text: str,
    *,
    after: str = "",
    language: str | None = "en",
    index: int = 0,
    tail: tuple[EnhancedWord, ...] = (),
) -> Lattice:
    said, following = (tuple(Word(word) for word in part.split()) for part in (text, after))
    return Lattice(Part(index, said, after=following, language=language), INFO, tail)


def path(made: Lattice, written: str) -> list[Choice]:
    """Return the path that writes a text; `/` after a word ends a paragraph."""
    out = []
    for n, word in enumerate(written.split()):
        paragraph = word.endswith("/")
        ways = [
            Choice(r, j)
            for r, reading in enumerate(made.readings[n])
            for j, join in enumerate(made.joins[n])
            if reading.text + join.join.trail == word.rstrip("/")
            and join.join.paragraph == paragraph
        ]
        out.append(ways[0])
    return out


def admits(source: str, written: str, **options: object) -> bool:
    made = lattice(source, **options)  # type: ignore[arg-type]
    return made.admits(path(made, written))


@pytest.mark.parametrize(
    ("source", "written", "admitted"),
    [
        ("so we went home", "So we went home.", True),
        ("so we went home", "so we went home.", False),  # the start of a text
        ("so we went and then we left", "So we went. And then we left.", True),
        ("so we went and then we left", "So we went. and then we left.", False),
        ("so i went", "So i went.", False),
        ("so i went", "So I went.", True),
        ("Martin and i went", "Martin and i went.", True),  # the source has capitals elsewhere
        ("Yes. but i went, Martin said", "Yes. but i went, Martin said", True),
        ("Yes, but we went there", "Yes. but we went there", False),  # an end of the model's own
        ("NASA said so. iPhone users left us", "NASA said so. iPhone users left us", True),
    ],
)
def test_no_small_letter_begins_a_text_or_a_sentence(
    source: str, written: str, admitted: bool
) -> None:
    """What the source wrote on purpose stays possible."""
    assert admits(source, written) is admitted


@pytest.mark.parametrize(
    ("source", "written", "admitted"),
    [
        ("they leave us any more", "They leave us. Any more.", True),
        ("they leave us any more", "They. Leave us any more.", False),
        ("they leave us any more", "They leave us any. More.", False),  # the last word
        ("they leave us right then", "They leave us. Right. Then.", False),
        ("they leave us right we go", "They leave us. Right. We go.", True),  # an answer
        ("they leave. Us. any more", "They leave. Us. Any more", True),  # the source has it
        ("three two 1 we go", "Three two. 1. We go.", True),  # a figure
    ],
)
def test_no_sentence_has_one_word_unless_it_is_an_answer(
    source: str, written: str, admitted: bool
) -> None:
    """The words are of one language; where the language is not known any word may stand alone."""
    assert admits(source, written) is admitted
    if written.count("/") == 0:
        assert admits(source, written, language=None)


@pytest.mark.parametrize(
    ("written", "admitted"),
    [
        ("We saw. Them all/ there they were again.", True),
        ("We saw them./ All there they were again.", False),
        ("We saw them all./ There they were again.", True),
        ("We saw them all there./ They were again.", False),
    ],
)
def test_no_short_paragraph_stands_inside_a_turn(written: str, admitted: bool) -> None:
    """Neither at its beginning nor before its end, which is known where the text ends."""
    made = lattice("we saw them all there they were again")
    if "all/" in written:
        with pytest.raises(IndexError):
            path(made, written)  # no paragraph without the end of a sentence
        return
    assert made.admits(path(made, written)) is admitted
    assert SHORTEST_PARAGRAPH == 4


def test_a_turn_of_one_word_is_a_paragraph() -> None:
    """Where the speaker changes there is nothing to choose."""
    words = (Word("so", speaker="A"), Word("then", speaker="B"), Word("we", speaker="A"))
    made = Lattice(Part(0, words, language="en"), INFO)
    assert made.admits(path(made, "So./ Then./ We."))


def test_a_part_goes_on_where_the_part_before_ended() -> None:
    """What stands before it is the tail; without one only the first part begins a text."""
    said = (EnhancedWord(Word("we"), "We"), EnhancedWord(Word("went"), "went."))
    assert lattice("and then", index=1, tail=said).structure.start.begins != INSIDE
    assert lattice("and then", index=1).structure.start.begins == INSIDE
    assert lattice("and then").structure.start.begins == OWN
    ended = (EnhancedWord(Word("went"), "went.", paragraph=True),)
    assert lattice("and then", index=1, tail=ended).structure.start == (OWN, 0)


@settings(max_examples=150, deadline=None)
@given(SAID, st.sampled_from(["en", None]), st.booleans(), st.randoms(use_true_random=False))
def test_there_is_always_a_way_on(
    said: list[tuple[str, str]], language: str | None, follows: bool, chooser: random.Random
) -> None:
    """Wherever a path stands, a reading and a join are admitted, the source's own join always."""
    words = tuple(Word(text, speaker=who) for text, who in said)
    part = Part(0, words, after=(Word("then", speaker="A"),) if follows else (), language=language)
    made = Lattice(part, INFO)
    place, taken = made.structure.start, []
    for n in range(len(words)):
        readings = [
            m for m in range(len(made.readings[n])) if made.structure.admits_reading(place, n, m)
        ]
        joins = [j for j in range(len(made.joins[n])) if made.structure.admits_join(place, n, j)]
        assert 0 in joins
        taken.append(Choice(chooser.choice(readings), chooser.choice(joins)))
        place = made.structure.after(place, n, taken[-1].join)
    assert made.admits(taken)


@settings(max_examples=60, deadline=None)
@given(SAID, st.randoms(use_true_random=False))
def test_the_best_path_keeps_the_rules_and_is_the_best_pair_of_all_where_that_keeps_them(
    said: list[tuple[str, str]], chooser: random.Random
) -> None:
    """Random scores: no path of random choices that keeps the rules has a higher sum."""
    words = tuple(Word(text, speaker=who) for text, who in said)
    made = Lattice(Part(0, words, language="en"), INFO)
    columns = [*(len(of) for of in made.readings[1:]), 1]
    scores = PathScores(
        [chooser.random() for _ in made.readings[0]],
        [
            [[chooser.random() for _ in range(width)] for _ in joins]
            for joins, width in zip(made.joins, columns, strict=True)
        ],
    )

    def total(one: list[Choice]) -> float:
        out = scores.first[one[0].reading]
        for n, choice in enumerate(one):
            following = one[n + 1].reading if n + 1 < len(one) else 0
            out += scores.pairs[n][choice.join][following]
        return out

    found = best(made, scores)
    assert made.admits(found)
    if made.admits(best_pairs(scores)):
        assert found == best_pairs(scores)
    for _ in range(30):
        other = [
            Choice(chooser.randrange(len(readings)), chooser.randrange(len(joins)))
            for readings, joins in zip(made.readings, made.joins, strict=True)
        ]
        assert not made.admits(other) or total(other) <= total(found) + 1e-9


def test_every_language_of_the_table_names_its_answers_in_small_letters() -> None:
    """They are compared with the words of a text in small letters."""
    for rules in RULES.values():
        assert rules.answers
        assert all(word == word.casefold() for word in rules.answers | rules.raised)
