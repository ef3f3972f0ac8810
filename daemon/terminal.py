"""Make text harmless to show: names and transcripts come from others, and terminals obey text."""

from __future__ import annotations

import json
from typing import Any

from engine.terminal import safe, safe_block

__all__ = ["json_text", "safe", "safe_block"]


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return JSON in ASCII alone, so that no control character of any kind is raw in it."""
    return json.dumps(value, indent=indent, default=str).replace("\x7f", "\\u007f")
