"""A few hundred faults of the ten kinds, the same ones every time; `fuzz` runs more."""

from __future__ import annotations

import pytest

from tests.engine.reading.fuzz.run import KINDS, results

CASES = 300
SEED = 7


@pytest.mark.parametrize("part", range(3))
def test_no_fault_gives_other_words_times_or_speakers(part: int) -> None:
    """Every file is read rightly, told to be in doubt, or refused by name."""
    size = CASES // 3
    found = [*results(SEED, range(part * size, (part + 1) * size))]
    assert {result.kind for result in found} == set(KINDS)
    assert [result for result in found if result.broken] == []
    assert sum(result.ended == "read" for result in found) > size / 2
