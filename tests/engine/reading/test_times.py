"""Times are read, put in order, and matched with words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.reading.times import Timed, align, align_segments, in_order, seconds, spread


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        (2.5, 2.5),
        ("2.5", 2.5),
        ("00:01:02,500", 62.5),
        ("01:02.5", 62.5),
        (-3, 0.0),
        (None, None),
        (True, None),
        ("soon", None),
        ("", None),
        ([], None),
        (float("nan"), None),
        (float("inf"), None),
        (10**400, None),
        (1e12, None),
    ],
)
def test_a_time_is_read_from_every_form(value: Any, expected: float | None) -> None:
    """Numbers, texts and clocks are times; anything else is None, and a negative time is 0."""
    assert seconds(value) == expected


def test_milliseconds_are_scaled_but_clocks_are_not() -> None:
    """whisper.cpp writes both."""
    assert seconds(1500, scale=0.001) == 1.5
    assert seconds("00:00:01,500", scale=0.001) == 1.5


def test_one_wild_time_does_not_pull_the_others_along() -> None:
    """Most times stay, and the one that fits nowhere is dropped."""
    assert in_order([0.0, 5000.0, 2.0, 3.0, None, 4.0]) == [0.0, None, 2.0, 3.0, None, 4.0]


@given(st.lists(st.none() | st.floats(0, 100)))
def test_kept_times_never_decrease(times: list[float | None]) -> None:
    """Each kept time stays at its own place."""
    kept = in_order(times)
    known = [time for time in kept if time is not None]
    assert known == sorted(known)
    assert all(k is None or k == t for k, t in zip(kept, times, strict=True))


def test_producers_words_are_joined_and_divided_by_characters() -> None:
    """`-65` and `%` time one word; one entry of two words is divided."""
    timed = [
        Timed("-65", 0.0, 1.0, None, 0.8),
        Timed("%", 1.0, 1.2, None, 0.6),
        Timed(" ofus", 2.0, 3.0),
    ]
    first, second, third = align(["-65%", "of", "us"], timed)
    assert first is not None
    assert (first.start_s, first.end_s) == (0.0, 1.2)
    assert first.confidence == pytest.approx(0.7)
    assert second is not None
    assert third is not None
    assert (second.start_s, second.end_s) == (2.0, 2.5)
    assert (third.start_s, third.end_s) == (2.5, 3.0)


def test_word_lists_without_punctuation_time_their_words() -> None:
    """whisper-timestamped can omit it; case may differ too."""
    found = align(["Well,", "yes!", "-"], [Timed("well", 0.0, 0.5), Timed("yes", 0.5, 1.0)])
    assert [f and f.start_s for f in found] == [0.0, 0.5, None]


def test_alignment_resynchronises_after_a_difference() -> None:
    """Words on only one side get no time and do not affect the others."""
    words = ["please", "bring", "the", "twelve", "blue", "cups", "to", "the", "kitchen"]
    heard = ["please", "bring", "the", "12", "blue", "cups", "to", "the", "kitchen"]
    found = align(words, [Timed(w, float(i), i + 0.5) for i, w in enumerate(heard)])
    assert found[3] is None
    assert [f.start_s for f in found if f] == [0.0, 1.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0]


@given(st.lists(st.text(max_size=8), max_size=20), st.lists(st.text(max_size=8), max_size=20))
def test_alignment_survives_any_two_lists(words: list[str], heard: list[str]) -> None:
    """There is one answer per word, whatever the other list has."""
    timed = [Timed(text, float(i), i + 1.0) for i, text in enumerate(heard)]
    assert len(align(words, timed)) == len(words)


def test_a_span_is_divided_by_length() -> None:
    """A word of four letters takes twice the time of one of two."""
    spans = spread([2, 4], 10.0, 17.0)
    assert spans == [(10.0, 12.0), (13.0, 17.0)]
    assert spread([], 0.0, 1.0) == []


FETCHING = ["please", "bring", "the", "blue", "cups", "to", "the", "kitchen", "before", "noon"]


def test_a_list_that_lacks_a_stretch_shifts_nothing_after_it() -> None:
    """Each segment uses the words of its own time; one without such words gets none."""
    texts = [[f"{word}{n}" for word in FETCHING] for n in "abcdefgh"]
    segments = [(words, 5.0 * n, 5.0 * n + 5) for n, words in enumerate(texts)]
    timed = [
        Timed(word, 5.0 * n + i / 2, 5.0 * n + i / 2 + 0.4)
        for n, words in enumerate(texts)
        for i, word in enumerate(words)
        if n not in (2, 3)
    ]
    found = align_segments(segments, timed)
    for n, words in enumerate(found):
        expected = [None] * 10 if n in (2, 3) else [5.0 * n + i / 2 for i in range(10)]
        assert [f.start_s if f else None for f in words] == expected


def test_a_word_at_the_border_of_two_segments_is_given_once() -> None:
    """One ends and the next begins with the same word, and the list has it only once."""
    segments = [(["over", "there"], 0.0, 1.0), (["there", "it", "is"], 1.0, 2.5)]
    timed = [Timed(word, n / 2, n / 2 + 0.4) for n, word in enumerate(["over", "there", "it"])]
    found = align_segments(segments, timed)
    assert sum(f is not None and f.start_s == 0.5 for words in found for f in words) == 1


@pytest.mark.parametrize("off_s", [-4.0, 4.0])
def test_segments_whose_times_are_off_still_find_their_words(off_s: float) -> None:
    """Where the text agrees, it counts for more than the time."""
    said = (
        "where is my kettle ask her for tea bring us blue cups then we go home after long dark days"
    )
    texts = [said.split()[4 * n : 4 * n + 4] for n in range(5)]
    segments = [(words, 2.0 * n + 5 + off_s, 2.0 * n + 7 + off_s) for n, words in enumerate(texts)]
    timed = [
        Timed(word, 2.0 * n + i / 2 + 5, 2.0 * n + i / 2 + 5.4)
        for n, words in enumerate(texts)
        for i, word in enumerate(words)
        if (n, i) != (3, 1)
    ]
    found = align_segments(segments, timed)
    assert [f.start_s if f else None for f in found[4]] == [13.0, 13.5, 14.0, 14.5]
    assert [f.start_s if f else None for f in found[3]] == [11.0, None, 12.0, 12.5]
