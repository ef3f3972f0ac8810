"""A second opinion: asked only where scores are close, and never more than a choice."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.records import EnhancedWord, Opinion, Part, Word
from engine.text.lattice import Choice, Lattice
from engine.text.paths import PathScores, best
from engine.text.readings import content
from engine.text.second_opinion import asked, consult, read_alone
from tests.engine.test_structure import INFO, SAID

TAGGER = dataclasses.replace(INFO, kind="tagger", template="labels")
Ways = Sequence[tuple[int, Sequence[Sequence[bytes]]]]


class Scripted:
    """A reader that finds some pieces likely, and remembers what it was asked."""

    def __init__(self, likely: dict[str, float], other: float = 0.0) -> None:
        self.likely = likely
        self.other = other
        self.asked: list[tuple[str, list[str]]] = []

    def read(self, text: Sequence[bytes], ways: Ways) -> list[list[float]]:
        for place, group in ways:
            before = b"".join(text[:place]).decode()
            self.asked.append((before, [b"".join(way).decode() for way in group]))
        return [[self._score(way) for way in group] for _, group in ways]

    def _score(self, way: Sequence[bytes]) -> float:
        return self.likely.get(way[0].decode(), self.other)


def table(lattice: Lattice, chosen: dict[tuple[int, str, str], float]) -> PathScores:
    """Return scores of 0 for the source's own and -9 for the rest, but for what is chosen.

    A key is a gap, what stands after its word, and the next word as it is written.
    """
    stops = list(lattice.stops) or [""]
    following = [*([one.text for one in of] for of in lattice.readings[1:]), stops]
    return PathScores(
        [0.0 if n == 1 else -9.0 for n in range(len(lattice.readings[0]))],
        [
            [
                [
                    chosen.get(
                        (n, one.join.trail + one.join.gap, text), 0.0 if j + m == 0 else -9.0
                    )
                    for m, text in enumerate(texts)
                ]
                for j, one in enumerate(joins)
            ]
            for n, (joins, texts) in enumerate(zip(lattice.joins, following, strict=True))
        ],
    )


def made(text: str, after: str = "") -> Lattice:
    said, following = (tuple(Word(word) for word in part.split()) for part in (text, after))
    return Lattice(Part(0, said, after=following, language="en"), TAGGER)


def written(lattice: Lattice, path: Sequence[Choice]) -> str:
    return " ".join(word.text for word in lattice.enhanced(path))


def test_a_gap_that_hesitates_is_asked_for_with_the_words_after_it() -> None:
    """The others are not, and what the reader finds likelier is taken."""
    lattice = made("so we went home then we slept", after="and so")
    scores = table(lattice, {(3, ". ", "Then"): -0.5})
    reader = Scripted({". Then": -1.0, " then": -9.0})
    found = consult(lattice, scores, (), Opinion(margin=1.0, weight=0.3), reader.read)
    assert written(lattice, found.path) == "So we went home. Then we slept"
    assert (found.asked, found.changed) == (1, 1)
    assert reader.asked == [("So we went home", [" then we", ". Then we"])]


def test_a_reader_that_agrees_changes_nothing() -> None:
    """Its weight says how much likelier the other way must be."""
    lattice = made("so we went home then we slept")
    scores = table(lattice, {(3, ". ", "Then"): -0.5})
    for likely in ({" then": -1.0, ". Then": -9.0}, {" then": -1.0, ". Then": 0.5}):
        reader = Scripted(likely)
        found = consult(lattice, scores, (), Opinion(weight=0.3), reader.read)
        assert written(lattice, found.path) == "So we went home then we slept"
        assert (found.asked, found.changed) == (1, 0)


def test_after_a_change_the_next_gap_is_read_on_the_changed_text() -> None:
    """Gaps go through together only as long as nothing changes."""
    lattice = made("so we went home then we slept long and well")
    scores = table(lattice, {(3, ". ", "Then"): -0.5, (6, ", ", "long"): -0.5})
    reader = Scripted({". Then": 0.0}, other=-9.0)
    found = consult(lattice, scores, (), Opinion(weight=0.3), reader.read)
    assert [before for before, _ in reader.asked] == [
        "So we went home",
        "So we went home then we slept",
        "So we went home. Then we slept",
    ]
    assert (found.asked, found.changed) == (2, 1)


def test_the_first_word_of_a_part_is_asked_for_after_the_text_before_it() -> None:
    """With the words after it; without a text before it there is nothing to go on from."""
    lattice = made("will came home", after="and so")
    tail = tuple(EnhancedWord(Word(word), word) for word in ("then", "old"))
    inside = Lattice(lattice.part, TAGGER, tail)
    scores = dataclasses.replace(table(inside, {}), first=[0.0, -0.5])
    for likely, wanted, changed in ((" Will", "Will", 1), (" will", "will", 0)):
        reader = Scripted({likely: -1.0}, other=-9.0)
        found = consult(inside, scores, tail, Opinion(margin=1.0, weight=0.3), reader.read)
        assert written(inside, found.path) == f"{wanted} came home"
        assert (found.asked, found.changed) == (1, changed)
        assert reader.asked == [("then old", [" will came", " Will came"])]
    reader = Scripted({})
    consult(lattice, table(lattice, {}), (), Opinion(margin=1.0), reader.read)
    assert reader.asked == []


def test_the_text_before_a_part_is_read_too() -> None:
    """With its paragraphs and marks."""
    tail = (EnhancedWord(Word("well"), "Well,"), EnhancedWord(Word("yes"), "yes.", paragraph=True))
    lattice = made("so we went home then we slept")
    scores = table(lattice, {(3, ". ", "Then"): -0.5})
    reader = Scripted({})
    consult(lattice, scores, tail, Opinion(), reader.read)
    assert reader.asked[0][0] == "Well, yes.\n\nSo we went home"


def test_the_last_gap_is_read_with_the_words_after_the_part() -> None:
    """Where none follow, there is nothing to read."""
    chosen = {(3, ". ", "Then"): -0.5}
    lattice = made("so we went home", after="then we")
    reader = Scripted({})
    consult(lattice, table(lattice, chosen), (), Opinion(), reader.read)
    assert reader.asked == [("So we went home", [" then we", ". Then we"])]
    lattice = made("so we went home")
    consult(
        lattice, table(lattice, chosen), (), Opinion(margin=99.0), (reader := Scripted({})).read
    )
    assert not any(before == "So we went home" for before, _ in reader.asked)


@settings(max_examples=60, deadline=None)
@given(SAID, st.randoms(use_true_random=False), st.sampled_from([0.0, 0.3, 5.0]))
def test_whatever_a_reader_says_the_path_keeps_every_word_and_every_rule(
    said: list[tuple[str, str]], chooser: random.Random, weight: float
) -> None:
    """With the weight 0 it is the path of the scores, and nothing is read."""
    words = tuple(Word(text, speaker=who) for text, who in said)
    part = Part(0, words, after=(Word("then", speaker="A"), Word("we", speaker="A")), language="en")
    lattice = Lattice(part, TAGGER)
    columns = [*map(len, lattice.readings[1:]), len(lattice.stops)]
    scores = PathScores(
        [chooser.random() for _ in lattice.readings[0]],
        [
            [[chooser.uniform(-3, 0) for _ in range(width)] for _ in joins]
            for joins, width in zip(lattice.joins, columns, strict=True)
        ],
    )

    def read(text: Sequence[bytes], ways: Ways) -> list[list[float]]:
        assert weight > 0
        return [[chooser.uniform(-50, 0) for _ in group] for _, group in ways]

    found = consult(lattice, scores, (), Opinion(weight=weight), read)
    assert lattice.admits(found.path)
    enhanced = lattice.enhanced(found.path)
    assert [word.word for word in enhanced] == list(words)
    assert all(content(word.text) == content(word.word.text) for word in enhanced)
    if weight == 0:
        assert found.path == best(lattice, scores)
        assert found.asked == found.changed == 0


def test_what_would_be_asked_is_what_a_reader_that_agrees_is_asked() -> None:
    """The same text before every gap and the same ways to go on, the last gap and all."""
    lattice = made("so we went home then we slept long and well", after="but then")
    near = {(3, ". ", "Then"): -0.5, (6, ", ", "long"): -0.25, (9, ". ", "But"): -0.75}
    scores = table(lattice, near)
    tail = (EnhancedWord(Word("yes"), "Yes.", paragraph=True),)
    reader = Scripted({})
    path = consult(lattice, scores, tail, Opinion(), reader.read).path
    text, gaps = asked(lattice, scores, tail, Opinion(), path)
    assert [
        (b"".join(text[: one.before]).decode(), [b"".join(way).decode() for way in one.ways])
        for one in gaps
    ] == reader.asked
    assert [(one.gap, len(one.pairs)) for one in gaps] == [(3, 2), (6, 2), (9, 2)]


def test_what_would_be_asked_does_not_depend_on_what_stands_there() -> None:
    """Where the text has what the scores find less likely, the same ways are asked for."""
    lattice = made("so we went home then we slept")
    scores = table(lattice, {(3, ". ", "Then"): -0.5})
    own = best(lattice, scores)
    ends = next(n for n, one in enumerate(lattice.joins[3]) if one.join.trail == ".")
    right = [*own[:3], own[3]._replace(join=ends), own[4]._replace(reading=1), *own[5:]]
    assert written(lattice, right) == "So we went home. Then we slept"
    found = [asked(lattice, scores, (), Opinion(), path)[1] for path in (own, right)]
    assert found[0] == found[1]
    assert len(found[0]) == 1


@settings(max_examples=40, deadline=None)
@given(SAID, st.randoms(use_true_random=False))
def test_a_reader_alone_keeps_every_word_and_every_rule(
    said: list[tuple[str, str]], chooser: random.Random
) -> None:
    """It decides every gap that has another after it."""
    words = tuple(Word(text, speaker=who) for text, who in said)
    lattice = Lattice(Part(0, words, after=(Word("then"),), language="en"), INFO, labels=True)

    def read(text: Sequence[bytes], ways: Ways) -> list[list[float]]:
        return [[chooser.uniform(-50, 0) for _ in group] for _, group in ways]

    found = read_alone(lattice, (), Opinion(), read)
    assert lattice.admits(found.path)
    assert [word.word for word in lattice.enhanced(found.path)] == list(words)


def test_a_reader_alone_needs_more_to_change_what_a_punctuated_source_has() -> None:
    """What Whisper heard is worth something."""
    for likely, expected in ((-1.0, "So we went home. Then we slept."), (-9.0, None)):
        lattice = made("So we went home. Then we slept.", after="And")
        reader = Scripted({". Then": likely}, other=0.0)
        text = written(lattice, read_alone(lattice, (), Opinion(), reader.read).path)
        assert (text == expected) is (expected is not None)
