"""A segment as a producer wrote it: what every reader gives to `build`."""

from __future__ import annotations

from dataclasses import dataclass

from engine.reading.times import Timed


@dataclass(frozen=True, slots=True)
class ShownAgain:
    """Words of a segment that later cues showed again, and that were said once."""

    text: str  # the words, once
    count: int  # words that were left out
    unsure: int = 0  # of these, those that may have been said a second time


@dataclass(frozen=True, slots=True)
class RawSegment:
    """A segment as a producer wrote it, with checked types."""

    text: str
    start_s: float | None = None
    end_s: float | None = None
    speaker: str | None = None
    words: tuple[Timed, ...] = ()  # only their times, speakers and confidences are used
    avg_logprob: float | None = None
    compression_ratio: float | None = None
    no_speech_prob: float | None = None
    marked: tuple[int, ...] = ()  # words in a mark of their own, counted in the text
    stamps: tuple[tuple[int, float], ...] = ()  # word, and the time that stands before it
    again: ShownAgain | None = None
