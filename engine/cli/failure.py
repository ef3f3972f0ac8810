"""How the one-shot commands tell an error: what happened, what to do, and an exit code."""

from __future__ import annotations

import click

from engine.errors import (
    ChildError,
    EngineError,
    GpuTimeout,
    InvalidTranscript,
    ModelError,
    NoMemory,
    OutputError,
    SpeakersError,
)
from engine.terminal import safe

# What to do where there is no daemon, no job and no llasa.toml; in place of the errors' own hints.
_HINTS: dict[type[EngineError], str] = {
    InvalidTranscript: "Write the transcript again with your Whisper tool, then run this again.",
    SpeakersError: "Mend the line, then run this again.",
    ModelError: "Name another model with --model.",
    ChildError: "Run it again; `llasa-cli bench` tells whether the model works here.",
    NoMemory: "Name a smaller model with --model, or close what else fills the memory.",
    GpuTimeout: "Let the display sleep while it works, or name a smaller model with --model.",
}


class Failure(click.ClickException):
    """An error for the user: what happened, and what to do."""

    exit_code = 1  # the file

    def __init__(self, error: EngineError, *, about: str = "") -> None:
        super().__init__(f"{safe(about + str(error))}\n{safe(hint(error))}")


class EnvironmentFailure(Failure):
    """An error that no other file would mend."""

    exit_code = 3


def failure(error: EngineError, *, about: str = "") -> Failure:
    """Return an error as its kind of failure."""
    environment = isinstance(error, ModelError | ChildError | OutputError)
    return (EnvironmentFailure if environment else Failure)(error, about=about)


def hint(error: EngineError) -> str:
    """Return what to do: the error's own words, else those of its kind, said for one command."""
    if "hint" in vars(error):
        return error.hint
    for kind in type(error).__mro__:
        if kind in _HINTS:
            return _HINTS[kind]
        if "hint" in vars(kind):
            break
    return error.hint
