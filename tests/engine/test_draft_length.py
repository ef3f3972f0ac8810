"""The length of the next draft."""

from __future__ import annotations

from engine.guided.draft_length import FIRST, DraftLength


def trained(base_s: float, each_s: float, drafted: int, accepted: int) -> DraftLength:
    length = DraftLength()
    for n in (1, 9, 17, 33, 65) * 40:
        length.note_pass(n, base_s + each_s * n)
    for _ in range(200):
        length.note_draft(drafted, accepted)
    return length


def test_before_anything_is_known_the_draft_is_of_middle_length() -> None:
    """The first draft has a length before any pass was measured."""
    assert DraftLength().choose() == FIRST


def test_drafts_get_long_where_long_passes_are_cheap_and_drafts_are_right() -> None:
    """A GPU reads a hundred tokens in the time of one."""
    assert trained(0.03, 0.0001, 64, 64).choose() >= 96


def test_drafts_get_short_where_they_are_wrong() -> None:
    """Where every other token is refused, a draft of thirty wastes its pass."""
    assert trained(0.003, 0.0005, 8, 1).choose() <= 4


def test_where_every_token_costs_the_same_a_draft_saves_little() -> None:
    """With a slow BLAS sixteen tokens cost sixteen times as much as one."""
    slow = trained(0.0001, 0.01, 16, 12).choose()
    fast = trained(0.01, 0.0001, 16, 12).choose()
    assert slow < fast


def test_acceptance_counts_only_the_tokens_that_were_compared() -> None:
    """Tokens behind the first refused one say nothing."""
    assert 0.7 < trained(0.01, 0.001, 16, 3).acceptance < 0.8
