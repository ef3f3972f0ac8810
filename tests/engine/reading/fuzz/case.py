"""One case: a talk, the faults in its file, and what reading may make of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.engine.reading.fuzz import shapes
from tests.engine.reading.fuzz.talks import Line, Talk

_ORDER = "EGJBDFACH"  # captions scroll before marks are put into them, keys change last


class CannotApply(Exception):
    """This fault does not fit this case."""


@dataclass(slots=True)
class Case:
    """A file that is being made, step by step, and what is promised of it."""

    rng: random.Random
    talk: Talk
    shape: str
    cues: list[Line]  # what the file shows, in its order
    name: str = "talk"
    document: Any = None
    text: str = ""
    data: bytes = b""
    faults: list[str] = field(default_factory=list)
    # Promises
    said: list[str] = field(default_factory=list)  # words that must be there, in order
    shown: list[str] = field(default_factory=list)  # words of the file; those of `said` among them
    must_read: bool = True  # a refusal is a failure
    times_kept: bool = True  # the file has times in it that can be read
    slack_s: float = 0.3  # by which a time may be off
    overlapping: bool = False  # voices at the same time: their order is free
    broken_words: int = 0  # words that may have U+FFFD in them
    may_end_early: bool = False  # the file is cut off
    origin_s: float = 0.0  # what the file counts from, if times are counted from its first one
    labels: dict[str, str] = field(default_factory=dict)  # voice -> how the file calls it
    late: list[Callable[[Case], None]] = field(default_factory=list)  # done to the bytes at the end

    def alone(self) -> None:
        """Raise `CannotApply` where the bytes are made by another fault at the end."""
        if self.late:
            raise CannotApply

    @property
    def is_json(self) -> bool:
        """Return whether the file is JSON."""
        return self.shape in shapes.JSON_SHAPES

    @property
    def voices(self) -> list[str | None]:
        """Return the speaker of each word that was said; None where the file names none."""
        if self.shape not in shapes.VOICED and "names in front" not in self.faults:
            return [None] * len(self.said)
        return [
            self.labels.get(line.speaker, line.speaker) if line.speaker else None
            for line in self.talk.lines
            for _ in line.words
        ]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one kind, put in at one stage."""

    kind: str  # A to J
    name: str
    stage: int  # 0: cues, 1: document, 2: text, 3: bytes
    put: Callable[[Case], None]
    shapes: frozenset[str] = frozenset((*shapes.JSON_SHAPES, *shapes.TEXT_SHAPES))


def made(rng: random.Random, talk: Talk, shape: str, faults: Sequence[Fault]) -> Case:
    """Return the case with these faults; raises `CannotApply` where one of them does not fit."""
    case = Case(rng, talk, shape, list(talk.lines), said=talk.words, shown=talk.words)
    staged = sorted(faults, key=lambda fault: (fault.stage, _ORDER.find(fault.kind)))

    def put(stage: int) -> None:
        for fault in staged:
            if fault.stage == stage:
                case.faults.append(fault.name)
                fault.put(case)

    put(0)
    case.name = f"talk.{'json' if case.is_json else shape}"
    if case.is_json:
        case.document = shapes.document(shape, talk, case.cues)
        put(1)
        case.text = shapes.dumped(rng, case.document)
    else:
        case.text = shapes.content(shape, case.cues)
    put(2)
    case.data = case.text.encode("utf-8", "surrogatepass")
    for change in case.late:
        change(case)
    put(3)
    return case
