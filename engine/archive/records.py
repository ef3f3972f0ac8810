"""What is handed on: a file to work on, how, and what became of it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from engine.archive.addresses import is_address
from engine.records import Cleaning, Profile

State = Literal["done", "partial", "skipped", "failed"]
STATES: Final[tuple[State, ...]] = ("done", "partial", "skipped", "failed")
FINISHED: Final = "finished"  # the reason of a file whose outputs are there already


@dataclass(frozen=True, slots=True)
class Item:
    """A file to work on."""

    path: str  # as the user would type it
    outlet: str  # stands for the source where its outputs lie
    size_bytes: int

    def absolute(self) -> Self:
        """Return the item with paths that do not depend on the current folder."""
        return dataclasses.replace(self, path=_absolute(self.path), outlet=_absolute(self.outlet))


def _absolute(path: str) -> str:
    return path if is_address(path) else os.path.abspath(path)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set for all files: what crosses to another process or machine."""

    model: str
    language: str | None
    cleaning: Cleaning
    recipe: str  # of this command; every worker must have the same
    home: str | None = None  # whose models are named; other machines have none

    def profile(self) -> Profile:
        """Return the profile for every file."""
        return Profile(model=self.model, language=self.language, cleaning=self.cleaning)


@dataclass(frozen=True, slots=True)
class Output:
    """A file that was written."""

    path: str
    displaced: bool  # another file had the planned name and was kept


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    file: str
    state: State
    reason: str | None = None  # as in the metadata, or why it failed or was skipped
    earlier: State | None = None  # of a file that was finished already
    outputs: tuple[Output, ...] = ()
    words: int | None = None  # None where the file was not read
    language: str | None = None  # ISO 639-1
    kind: str | None = None  # the name of an error's class
    message: str | None = None
    hint: str | None = None  # the error's own, None where its kind has one
    ends_run: bool = False  # every other file would meet the same error
    busy_s: float = 0.0  # of the worker
    size_bytes: int = 0
    node: str = ""  # who worked on it

    def to_wire(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_wire(cls, value: Mapping[str, Any]) -> Self:
        """Read it back."""
        outputs = tuple(Output(**output) for output in value["outputs"])
        return cls(**{**value, "outputs": outputs})
