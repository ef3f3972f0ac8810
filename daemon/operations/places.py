"""Where a moment of a transcript can be heard or read: files beside its source."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine import sidecars

_MEDIA: Final = (
    ".mp3", ".m4a", ".wav", ".mp4", ".mkv", ".mov", ".webm", ".flac", ".ogg", ".opus", ".aac",
)  # fmt: skip


def media_of(path: str, at_s: float | None) -> str | None:
    """Return the recording beside a transcript as a link to a moment, None where there is none."""
    source = Path(path)
    base = sidecars.base_of(source.name)
    for name in dict.fromkeys((base, source.stem)):
        for suffix in _MEDIA:
            found = source.with_name(name + suffix)
            if found.is_file():
                return found.as_uri() + ("" if at_s is None else f"#t={at_s:g}")
    return None


def output_of(path: str) -> str | None:
    """Return the most readable output beside a transcript, None where there is none."""
    kinds = ("enhanced.html", "enhanced.md", "enhanced.txt")
    there = sidecars.paths_for(Path(path), kinds)
    return next((str(there[kind]) for kind in kinds if there[kind].is_file()), None)
