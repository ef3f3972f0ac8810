"""Tools that turn sound into words: one small interface, three that are found and not bundled."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from engine.audio import models
from engine.audio.models import Kind, WhisperModel
from engine.audio.python import interpreter_with
from engine.errors import TranscriberMissing

# No tool of ours may download a model behind the user's back.
OFFLINE: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
_TIMES: Final = re.compile(r"-->\s*(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_PERCENT: Final = re.compile(r"progress\s*=\s*(\d+)%")
TOOL_BYTES: Final = 1 << 30  # of a Whisper tool beside its model
_HELP_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What the settings say of tools for sound; everything may be left open."""

    transcriber: str | None = None  # the name of a backend; None: the best that is here
    model: str | None = None  # a path, a repository or a size; None: the best that is here
    python: str | None = None  # an interpreter with packages that ours lacks
    model_folders: tuple[Path, ...] = ()  # of the home


@dataclass(frozen=True, slots=True)
class Request:
    """One recording to be transcribed."""

    sound: Path  # 16 kHz, mono, WAV
    duration_s: float
    folder: Path  # where the tool may write
    model: Path  # of the backend's kind
    language: str | None  # ISO 639-1; None: the tool finds it


class Backend(Protocol):
    """A tool that transcribes."""

    name: str
    kind: Kind  # of its models
    how_to_get: str  # a clause: what to install
    how_to_get_a_model: str

    def where(self, setup: Setup) -> str | None:
        """Return the program, None where it is not on this machine."""

    def command(self, program: str, request: Request) -> list[str]:
        """Return the command that writes `result_of(request)`."""

    def seconds(self, line: str, request: Request) -> float | None:
        """Return how much of the recording is done, None for a line that does not say it."""

    def result_of(self, request: Request) -> Path:
        """Return the file that the tool writes."""


class MlxWhisper:
    """`mlx_whisper` of mlx-whisper, on a Mac's GPU."""

    name = "mlx_whisper"
    kind: Kind = "mlx"
    how_to_get = "uv tool install mlx-whisper (and ffmpeg, which it needs)"
    how_to_get_a_model = (
        "hf download mlx-community/whisper-large-v3-turbo (1.6 GB), or another of its models"
    )

    def where(self, setup: Setup) -> str | None:
        """Return the program; it cannot read a file without ffmpeg."""
        return shutil.which("mlx_whisper") if shutil.which("ffmpeg") else None

    def command(self, program: str, request: Request) -> list[str]:
        """Return the command."""
        language = ["--language", request.language] if request.language else []
        words = ["--word-timestamps", "True"] if _takes_value(program) else ["--word-timestamps"]
        return [
            program, str(request.sound), "--model", str(request.model),
            "--output-dir", str(request.folder), "--output-name", "transcript",
            "--output-format", "json", "--verbose", "True", *words, *language,
        ]  # fmt: skip

    def seconds(self, line: str, request: Request) -> float | None:
        """Return the end of the segment that a line shows."""
        return _shown_end(line)

    def result_of(self, request: Request) -> Path:
        """Return the file that the tool writes."""
        return request.folder / "transcript.json"


class WhisperCpp:
    """`whisper-cli` of whisper.cpp."""

    name = "whisper.cpp"
    kind: Kind = "ggml"
    how_to_get = "brew install whisper-cpp, or your distribution's whisper.cpp"
    how_to_get_a_model = (
        "a ggml-NAME.bin from https://huggingface.co/ggerganov/whisper.cpp, put into "
        "~/.cache/whisper.cpp"
    )

    def where(self, setup: Setup) -> str | None:
        """Return the program."""
        return shutil.which("whisper-cli")

    def command(self, program: str, request: Request) -> list[str]:
        """Return the command; the full JSON has the times of words."""
        return [
            program, "-m", str(request.model), "-f", str(request.sound),
            "-l", request.language or "auto", "-ojf", "-of", str(request.folder / "transcript"),
            "-pp",
        ]  # fmt: skip

    def seconds(self, line: str, request: Request) -> float | None:
        """Return the share that a line tells, or the end of the segment that it shows."""
        if found := _PERCENT.search(line):
            return int(found[1]) / 100 * request.duration_s
        return _shown_end(line)

    def result_of(self, request: Request) -> Path:
        """Return the file that the tool writes."""
        return request.folder / "transcript.json"


class FasterWhisper:
    """The package faster-whisper, by a program of ours that knows nothing else of llasa."""

    name = "faster-whisper"
    kind: Kind = "ct2"
    how_to_get = "uv tool install 'llasa[whisper]'"
    how_to_get_a_model = (
        "hf download Systran/faster-whisper-small (0.5 GB), or another of its models"
    )

    def where(self, setup: Setup) -> str | None:
        """Return a Python that has it."""
        return interpreter_with("faster_whisper", named=setup.python)

    def command(self, program: str, request: Request) -> list[str]:
        """Return the command."""
        script = Path(__file__).with_name("faster_whisper_tool.py")
        return [
            program, "-P", str(script), str(request.sound), str(request.model),
            str(self.result_of(request)), request.language or "",
        ]  # fmt: skip

    def seconds(self, line: str, request: Request) -> float | None:
        """Return what the program says."""
        try:
            return float(json.loads(line)["done_s"]) if line.startswith("{") else None
        except (ValueError, KeyError, TypeError):
            return None

    def result_of(self, request: Request) -> Path:
        """Return the file that the program writes."""
        return request.folder / "transcript.json"


BACKENDS: Final[Mapping[str, Backend]] = {
    backend.name: backend for backend in (MlxWhisper(), WhisperCpp(), FasterWhisper())
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A tool with one of its models."""

    backend: Backend
    program: str
    model: WhisperModel

    @property
    def memory_bytes(self) -> int:
        """Return about what the tool needs at most: its model and what it reads.

        A model of half precision takes twice its size where it computes in single precision.
        """
        return 2 * self.model.size_bytes + TOOL_BYTES


def choose(setup: Setup, *, language: str | None = None) -> Chosen:
    """Return the tool and model that the settings name, or the best that are here.

    Raises `TranscriberMissing`, which says what is missing of what.
    """
    lacking: list[str] = []
    for backend in _in_order(setup.transcriber):
        program = backend.where(setup)
        if program is None:
            lacking.append(f"{backend.name} is not here")
            continue
        model = _model(backend, setup)
        if model is not None:
            return Chosen(backend, program, model)
        which = f"no model {setup.model}" if setup.model else "no model"
        lacking.append(f"{backend.name} is here, but {which} of its kind")
    what = "No Whisper tool can be used: " + "; ".join(lacking) + "."
    raise TranscriberMissing(what, hint=_hint(setup))


def available(setup: Setup) -> list[tuple[Backend, str | None, list[WhisperModel]]]:
    """Return each backend with its program, if it is here, and its models."""
    return [
        (backend, backend.where(setup), models.found(backend.kind, setup.model_folders))
        for backend in _in_order(None)
    ]


def _in_order(name: str | None) -> Sequence[Backend]:
    """Return the one that is named, or all, the fastest on this kind of machine first."""
    if name is not None:
        return (BACKENDS[name],)
    order = ("faster-whisper", "whisper.cpp", "mlx_whisper")
    if sys.platform == "darwin":
        order = ("mlx_whisper", "whisper.cpp", "faster-whisper")
    return [BACKENDS[each] for each in order]


def _model(backend: Backend, setup: Setup) -> WhisperModel | None:
    if setup.model is not None:
        return models.named(backend.kind, setup.model, setup.model_folders)
    return next(iter(models.found(backend.kind, setup.model_folders)), None)


def _hint(setup: Setup) -> str:
    here = [backend for backend in _in_order(setup.transcriber) if backend.where(setup)]
    if here:
        return f"Get a model: {here[0].how_to_get_a_model}. docs/audio.md says where it may lie."
    first = _in_order(setup.transcriber)[0]
    return f"Install one: {first.how_to_get}; `llasactl doctor` lists them all."


def _shown_end(line: str) -> float | None:
    found = _TIMES.search(line)
    if found is None:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


@functools.lru_cache(maxsize=4)
def _takes_value(program: str) -> bool:
    """Return whether `--word-timestamps` wants a value: versions of mlx_whisper differ."""
    try:
        done = subprocess.run(
            [program, "--help"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_HELP_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return True
    return b"--word-timestamps WORD_TIMESTAMPS" in done.stdout
