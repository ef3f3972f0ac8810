"""What every fault test gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.browser import browser, interview, made, page, server  # noqa: F401
from tests.acceptance.harness import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a new home with the light child."""
    return Home(tmp_path)
