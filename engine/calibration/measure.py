"""A way to decide, and samples -> how well and how fast it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine import pipeline
from engine.calibration.texts import Sample
from engine.child.client import ModelClient
from engine.child.retry import try_part
from engine.errors import ChildError, PartError
from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part
from engine.text import paragraphs, parts
from engine.text.scores import LABELS, Tally, label

BLOCK_WORDS: Final = 25  # counted together, so that chance can be measured over blocks


@dataclass(frozen=True, slots=True)
class Way:
    """A way to decide that is measured."""

    name: str  # "embedded", "opinion 1.0", "reader", "ask" or "tagger"
    info: ModelInfo
    languages: tuple[str, ...] = ()  # that it knows; empty: every one
    margin: float | None = None  # of a second opinion

    def covers(self, language: str) -> bool:
        """Return whether this way decides in a language."""
        return not self.languages or language in self.languages


@dataclass(slots=True)
class Measured:
    """What a way did in one language."""

    tally: Tally = field(default_factory=Tally)
    blocks: list[tuple[int, int, int]] = field(default_factory=list)  # hits, guesses, truths
    failed_parts: int = 0  # that keep the words as they came

    @property
    def marks_f1(self) -> float:
        """Return the F1 of all marks, in percent."""
        return float(self.tally.figures()["overall"]["f1"])


@dataclass(slots=True)
class Result:
    """What a way did in every language that it knows."""

    way: Way
    languages: dict[str, Measured] = field(default_factory=dict)
    memory_bytes: int | None = None  # peak of its process
    device_path: str = ""  # what computed, in words

    def overall(self) -> Tally:
        """Return the counts of all its languages."""
        total = Tally()
        for measured in self.languages.values():
            total.extend(measured.tally)
        return total


def measure(
    way: Way,
    samples: Sequence[Sample],
    *,
    device: str = "auto",
    on_words: Callable[[int], None] = lambda words: None,
) -> Result:
    """Let a way decide every sample of a language that it knows; raises `ModelError`.

    The model runs in a child of its own, as in all work. A part on which it fails three times
    keeps the words as they came.
    """
    result = Result(way)
    client = ModelClient(way.info, device=device)  # type: ignore[arg-type]
    try:
        result.device_path = client.start().device_path
        for sample in samples:
            if way.covers(sample.language):
                _add(result.languages.setdefault(sample.language, Measured()), client, sample)
                result.memory_bytes = max(client.memory_bytes() or 0, result.memory_bytes or 0)
                on_words(len(sample.words))
    finally:
        client.close()
    return result


def _add(measured: Measured, client: ModelClient, sample: Sample) -> None:
    """Decide one sample and count what is right."""
    pieces = parts.split(sample.transcript(), client.info, covered=True, language=sample.language)
    started = time.monotonic()
    tail: tuple[EnhancedWord, ...] = ()
    done: list[EnhancedPart] = []
    for part in pieces:
        found = _decide(client, part, tail) or pipeline.keep(part, "fallback")
        measured.failed_parts += found.status != "enhanced"
        tail = found.words
        done.append(found)
    measured.tally.seconds += time.monotonic() - started
    written = [word for paragraph in paragraphs.settle(done) for word in paragraph]
    _count(measured, sample, written)


def _decide(client: ModelClient, part: Part, tail: tuple[EnhancedWord, ...]) -> EnhancedPart | None:
    failures = 0

    def failed(_: ChildError | PartError) -> int:
        nonlocal failures
        failures += 1
        return failures

    return try_part(lambda: client.enhance(part, tail), failed=failed)


def _count(measured: Measured, sample: Sample, written: Sequence[EnhancedWord]) -> None:
    tally = measured.tally
    tally.words += len(sample.words)
    hits = guesses = truths = 0
    last = len(sample.words) - 1
    for number, (right, word) in enumerate(zip(sample.words, written, strict=True)):
        guess = label(word.text)
        tally.mark(right.label, guess)
        tally.capital(right.capital, any(map(str.isupper, word.text)))
        if number < last and sample.has_paragraphs:
            tally.break_(right.ends_paragraph, word.paragraph)
        truths += right.label in LABELS
        guesses += guess in LABELS
        hits += right.label == guess and guess in LABELS
        if number % BLOCK_WORDS == BLOCK_WORDS - 1 or number == last:
            measured.blocks.append((hits, guesses, truths))
            hits = guesses = truths = 0
