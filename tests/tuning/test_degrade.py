"""What the model is shown stays aligned with what it should say."""

from __future__ import annotations

import random

import pytest

from engine.training.noise import Mishearing
from engine.tuning.degrade import (
    BARE,
    CASED,
    LOWER_MARKED,
    RIGHT,
    WHISPER,
    as_heard,
    degrade,
    with_disfluencies,
)
from engine.tuning.words import (
    ALL,
    COMMA,
    MASKED,
    NO_BREAK,
    NONE,
    PARAGRAPH,
    PERIOD,
    TURN,
    Word,
    case_of,
    parse,
)

KINDS = (BARE, CASED, WHISPER, RIGHT, LOWER_MARKED)
WORDS = parse("Well, I think so. Do you know what Mr. Smith said? We don't; nobody here does!")


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_is_lost_or_changed_but_in_case(kind: str) -> None:
    """One shown word for every word, whatever the seed."""
    for seed in range(40):
        shown = degrade(WORDS, kind, random.Random(seed), following=None, turns=True)
        letters = ["".join(c for c in s.text if c.isalnum()).lower() for s in shown]
        assert letters == ["".join(c for c in w.core if c.isalnum()).lower() for w in WORDS]


def test_bare_text_is_lower_and_has_no_marks() -> None:
    """The stop of an abbreviation may stay; nothing else does."""
    shown = degrade(WORDS, BARE, random.Random(1), following=None, turns=True)
    assert [s.text.rstrip(".") for s in shown] == [w.core.lower() for w in WORDS]
    assert all(s.text[-1].isalnum() for s in shown if s.text.rstrip(".") != "mr")


def test_right_text_is_shown_as_it_should_read() -> None:
    """The model learns to leave it."""
    shown = degrade(WORDS, RIGHT, random.Random(1), following=None, turns=True)
    assert [s.text for s in shown][:4] == ["Well,", "I", "think", "so."]


def test_labels_do_not_depend_on_what_is_shown() -> None:
    """Only the stop of an abbreviation does, which is not asked where it is shown."""
    for kind in KINDS:
        shown = degrade(WORDS, kind, random.Random(5), following=None, turns=True)
        for s, word in zip(shown, WORDS, strict=True):
            assert s.mark == word.label or (word.label, s.mark) == (MASKED, NONE)


def test_the_case_after_a_semicolon_is_not_asked() -> None:
    """Its mark is said to be a stop, so the word in lower case would teach the wrong thing."""
    shown = degrade(WORDS, BARE, random.Random(1), following=None, turns=True)
    after = next(n for n, w in enumerate(WORDS) if w.mark == ";") + 1
    assert shown[after].case == MASKED


def test_the_break_stands_on_the_word_before_it() -> None:
    """What is shown, what is lost and what comes after the end is not asked."""
    words = [Word("one"), Word("two", before=PARAGRAPH), Word("three", before=TURN)]
    hidden = degrade(words, BARE, random.Random(1), following=None, turns=False)
    assert [s.paragraph for s in hidden] == [1, 1, MASKED]
    told = degrade(words, BARE, random.Random(1), following=None, turns=True)
    assert [s.paragraph for s in told] == [1, MASKED, MASKED]
    assert [s.turn for s in told] == [False, False, True]
    lost = [Word("one", paragraph_known=False), Word("two", before=PARAGRAPH)]
    shown = degrade(lost, BARE, random.Random(1), following=None, turns=False)
    assert shown[0].paragraph == MASKED


def test_fillers_are_added_and_nothing_else_changes() -> None:
    """Taking them out again gives the words as they were."""
    words = [Word("we"), *[Word("went", ",", COMMA), Word("home")] * 40, Word("now", ".", PERIOD)]
    filled = with_disfluencies(words, "de", random.Random(2))
    assert len(filled) > len(words)
    kept = iter(filled)
    assert all(any(w.core == word.core for w in kept) for word in words)


def test_misheard_words_leave_marks_where_they_are() -> None:
    """A word may be another, be missed or come twice; its mark does not move."""
    from collections import Counter

    mishearing = Mishearing(Counter({"went": 9, "well": 5, "home": 4, "hope": 3}))
    words = [Word("went", ",", COMMA), Word("home"), Word("well", ".", PERIOD)] * 30
    heard = mishearing.heard(words, random.Random(3))
    assert [w.label for w in heard if w.label] == [w.label for w in words if w.label]
    assert [w.core for w in heard] != [w.core for w in words]
    assert all(w.before == NO_BREAK for w in heard)


def test_a_source_does_not_show_the_style_and_the_labels_do() -> None:
    """No recogniser writes MR or an em dash because a house does; half of the places say so."""
    words = parse("Then MR Smith went home - but the PRESIDENT stayed. " * 20)
    shown = as_heard(words, WHISPER, random.Random(1), following=None, turns=False)
    titles = [one for one in shown if one.text.casefold().strip(".,") in ("mr", "president")]
    assert {one.case for one in titles} == {ALL}
    assert 0.3 < sum(case_of(one.text) == ALL for one in titles) / len(titles) < 0.7
    homes = [one for one in shown if one.text.startswith("home")]
    assert {one.mark for one in homes} == {COMMA}
    assert {"", ",", "-"} <= {one.text[4:] for one in homes}


def test_right_text_keeps_its_style() -> None:
    """What is right already must stay."""
    words = parse("Then MR Smith went home - but he stayed.")
    shown = as_heard(words, RIGHT, random.Random(1), following=None, turns=False)
    assert [one.text for one in shown][1] == "MR"
