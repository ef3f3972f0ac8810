"""The records of tuning: a recording as its user wants it written, word by word, and proposals."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.tuning.words import Word

#: Where a recording's text comes from: an output that was edited by hand, corrections made on the
#: review page, or a text of the user's that no model wrote.
Origin = Literal["edited", "review", "text"]
#: Which side of the split a recording is on.
Part = Literal["train", "valid", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "valid", "test")


@dataclass(frozen=True, slots=True)
class Said:
    """A word as it should be written, beside what the source has."""

    word: Word  # as its user wants it
    shown: str | None  # as the source has it, with its marks; None: no source, it is degraded
    asked: bool = True  # False: shown to the model, which learns nothing of it


@dataclass(frozen=True, slots=True)
class Recording:
    """A text of one recording that a model may learn from."""

    name: str  # of its file, for the report
    origin: Origin
    language: str  # ISO 639-1
    said: tuple[Said, ...]

    @property
    def id(self) -> str:
        """Return 16 hex digits of its words, whatever their marks and case."""
        text = " ".join(said.word.core.casefold() for said in self.said)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def asked(self) -> int:
        """Return how many of its words a model learns from."""
        return sum(said.asked for said in self.said)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Words that a user wrote in place of others: a pair for the glossary, if the user agrees."""

    heard: str
    correct: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Taken:
    """What one file gave: a recording or the reason why not, and proposals for the glossary."""

    name: str
    origin: Origin
    recording: Recording | None
    reason: str = ""  # why nothing was taken, as a clause
    corrections: int = 0  # places at which the user changed marks, case or a paragraph
    proposals: tuple[Proposal, ...] = ()
    left_out: int = 0  # words that were rewritten, put in or taken out


def to_json(recording: Recording, part: Part) -> dict[str, Any]:
    """Return a recording as a line of a file."""
    return {
        "id": recording.id,
        "part": part,
        "name": recording.name,
        "origin": recording.origin,
        "language": recording.language,
        "words": [_dump(said) for said in recording.said],
    }


def from_json(data: Mapping[str, Any]) -> tuple[Recording, Part]:
    """Read a line back; raises `KeyError`, `TypeError`, `ValueError`."""
    if data["part"] not in PARTS:
        raise ValueError("unknown part")
    said = tuple(_load(entry) for entry in data["words"])
    recording = Recording(str(data["name"]), data["origin"], str(data["language"]), said)
    return recording, data["part"]


def _dump(said: Said) -> list[Any]:
    word = said.word
    plain = [word.core, word.mark, word.label, word.before, word.opening, word.paragraph_known]
    return [*plain, said.shown, said.asked]


def _load(entry: Sequence[Any]) -> Said:
    core, mark, label, before, opening, known, shown, asked = entry
    word = Word(str(core), str(mark), int(label), int(before), str(opening), bool(known))
    return Said(word, None if shown is None else str(shown), bool(asked))
