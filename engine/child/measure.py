"""Measure how fast a model enhances parts on this machine: words per second, tokens per pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.records import EnhancedPart, EnhancedWord, Part

#: Enhances a part, given the end of what is enhanced already.
Enhance = Callable[[Part, Sequence[EnhancedWord]], EnhancedPart]


@dataclass(frozen=True, slots=True)
class Run:
    """What enhancing some parts took, and what was written."""

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


def measure(enhance: Enhance, parts: Iterable[Part], *, tail_words: int | None = None) -> Run:
    """Enhance parts in order and count; `tail_words` of the part before are shown, None: all."""
    tail: Sequence[EnhancedWord] = ()
    words = tokens = passes = ties = 0
    written: list[str] = []
    started = time.perf_counter()
    for part in parts:
        done = enhance(part, tail)
        tail = (
            done.words if tail_words is None else done.words[max(0, len(done.words) - tail_words) :]
        )
        words += len(part.words)
        tokens += done.tokens
        passes += done.passes
        ties += done.ties
        written += [word.text + ("\n" if word.paragraph else "") for word in done.words]
    return Run(words, tokens, passes, time.perf_counter() - started, ties, tuple(written))
