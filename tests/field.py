"""Reduced files from the field, which lie beside the checkout where there are any."""

from __future__ import annotations

from pathlib import Path

import pytest

FIELD = Path(__file__).parents[2] / "shared" / "field"
needs_field = pytest.mark.skipif(not FIELD.is_dir(), reason=f"the cases are not at {FIELD}")
