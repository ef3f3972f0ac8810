"""Engine errors -> errors of the command line: what happened, what to do, and an exit code."""

from __future__ import annotations

import click

from engine.archive.errors import ArchiveError, NothingFound
from engine.errors import (
    BadSound,
    ChildError,
    EngineError,
    GpuTimeout,
    InvalidTranscript,
    ModelError,
    NoMemory,
    OutputError,
    SoundError,
    SpeakersError,
)
from engine.terminal import safe

# `llasa-cli` has no daemon, no job and no llasa.toml, which the errors' own hints may name.
_HINTS: dict[type[EngineError], str] = {
    InvalidTranscript: "Write the transcript again with your Whisper tool, then run this again.",
    SpeakersError: "Fix the line, then run this again.",
    ModelError: "Name another model with --model.",
    ChildError: "Run it again; `llasa-cli bench` shows whether the model works here.",
    NoMemory: "Name a smaller model with --model, or close other programs that use much memory.",
    GpuTimeout: "Let the display sleep while it works, or name a smaller model with --model.",
}


class Failure(click.ClickException):
    """An error with a next step; the problem is the file."""

    exit_code = 1

    def __init__(self, error: EngineError, *, about: str = "") -> None:
        super().__init__(f"{safe(about + str(error))}\n{safe(hint(error))}")


class UsageFailure(Failure):
    """An error of what the user named: it is not there."""

    exit_code = 2


class EnvironmentFailure(Failure):
    """An error that every other file would meet too: the model, the disk."""

    exit_code = 3


def failure(error: EngineError, *, about: str = "") -> Failure:
    """Return an error as the failure with its exit code; `about` goes before its message."""
    if isinstance(error, NothingFound):
        return UsageFailure(error, about=about)
    environment = isinstance(error, ArchiveError | ModelError | ChildError | OutputError)
    if isinstance(error, SoundError):
        environment = not isinstance(error, BadSound)
    return (EnvironmentFailure if environment else Failure)(error, about=about)


def hint(error: EngineError) -> str:
    """Return what to do: the error's own hint, else that of its kind for one command."""
    if "hint" in vars(error):
        return error.hint
    for kind in type(error).__mro__:
        if kind in _HINTS:
            return _HINTS[kind]
        if "hint" in vars(kind):
            break
    return error.hint
