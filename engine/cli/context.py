"""What a command gets from outside the engine: settings, a lent model, tools, conversations.

The engine knows no home. Alone it has none of these; the daemon's face (`daemon/one_shot.py`)
brings them where a home exists.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from engine.ask.evidence import Found
from engine.audio.backends import Setup
from engine.chat.context import hash_of_file
from engine.chat.records import Conversation, Tool
from engine.models import catalog
from engine.records import ModelInfo

if TYPE_CHECKING:
    from engine.records import ModelInfo
    from engine.tuning.records import Taken


@dataclass(frozen=True, slots=True)
class Kept:
    """One line of the list of kept conversations."""

    id: str
    title: str
    model: str  # that wrote last
    messages: int
    changed_at: str  # UTC, ISO 8601


def is_small(info: ModelInfo) -> bool:
    """Return whether a model needs no lease: the embedded one, or one on a server beside it."""
    return info.name == catalog.EMBEDDED or info.server is not None


class Conversations(Protocol):
    """Where conversations are kept. Every method raises `click.ClickException` or `UserMessage`."""

    def all(self) -> Sequence[Kept]:
        """Return the kept conversations, the one that changed last first."""

    def load(self, conversation_id: str) -> Conversation:
        """Return a kept conversation; an empty id means the one that changed last."""

    def save(self, conversation: Conversation, *, model: str) -> str:
        """Keep a conversation whole and give it its id; return what the user should know, or ""."""


class Library(Protocol):
    """Finished transcripts, to be asked. Every method raises `UserMessage`."""

    def find(
        self,
        question: str,
        *,
        speaker: str | None = None,
        since: str | None = None,
        folder: str | None = None,
    ) -> Found:
        """Return the passages that may answer a question."""

    def shown(self, file: str) -> str:
        """Return a transcript's path as the user knows it."""

    def way(self, file: str, at_s: float | None) -> str | None:
        """Return how to get to a moment of a transcript, None where nothing is there."""


class Lease:
    """The right to have a model loaded. Without a home nobody needs to be asked."""

    lock_path: Path | None = None  # what the model child must lock

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the model back."""

    def attach(self, close: Callable[[], object]) -> None:
        """Have a client closed before the model is given back; it may be called from a thread."""

    def needs(self, info: ModelInfo) -> None:
        """Say which model is to be loaded: it may be lent at once where there is room for it."""

    def wanted(self) -> bool:
        """Return whether somebody else has a use for the model meanwhile."""
        return False

    def turn(self) -> AbstractContextManager[None]:
        """Hold the model while the block runs; wait for it first, if necessary."""
        return contextlib.nullcontext()

    def rest(self) -> None:
        """Give the model back unless a turn holds it: this process is about to be suspended."""


class CliContext:
    """What `llasa-cli` has without a home; the daemon's face overrides it."""

    def __init__(self) -> None:
        self.home: str | None = None  # the folder given with `--home`

    @property
    def base(self) -> Path | None:
        """Return the folder at which the relative path of `chat_model` starts."""
        return None

    @property
    def chat_model(self) -> str | None:
        """Return the model that the settings name for writing."""
        return None

    @property
    def sound(self) -> Setup:
        """Return what the settings say of tools for sound."""
        return Setup()

    @property
    def conversations(self) -> Conversations | None:
        """Return where conversations are kept, None where they are not."""
        return None

    @property
    def library(self) -> Library | None:
        """Return the finished transcripts of the home, None where there is no home."""
        return None

    @property
    def why_not_kept(self) -> str:
        """Return why conversations are not kept."""
        return "there is no llasa home here; `llasactl install` makes one"

    def lease(self) -> Lease:
        """Return the lease of the model, which is asked for at its first turn."""
        return Lease()

    def corrected(self) -> Iterable[Taken]:
        """Return what the user corrected in the home, for a model to learn from."""
        return ()

    def tools(self) -> Sequence[Tool]:
        """Return the tools of a chat."""
        return ()

    def sha256_of(self, transcript: str) -> str | None:
        """Return the hash of a transcript's file as it is now, None where it is gone."""
        return hash_of_file(transcript)
