"""The length of the next draft."""

from __future__ import annotations

from engine.guided.pace import FIRST, Pace


def taught(base_s: float, each_s: float, drafted: int, accepted: int) -> Pace:
    pace = Pace()
    for n in (1, 9, 17, 33, 65) * 40:
        pace.note_pass(n, base_s + each_s * n)
    for _ in range(200):
        pace.note_draft(drafted, accepted)
    return pace


def test_before_anything_is_known_the_draft_is_of_middle_length() -> None:
    """The first pass has to start somewhere."""
    assert Pace().choose() == FIRST


def test_where_long_passes_are_cheap_and_drafts_are_right_they_get_long() -> None:
    """A GPU reads a hundred tokens in the time of one."""
    assert taught(0.03, 0.0001, 64, 64).choose() >= 96


def test_where_drafts_are_wrong_they_get_short() -> None:
    """Half of the tokens refused: nobody drafts thirty."""
    assert taught(0.003, 0.0005, 8, 1).choose() <= 4


def test_where_every_token_costs_the_same_a_draft_saves_little() -> None:
    """A slow BLAS makes sixteen tokens cost sixteen times one."""
    slow = taught(0.0001, 0.01, 16, 12).choose()
    fast = taught(0.01, 0.0001, 16, 12).choose()
    assert slow < fast


def test_acceptance_counts_what_was_looked_at() -> None:
    """Tokens behind the first refusal say nothing."""
    assert 0.7 < taught(0.01, 0.001, 16, 3).acceptance < 0.8
