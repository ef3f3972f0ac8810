"""Kind: times that go back, and whether the clock has started again, are told."""

from __future__ import annotations

import pytest

from tests.engine.reading.samples import load
from tests.engine.reading.test_kind_times import LINES, items, note


@pytest.mark.parametrize(
    "spans",
    [
        [(0, 5), (5, 12), (2, 8), (8, 16), (17, 21)],  # by three seconds, once
        [(0, 1), (1, 2), (2, 6), (6, 15), (5, 16)],  # by one second, and ten of overlap
        [(0, 13.5), (3.6, 7.3), (7.4, 14.7), (4.8, 7.4), (7.4, 9.9)],
    ],
)
def test_a_clock_that_may_have_started_again_is_in_doubt(spans: list[tuple[float, float]]) -> None:
    """It goes back by less than a window, but too far for two voices."""
    said = [f"{line} Number {n}." for n, line in enumerate((*LINES, *LINES))]
    segments = [{"start": a, "end": b, "text": t} for (a, b), t in zip(spans, said, strict=False)]
    assert note(load(segments), "times_in_doubt") is not None


def test_voices_that_overlap_a_little_are_in_no_doubt() -> None:
    """Less than a second, and no time goes back."""
    segments = items()
    segments[2]["start"] -= 0.7
    assert load(segments).notes == ()
