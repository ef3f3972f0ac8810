"""Where a moment of a transcript can be heard or read: files beside its source."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from daemon.operations.session import Session
from engine import sidecars

_MEDIA: Final = (
    ".mp3", ".m4a", ".wav", ".mp4", ".mkv", ".mov", ".webm", ".flac", ".ogg", ".opus", ".aac",
)  # fmt: skip

_READABLE: Final = ("enhanced.html", "enhanced.md", "enhanced.txt")


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


def output_of(session: Session, path: str) -> str | None:
    """Return the most readable output of a transcript that is there, None where there is none."""
    there = _outputs_of(session, path)
    found = (there[kind] for kind in _READABLE if kind in there)
    return next((output for output in found if os.path.isfile(output)), None)


def metadata_path_of(session: Session, path: str) -> Path:
    """Return the path of a transcript's metadata, which may be gone."""
    there = _outputs_of(session, path)
    beside = sidecars.paths_for(Path(path), [sidecars.METADATA])[sidecars.METADATA]
    return Path(there.get(sidecars.METADATA, beside))


def _outputs_of(session: Session, path: str) -> dict[str, str]:
    """Return the outputs as they were recorded, by suffix; they may lie in another folder."""
    with session.reading() as book:
        for job in book.queue.jobs_of_path(path):
            if job.outputs:
                return {output.suffix: output.path for output in job.outputs}
    return {}
