"""Make text safe to print: names and transcripts are foreign, and terminals obey control codes."""

from __future__ import annotations

import json
from typing import Any

from engine.terminal import safe, safe_block

__all__ = ["json_text", "safe", "safe_block"]


def json_text(value: Any, *, indent: int | None = None) -> str:
    """Return JSON in ASCII only, so that it holds no raw control character of any kind."""
    return json.dumps(value, indent=indent, default=str).replace("\x7f", "\\u007f")
