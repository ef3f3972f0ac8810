"""Turns -> a speaker for every word; the words themselves stay as they are.

A word belongs to the turn that it shares most time with, and one in no turn to the nearest turn
within `NEAR_S`. Then the three-word rule of `reading.jitter` corrects labels that jump inside a
sentence.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from engine.diarize.records import Turn
from engine.pipeline import Plan
from engine.reading import jitter
from engine.records import EnhancedPart, Part, Transcript, Word

NEAR_S: Final = 2.0


def in_plan(plan: Plan, turns: Sequence[Turn]) -> Plan:
    """Return a plan whose words have the speakers of these turns.

    It is cut as before: what was decided for its parts still fits them.
    """
    if not turns or plan.transcript.timing == "none":
        return plan
    transcript = labelled(plan.transcript, turns)
    words = iter(transcript.words)
    parts = [replace(part, words=tuple(next(words) for _ in part.words)) for part in plan.parts]
    return replace(plan, transcript=transcript, parts=_with_after(parts))


def in_parts(plan: Plan, parts: Iterable[EnhancedPart]) -> list[EnhancedPart]:
    """Return decided parts with the words of a plan, which differ in their speakers alone."""
    return [
        replace(
            enhanced,
            words=tuple(
                replace(one, word=replace(one.word, speaker=word.speaker))
                for one, word in zip(enhanced.words, part.words, strict=True)
            ),
        )
        for enhanced, part in zip(parts, plan.parts, strict=True)
    ]


def labelled(transcript: Transcript, turns: Sequence[Turn]) -> Transcript:
    """Return a transcript whose words have the speakers of these turns."""
    ordered = sorted(turns, key=lambda turn: (turn.start_s, turn.end_s))
    finder = _Finder(ordered)
    segments = []
    majorities: list[str | None] = []
    for segment in transcript.segments:
        words = tuple(replace(word, speaker=finder.speaker_of(word)) for word in segment.words)
        segments.append(replace(segment, words=words))
        counts = Counter(word.speaker for word in words)
        majorities.append(counts.most_common(1)[0][0] if counts else None)
    settled, relabelled = jitter.settle(segments, majorities)
    return replace(transcript, segments=tuple(settled), relabelled=relabelled)


class _Finder:
    """Finds the turn of a word among turns in order."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._starts = [turn.start_s for turn in turns]
        self._longest_s = max((turn.end_s - turn.start_s for turn in turns), default=0.0)

    def speaker_of(self, word: Word) -> str | None:
        start = word.start_s
        if start is None:
            return None
        end = start if word.end_s is None else max(start, word.end_s)
        first = bisect_right(self._starts, start - self._longest_s - NEAR_S)
        last = bisect_right(self._starts, end + NEAR_S)
        best: tuple[float, str] | None = None
        for turn in self._turns[max(0, first - 1) : last]:
            common = min(end, turn.end_s) - max(start, turn.start_s)  # below 0: their distance
            if common >= -NEAR_S and (best is None or common > best[0]):
                best = common, turn.speaker
        return None if best is None else best[1]


def _with_after(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts with the words that are shown after each taken from those that follow."""
    words = [word for part in parts for word in part.words]
    made, place = [], 0
    for part in parts:
        place += len(part.words)
        made.append(replace(part, after=tuple(words[place : place + len(part.after)])))
    return tuple(made)
