"""Recording -> 16 kHz, mono, 16 bit: by ffmpeg where it is, else by soundfile and soxr.

Either works block by block in a process of its own, so a recording of four hours costs the memory
of a second of it. What is damaged is named; what can be heard of it is used.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.audio import containers, tool
from engine.audio.python import interpreter_with
from engine.errors import BadSound, ConverterMissing, OutputError, ToolFailed

RATE: Final = 16_000
SPARE_BYTES: Final = 1 << 28  # of the disk, which stay free
SHORTEST_S: Final = 0.1
LOST_S: Final = 2.0  # less than this is how formats round
READ_BY_SOUNDFILE: Final = frozenset(("wav", "flac", "ogg", "opus", "mp3", "aiff", "caf"))
_PACKAGES: Final = ("soundfile", "soxr")
_CLOCK: Final = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_DAMAGE: Final = re.compile(
    r"invalid data|error while decoding|error submitting|header missing|corrupt|truncat"
    r"|partial file|moov atom not found|invalid frame|end of file",
    re.IGNORECASE,
)

#: Is told of seconds done and of all seconds, None where they are not known.
Progress = Callable[[float, float | None], None]


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording, ready for every tool."""

    path: Path  # 16 kHz, mono, 16 bit, WAV
    duration_s: float  # of what can be heard
    format: str  # of the recording: "m4a"; "" where only ffmpeg knows it
    damage: str | None  # what is wrong with the recording, as a clause; None: nothing was found


def prepare(
    recording: Path,
    folder: Path,
    *,
    python: str | None = None,
    progress: Progress = lambda done_s, total_s: None,
    check: Callable[[], None] = lambda: None,
) -> Sound:
    """Convert a recording into `folder`, or take it as it is where nothing needs to be done.

    `python` is another interpreter in which soundfile and soxr may be.

    Raises `BadSound` where nothing can be heard, `ConverterMissing`, and `ToolSilent`.
    """
    try:
        header = containers.read(recording)
        size = recording.stat().st_size
    except OSError as error:
        raise BadSound(
            f"The recording cannot be read: {error.strerror}.", hint="Check its permissions."
        ) from error
    if not size:
        raise BadSound("The recording is empty.")
    if header.plain and not header.cut_off and header.duration_s is not None:
        return _checked(Sound(recording, header.duration_s, header.format, None))
    target = folder / "sound.wav"
    _refuse_full_disk(folder, header)
    if ffmpeg := shutil.which("ffmpeg"):
        found = _by_ffmpeg(ffmpeg, recording, target, header, progress, check)
    else:
        found = _by_soundfile(recording, target, header, python, progress, check)
    return _checked(found)


def converters(python: str | None = None) -> list[str]:
    """Return what here can convert sound, the better one first."""
    found = ["ffmpeg"] if shutil.which("ffmpeg") else []
    return found + (["soundfile and soxr"] if interpreter_with(*_PACKAGES, named=python) else [])


def _by_ffmpeg(
    ffmpeg: str,
    recording: Path,
    target: Path,
    header: containers.Header,
    progress: Progress,
    check: Callable[[], None],
) -> Sound:
    total_s = header.duration_s
    complaints: list[str] = []

    def heard(line: str) -> bool:
        nonlocal total_s
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.lstrip("-").isdigit():
            progress(max(0, int(value)) / 1e6, total_s)
        elif total_s is None and (found := _CLOCK.search(line)):
            total_s = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
        elif _DAMAGE.search(line):
            complaints.append(line)
        return True

    command = [ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-y", "-progress", "pipe:1"]
    # The file alone: a playlist or a link in it must not make ffmpeg open anything else.
    command += ["-protocol_whitelist", "file,pipe", "-i", f"file:{os.path.abspath(recording)}"]
    command += ["-map", "0:a:0", "-vn", "-sn", "-dn", "-ac", "1", "-ar", str(RATE)]
    command += ["-c:a", "pcm_s16le", "-f", "wav", f"file:{target}"]
    failed = None
    try:
        tool.run(command, heard=heard, check=check)
    except ToolFailed as error:
        failed = error  # what it wrote until then may be heard
    return _sound(target, header, total_s, complaints, failed)


def _by_soundfile(
    recording: Path,
    target: Path,
    header: containers.Header,
    named: str | None,
    progress: Progress,
    check: Callable[[], None],
) -> Sound:
    python = interpreter_with(*_PACKAGES, named=named)
    if python is None or header.format not in READ_BY_SOUNDFILE:
        what = header.format or "this format"
        raise ConverterMissing(f"No tool on this machine reads {what}.")
    total_s = header.duration_s

    def heard(line: str) -> bool:
        nonlocal total_s
        if line.startswith("{"):
            done = json.loads(line)
            total_s = done["total_s"] if total_s is None else total_s
            progress(float(done["done_s"]), total_s)
        return True

    program = Path(__file__).with_name("convert_tool.py")
    failed = None
    try:
        tool.run(
            [python, "-P", str(program), str(recording), str(target)], heard=heard, check=check
        )
    except ToolFailed as error:
        failed = error
    return _sound(target, header, total_s, [], failed)


def _sound(
    target: Path,
    header: containers.Header,
    total_s: float | None,
    complaints: list[str],
    failed: ToolFailed | None,
) -> Sound:
    """Return what was converted and what is wrong with it; raises `BadSound` for nothing."""
    if failed is not None and "no space left" in failed.said.lower():
        raise OutputError("The disk is full: the sound cannot be converted", reason="disk_full")
    there = containers.read(target) if target.exists() else containers.Header("")
    duration_s = there.duration_s or 0.0
    if duration_s < SHORTEST_S:
        if not header.format:
            raise BadSound("This is no recording of a kind that is known.")
        why = "it ends too early" if header.cut_off else "it is damaged, or it has no sound track"
        raise BadSound(f"No sound can be read from this {header.format} file: {why}.")
    damage = None
    if header.cut_off:
        damage = "the file ends too early"
    elif total_s is not None and total_s - duration_s > max(LOST_S, 0.01 * total_s):
        damage = f"only {duration_s:.1f} of {total_s:.1f} seconds can be heard"
    elif failed is not None:
        damage = "reading it ended with an error"
    elif complaints:
        damage = f"places that cannot be decoded: {len(complaints)}"
    return Sound(target, duration_s, header.format, damage)


def _checked(sound: Sound) -> Sound:
    if sound.duration_s < SHORTEST_S:
        raise BadSound(f"The recording lasts {sound.duration_s:.2f} s: there is nothing to hear.")
    return sound


def _refuse_full_disk(folder: Path, header: containers.Header) -> None:
    needed = SPARE_BYTES + int((header.duration_s or 0.0) * RATE * 2)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(
            f"Converting it needs {needed / 1e9:.1f} GB of disk, and {free / 1e9:.1f} GB are free",
            reason="disk_full",
        )
