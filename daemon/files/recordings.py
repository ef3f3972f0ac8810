"""Which files are recordings, whether they are whole, and what lies beside them."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from daemon.config import Config
from engine import sidecars
from engine.audio import containers

MOST_BYTES: Final = 16 << 30  # a day of uncompressed stereo
# Looked for beside a transcript, in this order; talk.wav.json names its recording itself.
ENDINGS: Final = (
    ".m4a", ".mp3", ".wav", ".flac", ".ogg", ".opus", ".aac", ".aiff", ".aif", ".caf", ".wma",
    ".mp4", ".mov", ".m4v", ".mkv", ".webm",
)  # fmt: skip


def is_recording(config: Config, path: str) -> bool:
    """Return whether the settings make a file of this name a recording to be transcribed."""
    name = os.path.basename(path).lower()
    return any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in config.audio)


def is_complete(path: str) -> bool:
    """Return whether a recording is as long as it says; True where it cannot be told."""
    try:
        return not containers.read(path).cut_off
    except OSError:
        return True  # whoever reads it says what is wrong


def recording_beside(transcript: Path) -> Path | None:
    """Return the recording of a transcript: of the same name, in the same folder."""
    base = sidecars.base_of(transcript.name)
    # talk.srt keeps its ending in the names of its outputs; talk.1.json lay beside a talk.json.
    stems = dict.fromkeys((base, transcript.stem, re.sub(r"\.\d{1,3}$", "", base)))
    names = [base, *(f"{stem}{ending}" for stem in stems for ending in ENDINGS)]
    for name in names:
        if os.path.splitext(name)[1].lower() in ENDINGS:
            found = transcript.with_name(name)
            if found.is_file() and not found.is_symlink():
                return found
    return _other_case(transcript, {name.lower() for name in names})


def transcripts_beside(recording: Path, config: Config) -> Iterator[Path]:
    """Yield the transcripts of a recording that lie beside it, whoever wrote them."""
    stem, name = recording.stem, recording.name
    endings = {os.path.splitext(pattern)[1] for pattern in config.include}
    for base in (stem, name):
        for ending in sorted(endings | {".json"}):
            found = recording.with_name(base + ending)
            if ending and not is_recording(config, found.name) and found.is_file():
                yield found


def _other_case(transcript: Path, names: set[str]) -> Path | None:
    """Return a recording whose name differs in case alone (`TALK.M4A`)."""
    try:
        entries = sorted(os.scandir(transcript.parent), key=lambda entry: entry.name)
    except OSError:
        return None
    for entry in entries:
        lower = entry.name.lower()
        is_named = lower in names and os.path.splitext(lower)[1] in ENDINGS
        if is_named and entry.is_file(follow_symlinks=False):
            return Path(entry.path)
    return None
