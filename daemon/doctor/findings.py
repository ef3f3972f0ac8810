"""The result of an examination: what was found, how bad it is, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "failure"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`."""

    check: str  # what was examined, one word
    state: State
    text: str  # what was found, a sentence without a full stop
    advice: str = ""  # what to do, where there is something


def ok(check: str, text: str) -> Finding:
    """Return a finding that nothing is wrong."""
    return Finding(check, "ok", text)


def warning(check: str, text: str, advice: str = "") -> Finding:
    """Return a finding that may become a problem."""
    return Finding(check, "warning", text, advice)


def failure(check: str, text: str, advice: str = "") -> Finding:
    """Return a finding that something does not work."""
    return Finding(check, "failure", text, advice)
