"""What a tuned model is judged by."""

from __future__ import annotations

from engine.tuning import judge


def test_a_language_that_no_shipped_text_has_is_judged_at_home_alone() -> None:
    """A model may know more languages than there are texts of."""
    wanted = judge.trials_of([], languages=("sv", "en"), words=50)
    assert {one.language for one in wanted.elsewhere} == {"en"}
