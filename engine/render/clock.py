"""Seconds -> a time for readers."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Return `m:ss`, or `h:mm:ss` from one hour on."""
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
