"""Measure any labelled word list or corpus file; how its words are enhanced is an argument."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.training.corpus import cleaned
from engine.training.lists import read_tsv
from engine.training.scores import LABELS, label, marked, p_k, punctuation
from engine.training.words import MASKED, NO_BREAK, TURN, Word, case_of


@dataclass(frozen=True, slots=True)
class Written:
    """A word as it was enhanced."""

    text: str  # with its mark
    paragraph: bool  # a paragraph ends with it


#: Enhances the words of one text; a word's turn says that another speaker begins with it.
Enhance = Callable[[Sequence[str], Sequence[bool]], Sequence[Written]]


def tsv(enhance: Enhance, path: Path, limit: int | None = None) -> dict[str, Any]:
    """Return F1 of the marks on a labelled word list."""
    words, labels, tokens = read_tsv(path, limit)
    started = time.monotonic()
    written = enhance(words, [False] * len(words))
    seconds = time.monotonic() - started
    table: dict[str, Any] = punctuation(labels, [label(word.text) for word in written])
    return {**table, "tokens": tokens, **_speed(len(words), seconds)}


def corpus(
    enhance: Enhance, path: Path, *, words: int | None = None, seed: int = 1
) -> dict[str, Any]:
    """Return figures of every style of a corpus file, and of all, from lower case without marks.

    Whole documents are read, at most about `words` of a style; those come from documents spread
    evenly over the file.
    """
    styles: dict[str, list[list[Word]]] = {}
    for style, text in cleaned(path, seed=seed):
        styles.setdefault(style, []).append(text)
    table: dict[str, Any] = {}
    total = _Counted()
    for style, texts in styles.items():
        counted = _Counted()
        for text in _spread(texts, words):
            started = time.monotonic()
            written = enhance([w.core.lower() for w in text], [w.before == TURN for w in text])
            counted.add(text, written, time.monotonic() - started)
        table[style] = counted.figures()
        total.extend(counted)
    return {**table, "all": total.figures()}


def _spread(texts: Sequence[list[Word]], limit: int | None) -> Sequence[list[Word]]:
    """Return texts of about `limit` words in all, each as long as it is."""
    size = sum(map(len, texts))
    if limit is None or size <= limit:
        return texts
    wanted = max(1, round(len(texts) * limit / size))
    return [texts[n * len(texts) // wanted] for n in range(wanted)]


class _Counted:
    """Collects right and guessed labels word by word."""

    def __init__(self) -> None:
        self.right: list[str] = []
        self.guess: list[str] = []
        self.capitals: tuple[list[bool], list[bool]] = ([], [])
        self.breaks: tuple[list[bool], list[bool]] = ([], [])
        self.words, self.seconds = 0, 0.0

    def add(self, text: Sequence[Word], written: Sequence[Written], seconds: float) -> None:
        """Count one text: what is masked is not measured, nor are breaks that were told or lost."""
        names = ("O", *LABELS)
        self.words += len(text)
        self.seconds += seconds
        for number, (word, guess) in enumerate(zip(text, written, strict=True)):
            if word.label != MASKED:
                self.right.append(names[word.label])
                self.guess.append(label(guess.text))
            self.capitals[0].append(case_of(word.core) > 0)
            self.capitals[1].append(case_of(guess.text) > 0)
            after = text[number + 1] if number + 1 < len(text) else None
            if after is not None and word.paragraph_known and after.before != TURN:
                self.breaks[0].append(after.before != NO_BREAK)
                self.breaks[1].append(guess.paragraph)

    def extend(self, other: _Counted) -> None:
        """Add what another counted."""
        self.right += other.right
        self.guess += other.guess
        for mine, theirs in ((self.capitals, other.capitals), (self.breaks, other.breaks)):
            for kept, new in zip(mine, theirs, strict=True):
                kept.extend(new)
        self.words += other.words
        self.seconds += other.seconds

    def figures(self) -> dict[str, Any]:
        """Return the figures of all that was counted; paragraphs only where there are some."""
        table: dict[str, Any] = {
            **punctuation(self.right, self.guess),
            "capitals": marked(*self.capitals),
        }
        if any(self.breaks[0]):
            table["paragraphs"] = marked(*self.breaks)
            table["pk"] = p_k([False, *self.breaks[0]], [False, *self.breaks[1]])
        return {**table, **_speed(self.words, self.seconds)}


def _speed(words: int, seconds: float) -> dict[str, Any]:
    return {"words": words, "words_per_second": round(words / max(1e-9, seconds), 1)}
