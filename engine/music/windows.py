"""A recording longer than the model can hear -> what it hears of it, and how that is said."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.music.errors import NotAudio, TooLong
from engine.music.records import Policy, Span

SILENCE_S: Final = 2.0  # between a reference and the recording that is compared with it
_BLOCK: Final = 1 << 16  # samples


@dataclass(frozen=True, slots=True)
class Plan:
    """What is heard of a recording."""

    spans: tuple[Span, ...]
    policy: Policy
    of_s: float  # the whole recording
    cap_s: float  # what the model can hear at once
    cancelled: bool = False  # before the rest was heard

    @property
    def truncated(self) -> bool:
        """Return whether the end of the recording is not heard."""
        return self.spans[-1].to_s < self.of_s - 0.01

    @property
    def remark(self) -> str:
        """Return in words what was heard, "" where that was everything at once."""
        if self.truncated:
            end_s = self.spans[-1].to_s
            if self.cancelled:
                return f"Heard 0 to {end_s:g} s of {self.of_s:g} s: it was cancelled."
            return (
                f"Heard 0 to {end_s:g} s of {self.of_s:g} s: the model hears at most "
                f"{self.cap_s:g} s, and the policy is truncate."
            )
        if len(self.spans) > 1:
            overlap_s = self.spans[0].to_s - self.spans[1].from_s
            return (
                f"Heard all {self.of_s:g} s in {len(self.spans)} windows that overlap by "
                f"{overlap_s:g} s: none is longer than {self.cap_s:g} s."
            )
        return ""


def plan(
    duration_s: float, *, cap_s: float, policy: Policy, window_s: float | None, overlap_s: float
) -> Plan:
    """Return what is heard of a recording under a policy.

    Windows are never longer than the model can hear; the last one is moved back, so that it is as
    long as the others. Raises `TooLong` where the policy is to refuse.
    """
    of_s = round(duration_s, 3)
    longest_s = min(cap_s, window_s) if policy == "window" and window_s else cap_s
    if of_s <= longest_s:
        return Plan((Span(0.0, of_s),), policy, of_s, cap_s)
    if policy == "refuse":
        raise TooLong(f"The recording lasts {of_s:g} s, and the model hears at most {cap_s:g} s.")
    if policy == "truncate":
        return Plan((Span(0.0, longest_s),), policy, of_s, cap_s)
    step_s = max(longest_s - overlap_s, longest_s / 2)
    spans = []
    start_s = 0.0
    while start_s + longest_s < of_s:
        spans.append(Span(start_s, start_s + longest_s))
        start_s += step_s
    spans.append(Span(max(0.0, of_s - longest_s), of_s))
    return Plan(tuple(spans), policy, of_s, longest_s)


def cut(sound: Path, span: Span, target: Path) -> Path:
    """Write a span of prepared sound to `target` and return it."""
    join([(sound, span)], target)
    return target


def join(pieces: Sequence[tuple[Path, Span]], target: Path) -> None:
    """Write spans of prepared sound one after the other, with silence between them."""
    try:
        with wave.open(str(target), "wb") as out:
            for number, (path, span) in enumerate(pieces):
                with wave.open(str(path)) as sound:
                    rate = sound.getframerate()
                    if not number:
                        out.setparams(sound.getparams())
                    else:
                        out.writeframes(bytes(2 * int(SILENCE_S * rate)))
                    sound.setpos(min(sound.getnframes(), round(span.from_s * rate)))
                    left = round((span.to_s - span.from_s) * rate)
                    while left > 0 and (data := sound.readframes(min(left, _BLOCK))):
                        out.writeframes(data)
                        left -= len(data) // 2
    except (wave.Error, EOFError) as error:
        raise NotAudio(f"The prepared sound cannot be read: {error}.") from error
