"""A transcript that the user named, or standard input: its bytes, read safely."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from engine.errors import TranscriptError

MAX_BYTES: Final = 64 << 20
STDIN: Final = "-"
FILE: Final = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@dataclass(frozen=True, slots=True)
class Source:
    """A transcript before it is understood."""

    path: Path | None  # None: it came from standard input
    name: str
    data: bytes
    mode: int  # permissions of the file; those of a new file for standard input


def read(path: Path) -> Source:
    """Return a file, or standard input for `-`; raises `TranscriptError`."""
    if str(path) == STDIN:
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
        return Source(None, "standard-input.txt", _not_too_large(data), 0o644)
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TranscriptError(
            f"The file cannot be read: {error.strerror}.",
            hint="Check its name and its permissions.",
            reason="unreadable",
        ) from error
    return Source(path, path.name, _not_too_large(data), status.st_mode & 0o777)


def _not_too_large(data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise TranscriptError(
            f"The file is larger than {MAX_BYTES >> 20} MiB.",
            hint="Split the recording before transcribing it.",
            reason="too_large",
        )
    return data
