"""What the search for speakers is asked and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_SPEAKERS: Final = 20


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of sound in which one person speaks."""

    start_s: float
    end_s: float
    speaker: str  # a label: "SPEAKER_00"
    confidence: float | None = None  # 0 to 1, how much nearer this voice is than the next one


@dataclass(frozen=True, slots=True)
class Count:
    """How many speakers there are, as far as somebody knows."""

    least: int = 1
    most: int = 8

    @classmethod
    def exactly(cls, number: int) -> Count:
        """Return the count of a number that is known."""
        return cls(number, number)

    @property
    def told(self) -> bool:
        """Return whether the number is known."""
        return self.least == self.most


@dataclass(frozen=True, slots=True)
class Found:
    """The turns of a recording, in order."""

    turns: tuple[Turn, ...]
    tool: str  # and its version
    count: Count  # what it was told
    recording: str  # name of the file
    duration_s: float | None = None  # of the recording
