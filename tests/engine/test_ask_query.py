"""Any text can be searched for, and what is highlighted is what was asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ask import passages, rank
from engine.ask.passages import Spoken
from engine.ask.query import MOST_TERMS, matches, parse
from engine.ask.tokens import fold, tokens


def spoken(text: str) -> tuple[Spoken, ...]:
    """Return a text as the words of passages."""
    return tuple(word for passage in passages.of_text(text) for word in passage.words)


def marked(query: str, text: str) -> list[str]:
    """Return the words of a text that a query finds."""
    words = spoken(text)
    found = frozenset().union(*matches(parse(query), words))
    return [words[place].text for place in sorted(found)]


@given(st.text(max_size=200))
def test_any_text_is_a_query(text: str) -> None:
    """No input is a mistake, and a term has tokens that `tokens` would find again."""
    query = parse(text)
    assert len(query.terms) <= MOST_TERMS
    for term in query.terms:
        assert term.tokens
        assert all(tokens(token) == [token] for token in term.tokens if token.isascii())


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    """What is indexed and what is asked may have gone through it a different number of times."""
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("muller", "Frau Müller, sagt er", ["Müller,"]),
        ("ΕΛΛΑΔΑ", "στην Ελλάδα τώρα", ["Ελλάδα"]),
        ("promised", "they promise a lot, and it is promising", ["promise", "promising"]),
        ("promise", "they promise a lot, and it is promising", ["promise"]),
        ('"at the cost"', "at the time, at the cost", ["at", "the", "cost"]),
        ("don't", "I don’t know, do not", ["don’t"]),
        ("東京", "昨日東京に行った。京都へ", ["東", "京"]),
        ("हिन्दी", "मैं हिन्दी बोलता हूँ हन्दे", ["हिन्दी"]),
        ("15", "15 or 150 pounds", ["15"]),
        ("cat", "the category of cats", []),
    ],
)
def test_words_are_found_in_their_forms(query: str, text: str, found: list[str]) -> None:
    """Case, accents and endings do not count; short words and numbers stand as they are."""
    assert marked(query, text) == found


def test_each_term_has_its_own_answers() -> None:
    """So that it can be said whether all of them are answered."""
    words = spoken("they balked at the cost")
    assert matches(parse("cost balked elephant"), words) == [{4}, {1}, set()]


def test_rankings_are_joined_by_their_places() -> None:
    """What two rankings have goes first; a single ranking keeps its order."""
    assert rank.fuse([[1, 2, 3], [3, 4]]) == [3, 1, 2, 4]
    assert rank.fuse([[5, 6, 7]]) == [5, 6, 7]
    assert rank.fuse([]) == []


def test_what_is_near_is_not_lost_behind_passages_with_a_word_or_two() -> None:
    """Only those that have enough of the words are joined with the near ones; others follow."""
    assert rank.join([1, 2, 3], set(), [8, 3]) == [8, 3, 1, 2]
    assert rank.join([1, 2, 3], {1}, [8, 9]) == [1, 8, 9, 2, 3]
    assert rank.join([1, 2, 3], {1, 2, 3}, []) == [1, 2, 3]
    assert rank.join([], set(), [8]) == [8]
