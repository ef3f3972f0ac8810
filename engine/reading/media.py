"""Parsed JSON -> the name of the recording, where the file gives one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from engine.text.prose import printable
from engine.text.words import clean

ENDINGS: Final = "mp3 m4a wav mp4 flac ogg opus webm mov aac mkv aiff"
_KEYS: Final = (
    "audio", "audio_file", "audio_filename", "audio_path", "file", "filename", "file_name", "media",
    "media_file", "input", "input_file", "source", "source_file", "audio_url", "audiofile",
)  # fmt: skip
_NAME: Final = re.compile(rf"[^/\\:?#]{{1,200}}\.(?:{ENDINGS.replace(' ', '|')})", re.IGNORECASE)


def media_of(values: Iterable[Any]) -> str | None:
    """Return the name without its folder, which is that of another time or machine."""
    for value in values:
        if not isinstance(value, dict):
            continue
        within = value.get("metadata")
        for one in (value, within if isinstance(within, dict) else {}):
            for key in _KEYS:
                said = one.get(key)
                if isinstance(said, str) and len(said) < 4_096:
                    name = re.split(r"[/\\]", said.split("?")[0])[-1]
                    if _NAME.fullmatch(name) and clean(printable(name)) == name:
                        return name
    return None
