"""The line that shows where a training stands fits into a terminal, or it could not be replaced."""

from __future__ import annotations

import pytest

from engine.cli.tune_show import line
from engine.tuning.client import Learning

HALF = Learning(
    stage="", done=0, of=0, step=54, steps=108, loss=0.75, valid=0.7012, first_valid=0.7815,
    best_valid=0.6922, best_step=27, memory_bytes=4_115_000_000,
)  # fmt: skip
LOADING = Learning(
    stage="loading " + "a-long\x1b[2J-" * 12, done=0, of=2, step=0, steps=0, loss=0.0, valid=0.0,
    first_valid=0.0, best_valid=0.0, best_step=0, memory_bytes=55_000_000,
)  # fmt: skip


@pytest.mark.parametrize("columns", [20, 40, 60, 79, 100, 119, 200])
@pytest.mark.parametrize("waits", [False, True])
def test_no_line_is_longer_than_the_terminal(columns: int, waits: bool) -> None:
    """The step comes first, so that it is seen on the narrowest."""
    for learning, left_s in ((HALF, 1440.0), (HALF, None), (LOADING, None)):
        text = line("house", learning, left_s, waits=waits, columns=columns)
        assert len(text) <= columns
        assert "\x1b" not in text
    assert line("house", HALF, 1440.0, waits=waits, columns=columns).startswith("house: ")
    assert "54/108" in line("house", HALF, 1440.0, waits=waits, columns=columns)


def test_a_wide_terminal_has_all_of_it_and_a_narrow_one_what_counts() -> None:
    """A bar is drawn where there is room for one."""
    assert line("house", HALF, 1440.0, waits=False, columns=119) == (
        f"house: [{'=' * 11}{' ' * 11}] 54/108 loss 0.7500, kept apart 0.7012 (best 0.6922 at 27), "
        "24:00 left at most, 4,115 MB"
    )
    assert line("house", HALF, 1440.0, waits=False, columns=79) == (
        "house: 54/108 loss 0.7500, kept apart 0.7012, 24:00 left at most, 4,115 MB"
    )
    assert line("house", HALF, 1440.0, waits=False, columns=87) == (
        "house: [=====     ] 54/108 loss 0.7500, kept apart 0.7012, 24:00 left at most, 4,115 MB"
    )
    assert line("house", HALF, None, waits=True, columns=None).endswith(
        "(best 0.6922 at 27), 4,115 MB; others wait for the model (Ctrl-C: go on later)"
    )
