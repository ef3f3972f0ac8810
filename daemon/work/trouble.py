"""What ended a step beside the jobs, in words: the text stands, and the next step goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from daemon.errors import CannotRender, SourceError
from daemon.log import place_of
from engine.errors import EngineError
from state.job import Reason

_DETAIL: Final = 300


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a step ended without its result."""

    reason: str  # such as "recording_missing"
    detail: str  # one line for the user: what happened and what to do


def trouble_of(error: Exception) -> Trouble:
    """Return what an error means; one that nobody foresaw is a bug, named by its place alone."""
    if isinstance(error, CannotRender):
        return _named("not_rendered", error)
    if isinstance(error, EngineError | SourceError):
        return _named(str(error.reason), error)
    detail = f"A bug in llasa: {type(error).__name__} in {place_of(error)}."
    return Trouble(str(Reason.INTERNAL_ERROR), detail[:_DETAIL])


def _named(reason: str, error: EngineError | SourceError | CannotRender) -> Trouble:
    return Trouble(reason, f"{error} {error.hint}".strip()[:_DETAIL])
