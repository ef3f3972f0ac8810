"""What is asked about music, and what is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.audio.prepare import Sound
from engine.music import claims, measure
from engine.music.records import Finish, Parameters, Policy, Span, Turn, Wrote


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    text: str = ""  # "" with a recording: the model says what it likes
    sound: Sound | None = None  # None: text alone
    prompt: str | None = None  # a name of `prompts.PROMPTS`, before the text
    reference: Sound | None = None  # what the recording is compared with
    history: tuple[Turn, ...] = ()  # earlier messages of the conversation, without sound
    parameters: Parameters = field(default_factory=Parameters)
    policy: Policy | None = None  # None: the settings'
    measure: bool = False  # measure the recording too
    merge: bool = False  # have the model join what it wrote of several windows


@dataclass(frozen=True, slots=True)
class Window:
    """What was written of a part of the recording."""

    span: Span
    wrote: Wrote

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            **self.span.to_json(),
            "text": self.wrote.text,
            "finish_reason": self.wrote.finish,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and how much of the recording that rests on."""

    text: str
    finish: Finish  # "length": the model would have gone on
    model: str
    tokens: int
    heard: tuple[Span, ...] = ()
    of_s: float | None = None  # the whole recording; None: text alone
    policy: Policy | None = None
    truncated: bool = False
    remark: str = ""  # what the reader must know of what was heard
    windows: tuple[Window, ...] = ()
    measured: measure.Measured | None = None
    not_measured: str = ""  # why, where it was asked for
    claims: tuple[claims.Claim, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "text": self.text,
            "finish_reason": self.finish,
            "model": self.model,
            "tokens": self.tokens,
            "heard": [span.to_json() for span in self.heard],
            "of_s": self.of_s,
            "policy": self.policy,
            "truncated": self.truncated,
            "remark": self.remark,
            "windows": [window.to_json() for window in self.windows],
            "measurements": None if self.measured is None else self.measured.to_json(),
            "not_measured": self.not_measured,
            "claims": [claim.to_json() for claim in self.claims],
        }
