"""How the one-shot commands tell an error: what happened, what to do, and an exit code."""

from __future__ import annotations

import click

from engine import prose
from engine.errors import EngineError, ModelError, OutputError


class Failure(click.ClickException):
    """An error for the user: what happened, and what to do."""

    exit_code = 1  # the file

    def __init__(self, error: EngineError, *, about: str = "") -> None:
        super().__init__(f"{prose.safe(about + str(error))}\n{prose.safe(error.hint)}")


class EnvironmentFailure(Failure):
    """An error that no other file would mend."""

    exit_code = 3


def failure(error: EngineError, *, about: str = "") -> Failure:
    """Return an error as its kind of failure."""
    environment = isinstance(error, ModelError | OutputError)
    return (EnvironmentFailure if environment else Failure)(error, about=about)
