"""How a word is shown to a tagger and spelled in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tagger.pieces import MOST_PIECES, Pieces, shown
from tests import small_taggers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don’t", "don't"),
        ('"Yes,"', "Yes,"),
        ("(maybe)", "maybe"),
        ("Mr.", "Mr."),
        ("U.S.,", "U.S.,"),
        ("wait…", "wait..."),
        ("what?!", "what?"),
        ("¿Qué", "¿Qué"),
        ("mais—", "mais-"),
        ("3.5", "3.5"),
    ],
)
def test_a_word_is_shown_with_one_mark_and_without_quotes(text: str, expected: str) -> None:
    """As the texts of the training are."""
    assert shown(text) == expected


def test_text_in_capitals_is_shown_in_lower_case() -> None:
    """Capitals throughout say nothing of names."""
    assert shown("WORLD.", shouting=True) == "world."


@given(st.text(min_size=1, max_size=60))
def test_every_word_has_pieces_and_none_more_than_a_few(text: str) -> None:
    """A word that no piece spells is unknown; the labels stand on the last piece."""
    pieces = Pieces(small_taggers.tokenizer())
    ids = pieces.word(shown(text))
    assert 1 <= len(ids) <= MOST_PIECES
    assert all(0 <= n < pieces.count for n in ids)
