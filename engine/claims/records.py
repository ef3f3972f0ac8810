"""What a sentence is held against, and what may be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "form", "language", "instruction", "number", "date", "name", "speaker", "quote", "word",
    "denial", "doubt", "question", "relation", "repeated", "citation",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A stretch of what was said, by one speaker, as a sentence cites it."""

    number: int  # counted from 0, as in the metadata
    text: str
    speaker: str | None  # as written in the text; None where the transcript has no speakers
    start_s: float | None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a sentence cannot be used."""

    kind: Kind
    text: str  # in English, for the model that wrote it
    word: str = ""  # of the sentence, that is wrong; "": no single one is
