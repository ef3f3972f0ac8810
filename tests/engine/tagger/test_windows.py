"""Windows over words: each word is taken once, with words on both its sides where there are any."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.tagger.windows import LEFT, RIGHT, windows


@given(st.lists(st.integers(0, 13), max_size=400), st.integers(40, 300))
def test_every_word_is_taken_once_and_no_window_is_too_long(sizes: list[int], length: int) -> None:
    """Whatever the sizes of the words; a mark on its own has none."""
    taken: list[int] = []
    for window in windows(sizes, length):
        assert window.first <= window.taken < window.until <= window.stop
        assert sum(sizes[window.first : window.stop]) <= length - 2
        taken += range(window.taken, window.until)
    assert taken == list(range(len(sizes)))


def test_a_window_shows_words_on_both_sides_of_those_that_are_taken_from_it() -> None:
    """But at the ends of the text."""
    first, *between, last = windows([1] * 1_000, 256)
    assert (first.first, last.stop) == (0, 1_000)
    assert all(window.taken - window.first == LEFT for window in (*between, last))
    assert all(window.stop - window.until == RIGHT for window in (first, *between))
