"""What the rooms of music hand on: settings, questions, what a model can do, what it wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

Policy: TypeAlias = Literal["truncate", "window", "refuse"]
POLICIES: Final[tuple[Policy, ...]] = ("truncate", "window", "refuse")
Finish: TypeAlias = Literal["stop", "length", "cancelled"]


@dataclass(frozen=True, slots=True)
class Parameters:
    """How an answer is written."""

    max_new_tokens: int = 1024
    temperature: float = 0.0  # 0: always the likeliest token
    top_p: float = 1.0
    top_k: int = 50
    repetition_penalty: float = 1.0  # 1: none
    seed: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return them as a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """What a model is asked at once: messages, and the sound of the last one."""

    messages: tuple[Turn, ...]
    sound: Path | None = None  # 16 kHz, mono, within what the model can hear; None: text alone


@dataclass(frozen=True, slots=True)
class Wrote:
    """What a model wrote."""

    text: str
    finish: Finish
    tokens: int
    prompt_tokens: int | None = None  # None: the backend does not say


@dataclass(frozen=True, slots=True)
class Facts:
    """What a backend's model can do."""

    backend: str
    model: str
    model_type: str
    most_audio_s: float
    context: int | None  # tokens, sound and words together; None: unknown
    device: str
    dtype: str
    most_new_tokens: int | None = None  # by the model's own settings

    def to_json(self) -> dict[str, Any]:
        """Return them as a JSON object."""
        return asdict(self)


class Backend(Protocol):
    """Hears and writes. Every method but `close` raises `MusicError`."""

    def start(self) -> Facts:
        """Load the model, or do nothing where it is loaded."""

    def write(
        self,
        items: Sequence[Item],
        parameters: Parameters,
        *,
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool],
    ) -> list[Wrote]:
        """Write an answer to each item; `on_text` gets the pieces where there is one item."""

    def close(self) -> None:
        """End the model."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a recording, in seconds."""

    from_s: float
    to_s: float

    def to_json(self) -> dict[str, float]:
        """Return it as a JSON object."""
        return {"from_s": round(self.from_s, 3), "to_s": round(self.to_s, 3)}
