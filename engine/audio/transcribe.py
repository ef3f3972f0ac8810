"""Sound -> the JSON that a Whisper tool writes, by a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine import reading
from engine.audio import tool
from engine.audio.backends import OFFLINE, Chosen, Request
from engine.audio.prepare import Sound
from engine.errors import ToolFailed, TranscriptError

MOST_BYTES: Final = 64 << 20  # of a result; a larger one is no transcript


@dataclass(frozen=True, slots=True)
class Transcription:
    """What a tool wrote, checked to be a transcript that llasa can read."""

    data: bytes  # the file as the tool wrote it
    words: int


def transcribe(
    sound: Sound,
    chosen: Chosen,
    folder: Path,
    *,
    language: str | None = None,
    progress: Callable[[float, float | None], None] = lambda done_s, total_s: None,
    check: Callable[[], None] = lambda: None,
    silence_s: float = tool.SILENCE_S,
) -> Transcription:
    """Transcribe prepared sound; `folder` is for the tool and may hold what an earlier run left.

    Raises `ToolError` where the tool fails or what it wrote is no transcript.
    """
    request = Request(sound.path, sound.duration_s, folder, chosen.model.path, language)
    backend = chosen.backend

    def heard(line: str) -> bool:
        done_s = backend.seconds(line, request)
        if done_s is not None:
            progress(min(done_s, sound.duration_s), sound.duration_s)
        return done_s is not None

    result = backend.result_of(request)
    result.unlink(missing_ok=True)
    try:
        tool.run(
            backend.command(chosen.program, request),
            heard=heard,
            check=check,
            silence_s=silence_s,
            environment=OFFLINE,
        )
    except ToolFailed as error:
        raise error.named(backend.name) from error
    return _read(result, backend.name)


def _read(result: Path, name: str) -> Transcription:
    """Return what the tool wrote; some end with 0 after a failure and have written nothing."""
    try:
        with result.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ToolFailed(code=0, said="it wrote no transcript", name=name) from error
    if len(data) > MOST_BYTES:
        raise ToolFailed(code=0, said="it wrote more than a transcript", name=name)
    try:
        return Transcription(data, len(reading.read(data, name=result.name).words))
    except TranscriptError as error:
        raise ToolFailed(
            code=0, said=f"what it wrote cannot be read: {error}", name=name
        ) from error
