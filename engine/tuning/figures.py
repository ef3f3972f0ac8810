"""What a model wrote, beside what is right -> counts, F1 and how sure a gain is; pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any, Final

from engine.records import EnhancedWord
from engine.tagger.path import DASHES, LOWER, case_of
from engine.text.marks import CLOSERS, MARKS, group
from engine.text.readings import content, take_apart
from engine.tuning.trials import Right, Trial

#: Words that are counted together, so that chance can be measured over blocks.
BLOCK_WORDS: Final = 25
#: What is counted of every block.
KINDS: Final = ("marks", "case", "paragraphs")
_DRAWS: Final = 1_000

#: Hits, guesses and truths.
Counts = tuple[int, int, int]


@dataclass(slots=True)
class Tally:
    """What a model did with some texts."""

    blocks: list[dict[str, Counts]] = field(default_factory=list)  # in the order of the texts
    marks: Counter[tuple[str, str]] = field(default_factory=Counter)  # by kind and outcome
    words: int = 0
    kept_words: int = 0  # that came back with the same letters
    right_before: int = 0  # words whose mark and case were right in the source, a mark being there
    right_kept: int = 0  # of them, those that were left so
    refused_parts: int = 0  # failed, or implausible
    seconds: float = 0.0

    def add(self, trial: Trial, written: Sequence[EnhancedWord]) -> None:
        """Count what was written for a text."""
        rows = list(zip(trial.right, written, strict=True))
        for start in range(0, len(rows), BLOCK_WORDS):
            counts = {kind: [0, 0, 0] for kind in KINDS}
            for right, word in rows[start : start + BLOCK_WORDS]:
                self._count(counts, right, word)
            self.blocks.append({kind: (c[0], c[1], c[2]) for kind, c in counts.items()})

    def _count(self, counts: dict[str, list[int]], right: Right, word: EnhancedWord) -> None:
        self.words += 1
        self.kept_words += content(word.text) == content(word.word.text)
        if right.mark is not None:
            guess = mark_of(word.text)
            _enter(counts["marks"], right.mark, guess, none="none")
            for kind in {right.mark, guess} - {"none"}:
                self.marks[kind, "said"] += guess == kind
                self.marks[kind, "true"] += right.mark == kind
                self.marks[kind, "hit"] += guess == right.mark == kind
            source = mark_of(word.word.text)
            if source == right.mark != "none":
                self.right_before += 1
                self.right_kept += guess == source
        if right.case is not None:
            _enter(counts["case"], right.case, case_of(take_apart(word.text).core), none=LOWER)
        elif right.capital is not None:
            _enter(counts["case"], right.capital, any(map(str.isupper, word.text)), none=False)
        if right.paragraph is not None:
            _enter(counts["paragraphs"], right.paragraph, word.paragraph, none=False)

    def f1(self, *kinds: str) -> float:
        """Return the F1 in percent of some kinds together."""
        return f1([block[kind] for block in self.blocks for kind in kinds])

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain values, in percent."""
        by_mark = {
            kind: round(f1([(self.marks[kind, "hit"], said, self.marks[kind, "true"])]), 2)
            for kind in ("comma", "period", "question", "dash")
            if (said := self.marks[kind, "said"]) or self.marks[kind, "true"]
        }
        of = self.right_before
        kept = round(100 * self.right_kept / of, 1) if of else None  # no source had a mark
        return {
            **{kind: round(self.f1(kind), 2) for kind in KINDS},
            "by_mark": by_mark,
            "words": self.words,
            "words_kept": round(100 * self.kept_words / max(1, self.words), 3),
            "right_marks_kept": kept,
            "refused_parts": self.refused_parts,
            "words_per_s": round(self.words / max(1e-9, self.seconds), 1),
        }


@dataclass(frozen=True, slots=True)
class Gain:
    """How much better a model is, in points of F1; the truth lies between the ends."""

    mean: float
    low: float  # nineteen times in twenty it is more
    high: float  # nineteen times in twenty it is less

    def to_json(self) -> dict[str, float]:
        """Return the figures as plain values."""
        return {"mean": round(self.mean, 2), "low": round(self.low, 2), "high": round(self.high, 2)}


def gain(before: Tally, after: Tally, *kinds: str) -> Gain:
    """Return by how much `after` is better, drawn again and again over blocks of words."""
    pairs = list(zip(before.blocks, after.blocks, strict=True))
    if not pairs:
        return Gain(0.0, 0.0, 0.0)
    rng = random.Random(0)  # noqa: S311 - draws of a measurement that can be repeated
    draws = [_difference(rng.choices(pairs, k=len(pairs)), kinds) for _ in range(_DRAWS)]
    ends = quantiles(draws, n=20)
    return Gain(_difference(pairs, kinds), ends[0], ends[-1])


def f1(counts: Sequence[Counts]) -> float:
    """Return the F1 of counts in percent."""
    hit = said = true = 0
    for one in counts:
        hit, said, true = hit + one[0], said + one[1], true + one[2]
    return 200 * hit / (said + true) if said + true else 0.0


def mark_of(text: str) -> str:
    """Return the kind of the last mark of a written word."""
    bare = text.rstrip(CLOSERS)
    last = bare[-1:]
    if not last or last not in MARKS:
        return "none"
    return "dash" if last in DASHES else group(last, bare[:-1])


def _enter(counts: list[int], right: Any, guess: Any, *, none: Any) -> None:
    counts[0] += right == guess != none
    counts[1] += guess != none
    counts[2] += right != none


def _difference(
    pairs: Sequence[tuple[dict[str, Counts], dict[str, Counts]]], kinds: Sequence[str]
) -> float:
    before = f1([one[kind] for one, _ in pairs for kind in kinds])
    return f1([other[kind] for _, other in pairs for kind in kinds]) - before
