"""Figures of punctuation, case and paragraphs from aligned words; pure functions."""

from __future__ import annotations

from collections.abc import Sequence

LABELS = ("COMMA", "PERIOD", "QUESTION")
#: The benchmark's groups; a dash counts as a comma.
_GROUP = {",": "COMMA", ":": "COMMA", ".": "PERIOD", "!": "PERIOD", ";": "PERIOD", "?": "QUESTION"}
Figures = dict[str, float]


def label(written: str) -> str:
    """The label of a written word by the mark it ends in, closing quotes set aside."""
    return _GROUP.get(written.rstrip("\"')]}")[-1:], "O")


def figures(hit: int, said: int, true: int) -> Figures:
    """Precision, recall and F1 in percent."""
    precision = 100 * hit / said if said else 0.0
    recall = 100 * hit / true if true else 0.0
    f1 = 200 * hit / (said + true) if said + true else 0.0
    return {"precision": round(precision, 2), "recall": round(recall, 2), "f1": round(f1, 2)}


def punctuation(right: Sequence[str], guess: Sequence[str]) -> dict[str, Figures]:
    """Figures of every label and of all together (micro-averaged)."""
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
    """Figures of a yes-or-no mark per word: a capital, a break."""
    hit = sum(r and g for r, g in zip(right, guess, strict=True))
    return figures(hit, sum(guess), sum(right))


def p_k(right: Sequence[bool], guess: Sequence[bool]) -> float:
    """Pk (Beeferman et al. 1999) in percent: how often two words half a paragraph apart are
    wrongly held to be in one paragraph, or wrongly not; breaks come before the marked word."""
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
