"""Make transcripts look like Whisper's: what the model sees, beside what it should answer."""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.training.words import (
    ABBREVIATION,
    NO_BREAK,
    QUESTION,
    SENTENCE_ENDS,
    SEPARATORS,
    TURN,
    Word,
    first_raised,
    reachable,
)

LOWER, CASED, WHISPER, RIGHT, LOWER_MARKED = "lower", "cased", "whisper", "right", "lower-marked"
#: Shares of the degradations.
MIXTURE = ((LOWER, 0.53), (CASED, 0.11), (WHISPER, 0.23), (RIGHT, 0.07), (LOWER_MARKED, 0.06))
FILLERS = ("um", "uh", "er", "you know", "I mean", "like")
QUOTES_KEPT = 0.10
TURNS_SHOWN = 0.70
FILLED = 0.12
#: Words that begin a sentence and are surely not a name.
NO_NAMES = frozenset((
    "the", "a", "an", "and", "but", "so", "we", "it", "this", "that", "they", "you", "he", "she",
    "there", "in", "if", "what", "when", "to", "our", "as", "for", "these", "my", "his", "her",
    "their", "your", "those", "who", "where", "how", "why", "at", "on", "by", "from", "with",
    "after", "before", "then", "some", "many", "most", "all", "no", "not", "it's", "that's",
    "there's", "we're", "they're", "you're", "let's", "he's", "she's", "don't",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """One word in both forms."""

    raw: str  # the word as the model sees it, marks included
    raw_break: bool  # a known change of speaker precedes it
    core: str  # the word as it should read, without its separator
    mark: str  # the separator that should follow, or ""
    answer_break: bool  # a paragraph or turn starts with it
    label: int  # code of the separator for measuring; -1 is not measured


def choose(rng: random.Random) -> str:
    """Draw a degradation by its share."""
    pick = rng.random()
    for kind, share in MIXTURE:
        pick -= share
        if pick < 0:
            return kind
    return LOWER


def degrade(words: list[Word], kind: str, rng: random.Random) -> list[Unit]:
    """Give every word its raw form by `kind`; no word is dropped or changed but in case."""
    quotes = rng.random() < QUOTES_KEPT
    turns = rng.random() < TURNS_SHOWN
    if rng.random() < FILLED:
        words = _with_disfluencies(words, rng)
    cased = _Cased(kind, rng)
    units = []
    for word in words:
        literal = word.literal if quotes else None
        target = literal if literal is not None else word.core
        mark, label = SEPARATORS[word.separator], word.separator
        raw_core, raw_mark = cased.step(word, target)
        if literal is not None:
            mark = raw_mark = ""
            label = -1
        elif label == ABBREVIATION:
            label = -1
        units.append(
            Unit(
                raw=raw_core + raw_mark,
                raw_break=word.before == TURN and turns,
                core=reachable(target, raw_core),
                mark=mark,
                answer_break=word.before != NO_BREAK,
                label=label,
            )
        )
    return units


class _Cased:
    """Decide case and marks of the raw side, word after word."""

    def __init__(self, kind: str, rng: random.Random) -> None:
        self.kind, self.rng = kind, rng
        self.titles = rng.random() < 0.5
        self.comma_kept = rng.uniform(0.5, 1.0)
        self.end_kept = rng.uniform(0.8, 1.0)
        self.false_end = rng.uniform(0.0, 0.35)
        self.to_cut = rng.randint(4, 16)
        self.lower_next = self.raise_next = False

    def step(self, word: Word, target: str) -> tuple[str, str]:
        """Return the raw word and the mark that follows it in the source."""
        mark = SEPARATORS[word.separator]
        if self.kind == RIGHT:
            return target, mark
        if self.kind == LOWER_MARKED:
            return target.lower(), mark if self.rng.random() < self.end_kept else ""
        if self.kind in (LOWER, CASED):
            keep = word.separator == ABBREVIATION and self.titles
            return (target.lower() if self.kind == LOWER else target), mark if keep else ""
        return self._whisper(word, target, mark)

    def _whisper(self, word: Word, target: str, mark: str) -> tuple[str, str]:
        rng, raw = self.rng, target
        if self.lower_next and len(raw) > 1:
            raw = raw.lower()
        elif self.raise_next:
            raw = first_raised(raw)
        self.lower_next = self.raise_next = False
        self.to_cut -= 1
        cut = self.to_cut <= 0
        if cut:
            self.to_cut = rng.randint(4, 16)
        code = word.separator
        if code in SENTENCE_ENDS:
            if rng.random() >= self.end_kept or (cut and rng.random() < 0.15):
                mark = "" if rng.random() < 0.5 else ","
                self.lower_next = rng.random() < 0.8
            elif code == QUESTION and rng.random() < 0.15:
                mark = "."
        elif code == ABBREVIATION:
            mark = "." if self.titles else ""
        elif cut and rng.random() < self.false_end:
            mark, self.raise_next = ".", True
        elif code and rng.random() >= self.comma_kept:
            mark = ""
        elif not code and rng.random() < 0.012:
            mark = ","
        return raw, mark


def _with_disfluencies(words: list[Word], rng: random.Random) -> list[Word]:
    """Insert fillers and stutters, which are words like any other and must come back."""
    out: list[Word] = []
    rate = rng.uniform(0.01, 0.06)
    for word in words:
        first = not out or out[-1].separator in SENTENCE_ENDS
        if rng.random() < rate and word.literal is None:
            if rng.random() < 0.6:
                out.extend(_filler(word, rng, first=first))
                word = Word(lowered(word.core) if first else word.core, word.separator, NO_BREAK)
            elif not first and word.core[:1].islower() and len(word.core) < 6:
                out.append(Word(word.core, rng.choice((0, 0, 1)), word.before))
                word = Word(word.core, word.separator, NO_BREAK)
        out.append(word)
    return out


def _filler(word: Word, rng: random.Random, *, first: bool) -> list[Word]:
    parts = rng.choice(FILLERS).split()
    comma = 1 if rng.random() < 0.8 else 0
    out = [Word(part, 0, NO_BREAK) for part in parts]
    out[0] = Word(first_raised(parts[0]) if first else parts[0], 0, word.before)
    out[-1] = Word(out[-1].core, comma, out[-1].before)
    return out


def lowered(core: str) -> str:
    """Lower a sentence's first word where that is surely not a name."""
    return core.lower() if core.lower() in NO_NAMES else core
