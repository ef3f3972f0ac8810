"""Whether a source or a folder is a path of this machine or behind an address."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_FILE: Final = "file://"


def is_address(text: str) -> bool:
    """Return whether a source or a folder is behind an address; `file://` is this machine."""
    return _ADDRESS.match(text) is not None and not text.lower().startswith(_FILE)


def as_local(text: str) -> str:
    """Return a `file://` address as the path that it means, anything else as it is."""
    if not text.lower().startswith(_FILE):
        return text
    return unquote(text[len(_FILE) :].removeprefix("localhost")) or "/"
