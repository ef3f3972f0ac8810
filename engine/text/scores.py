"""Figures of punctuation, case and paragraphs from aligned words; pure.

The training of the embedded model and `llasa-cli calibrate` count with the same functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LABELS = ("COMMA", "PERIOD", "QUESTION")
#: The benchmark's groups; a dash counts as a comma.
_GROUP = {",": "COMMA", ":": "COMMA", ".": "PERIOD", "!": "PERIOD", ";": "PERIOD", "?": "QUESTION"}
Figures = dict[str, float]


def label(written: str) -> str:
    """Return the label of a written word by the mark it ends in, closing quotes set aside."""
    return _GROUP.get(written.rstrip("\"')]}")[-1:], "O")


def figures(hit: int, said: int, true: int) -> Figures:
    """Return precision, recall and F1 in percent."""
    precision = 100 * hit / said if said else 0.0
    recall = 100 * hit / true if true else 0.0
    f1 = 200 * hit / (said + true) if said + true else 0.0
    return {"precision": round(precision, 2), "recall": round(recall, 2), "f1": round(f1, 2)}


def punctuation(right: Sequence[str], guess: Sequence[str]) -> dict[str, Figures]:
    """Return the figures of every label and of all together (micro-averaged)."""
    table = {}
    sums = [0, 0, 0]
    for name in LABELS:
        counts = [
            sum(r == g == name for r, g in zip(right, guess, strict=True)),
            sum(g == name for g in guess),
            sum(r == name for r in right),
        ]
        table[name.lower()] = figures(*counts)
        sums = [a + b for a, b in zip(sums, counts, strict=True)]
    table["overall"] = figures(*sums)
    return table


def marked(right: Sequence[bool], guess: Sequence[bool]) -> Figures:
    """Return the figures of a yes-or-no mark per word: a capital, a break."""
    hit = sum(r and g for r, g in zip(right, guess, strict=True))
    return figures(hit, sum(guess), sum(right))


def p_k(right: Sequence[bool], guess: Sequence[bool]) -> float:
    """Return Pk (Beeferman et al. 1999) in percent.

    It is how often two words half a paragraph apart are wrongly held to be in one paragraph, or
    wrongly not; breaks come before the marked word.
    """
    size = len(right)
    segments = 1 + sum(right[1:])
    width = max(1, round(size / segments / 2))
    if size <= width:
        return 0.0
    wrong = sum(
        any(right[i + 1 : i + width + 1]) != any(guess[i + 1 : i + width + 1])
        for i in range(size - width)
    )
    return round(100 * wrong / (size - width), 2)


class Tally:
    """Collects right and guessed labels word by word."""

    def __init__(self) -> None:
        self.marks: tuple[list[str], list[str]] = ([], [])  # right and guessed, as the next two
        self.capitals: tuple[list[bool], list[bool]] = ([], [])
        self.breaks: tuple[list[bool], list[bool]] = ([], [])
        self.words, self.seconds = 0, 0.0

    def mark(self, right: str, guess: str) -> None:
        """Count the label of a word."""
        self.marks[0].append(right)
        self.marks[1].append(guess)

    def capital(self, right: bool, guess: bool) -> None:
        """Count whether a word has capitals."""
        self.capitals[0].append(right)
        self.capitals[1].append(guess)

    def break_(self, right: bool, guess: bool) -> None:
        """Count whether a paragraph ends after a word."""
        self.breaks[0].append(right)
        self.breaks[1].append(guess)

    def extend(self, other: Tally) -> None:
        """Add what another counted."""
        self.marks[0].extend(other.marks[0])
        self.marks[1].extend(other.marks[1])
        for mine, theirs in ((self.capitals, other.capitals), (self.breaks, other.breaks)):
            for kept, new in zip(mine, theirs, strict=True):
                kept.extend(new)
        self.words += other.words
        self.seconds += other.seconds

    def figures(self) -> dict[str, Any]:
        """Return the figures of all that was counted; paragraphs only where there are some."""
        table: dict[str, Any] = {
            **punctuation(*self.marks),
            "capitals": marked(*self.capitals),
        }
        if any(self.breaks[0]):
            table["paragraphs"] = marked(*self.breaks)
            table["pk"] = p_k([False, *self.breaks[0]], [False, *self.breaks[1]])
        return {**table, **speed(self.words, self.seconds)}


def speed(words: int, seconds: float) -> dict[str, Any]:
    """Return a number of words and how many were done in a second."""
    return {"words": words, "words_per_second": round(words / max(1e-9, seconds), 1)}
