"""A home with a small tagger and a run of a few recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.tuning import prepare
from engine.tuning.store import Run
from tests.small_taggers import tagger_like
from tests.tuning.test_prepare import taken


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Return a home whose model `small` knows nothing."""
    home = tmp_path / "home"
    tagger_like(home / "var" / "models" / "small", bits=8, languages=["en"])
    return home


@pytest.fixture
def run(base: Path) -> Run:
    """Return a run of eight recordings that the model has not learnt from yet."""
    own = Run.of(base, "house")
    own.make()
    found = prepare.prepare([taken(n) for n in range(8)])
    own.write_recordings(found.parted)
    own.write_json("report.json", found.report)
    return own
