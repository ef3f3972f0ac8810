"""Measure guided decoding on this machine: words per second, tokens per pass."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.guided.decode import decode
from engine.guided.model import Model
from engine.records import EnhancedWord, Part


@dataclass(frozen=True, slots=True)
class Run:
    """What decoding some parts took, and what it wrote."""

    words: int
    tokens: int
    passes: int  # prefill included
    seconds: float
    ties: int
    written: tuple[str, ...]  # every word as written, "\n" after one that ends a paragraph

    @property
    def tokens_per_pass(self) -> float:
        """Return decided tokens per forward pass."""
        return self.tokens / max(1, self.passes)

    @property
    def words_per_second(self) -> float:
        """Return words of the source per second."""
        return self.words / self.seconds if self.seconds else 0.0


def measure(model: Model, parts: Iterable[Part], *, draft_tokens: int | None) -> Run:
    """Decode parts in order and count; see `decode` for `draft_tokens`."""
    tail: Sequence[EnhancedWord] = ()
    words = tokens = passes = ties = 0
    written: list[str] = []
    started = time.perf_counter()
    for part in parts:
        done = decode(model, part, tail, draft_tokens=draft_tokens)
        tail = done.words
        words += len(part.words)
        tokens += done.tokens
        passes += done.passes
        ties += done.ties
        written += [word.text + ("\n" if word.paragraph else "") for word in done.words]
    return Run(words, tokens, passes, time.perf_counter() - started, ties, tuple(written))
