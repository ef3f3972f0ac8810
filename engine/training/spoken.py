"""Make written sentences sound spoken: how they begin, where they end, what they contract.

Of the pairs "and I", "and the" a full stop stands before 42 % in meetings and 4 to 5 % in prose and
prepared speech, where most of the corpus is; "it's", "don't" and the like come 3 to 6 times in a
thousand words there, and 26 times in talks. A model learns those shares as if they were grammar.
"""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

from engine.training.numbers import SPELLED, spelled
from engine.tuning.words import (
    ALWAYS_RAISED,
    COMMA,
    NO_BREAK,
    NONE,
    PERIOD,
    Word,
    first_raised,
    lowered,
)

#: Share of windows whose sentences are given a word to begin with; each such word's share, and how
#: often a comma follows it.
OPENED = 0.15
OPENINGS = {
    "And": (0.5, 0.03),
    "So": (0.22, 0.1),
    "But": (0.16, 0.03),
    "Now": (0.07, 0.6),
    "Well": (0.05, 0.9),
}
_JOINING = frozenset(("and", "but", "so"))
#: Share of windows of written styles whose clauses become sentences at "and", "but" and "so".
PARTED = 0.3
WRITTEN = frozenset(("prose", "speech-prepared"))
_SUBJECTS = ALWAYS_RAISED | frozenset(
    ("we", "you", "he", "she", "it", "they", "there", "it's", "we're", "they're", "you're",
     "that's", "there's", "he's", "she's", "then", "what", "when", "if", "let's")
)  # fmt: skip
#: Share of windows in which pairs are contracted.
CONTRACTED = 0.5
_IS = ("it", "that", "there", "what", "he", "she", "here", "who")
_ARE = ("you", "we", "they")
_NOT = (
    "do", "does", "did", "is", "are", "was", "were", "could", "would", "should", "has", "have",
    "had",
)  # fmt: skip
CONTRACTIONS = {
    **{(who, "is"): who + "'s" for who in _IS},
    **{(who, "are"): who + "'re" for who in _ARE},
    **{(who, "will"): who + "'ll" for who in ("I", "it", "you", "we", "he", "she", "they")},
    **{(who, "would"): who + "'d" for who in ("I", "you", "we", "he", "she", "they")},
    **{(verb, "not"): verb + "n't" for verb in _NOT},
    ("I", "am"): "I'm",
    ("can", "not"): "can't",
    ("will", "not"): "won't",
    ("let", "us"): "let's",
}


def as_spoken(words: list[Word], style: str, rng: random.Random) -> list[Word]:
    """The words of one window, with spoken beginnings, ends, contractions and numbers by chance."""
    if rng.random() < SPELLED:
        words = spelled(words, rng)
    if style in WRITTEN and rng.random() < CONTRACTED:
        words = _contracted(words, rng)
    if style in WRITTEN and rng.random() < PARTED:
        words = _parted(words, rng)
    if style in WRITTEN and rng.random() < OPENED:
        words = _opened(words, rng)
    return words


def _contracted(words: list[Word], rng: random.Random) -> list[Word]:
    """Join pairs that speakers join; not where the second ends a clause ("so it is.")."""
    rate = rng.uniform(0.4, 1.0)
    out: list[Word] = []
    number = 0
    while number < len(words):
        first = words[number]
        second = words[number + 1] if number + 1 < len(words) else first
        pair = first.core if first.core == "I" else first.core.lower(), second.core
        plain = not (first.mark or second.mark or second.before)
        joined = CONTRACTIONS.get(pair) if plain else None
        if joined is None or second is first or rng.random() >= rate:
            out.append(first)
            number += 1
            continue
        core = first_raised(joined) if first.core[:1].isupper() else joined
        out.append(replace(first, core=core))
        number += 2
    return out


def _parted(words: list[Word], rng: random.Random) -> list[Word]:
    """Part ", and we ..." as ". And we ...", which is how those who write down speech do it."""
    rate = rng.uniform(0.2, 0.8)
    out = list(words)
    for n in range(1, len(words) - 1):
        before, word, after = out[n - 1], out[n], out[n + 1]
        joins = word.core in _JOINING and before.mark in (",", ";")
        if joins and not word.mark and after.core in _SUBJECTS and rng.random() < rate:
            out[n - 1] = replace(before, mark=".", label=PERIOD)
            out[n] = replace(word, core=first_raised(word.core))
    return out


def _opened(words: list[Word], rng: random.Random) -> list[Word]:
    """Begin some sentences with "and", "so" and the like."""
    out = words[:1]
    rate = rng.uniform(0.1, 0.5)
    for before, word in pairwise(words):
        core = lowered(word.core)
        known = core != word.core or core in ALWAYS_RAISED
        if (
            before.ends
            and known
            and core not in _JOINING
            and core != "then"
            and (rng.random() < rate)
        ):
            (opening,) = rng.choices(list(OPENINGS), [share for share, _ in OPENINGS.values()])
            comma = rng.random() < OPENINGS[opening][1]
            mark, label = (",", COMMA) if comma else ("", NONE)
            out.append(replace(word, core=opening, mark=mark, label=label))
            word = replace(word, core=core, before=NO_BREAK)
        out.append(word)
    return out
