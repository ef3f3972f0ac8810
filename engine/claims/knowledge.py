"""What is known of a language by the checks, read from `words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.text.letters import folded


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The words of one language that a check asks for, folded."""

    code: str  # ISO 639-1
    function: frozenset[str]  # may stand in a sentence without having been said
    negation: frozenset[str]
    not_only: tuple[tuple[str, ...], ...]  # a negation that denies nothing
    hedge: frozenset[str]  # what makes a statement less than certain
    speaker: frozenset[str]  # nouns for those who speak
    saying: frozenset[str]  # verbs that only say that somebody speaks
    first_person: frozenset[str]
    months: frozenset[str]
    days: frozenset[str]
    numbers: Mapping[str, int]
    scales: Mapping[str, int]
    ordinals: Mapping[str, int]
    fractions: frozenset[str]
    joiner: str  # between the words of one number
    endings: frozenset[str]  # of inflected words


@cache
def knowledge(language: str) -> Knowledge | None:
    """Return what is known of a language, None where its sentences cannot be checked."""
    table = _tables().get(language)
    if table is None:
        return None
    return Knowledge(
        code=language,
        function=_words(table["function"]),
        negation=_words(table["negation"]),
        not_only=tuple(tuple(folded(text).split()) for text in table["not_only"]),
        hedge=_words(table["hedge"]),
        speaker=_words(table["speaker"]),
        saying=_words(table["saying"]),
        first_person=_words(table["first_person"]),
        months=_words(table["months"]),
        days=_words(table["days"]),
        numbers=_pairs(table["numbers"]) | _compounds(language, _pairs(table["numbers"])),
        scales=_pairs(table["scales"]),
        ordinals=_pairs(table["ordinals"]),
        fractions=_words(table["fractions"]),
        joiner=folded(table["joiner"]),
        endings=_words(table["endings"]),
    )


def languages() -> frozenset[str]:
    """Return the languages whose sentences can be checked."""
    return frozenset(_tables())


@cache
def negations() -> frozenset[str]:
    """Return the words that negate in any of these languages, but for single letters."""
    return frozenset(
        word
        for code in languages()
        for word in _words(_tables()[code]["negation"])
        if len(word) > 1
    )


@cache
def months() -> frozenset[str]:
    """Return the names of the months in any of these languages."""
    return frozenset(word for code in languages() for word in _words(_tables()[code]["months"]))


@cache
def _tables() -> dict[str, dict[str, Any]]:
    path = Path(__file__).with_name("words.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _words(text: str) -> frozenset[str]:
    return frozenset(folded(word) for word in text.split())


def _pairs(text: str) -> dict[str, int]:
    words = text.split()
    return {folded(word): int(value) for word, value in zip(words[::2], words[1::2], strict=True)}


def _compounds(language: str, simple: Mapping[str, int]) -> dict[str, int]:
    """Return the numbers up to 999 that German, Dutch and Italian write as one word."""
    found: dict[str, int] = {}
    units = {word: n for word, n in simple.items() if 0 < n < 10}
    tens = {word: n for word, n in simple.items() if n >= 20 and n % 10 == 0}
    if language in ("de", "nl"):
        if language == "nl":
            units["een"] = 1
        for unit, one in units.items():
            for ten, value in tens.items():
                for link in ("und",) if language == "de" else ("en", "ën"):
                    found[unit + link + ten] = value + one
        hundred = "hundert" if language == "de" else "honderd"
        below = {**simple, **found}
        for unit, one in {**units, "": 1}.items():
            found[unit + hundred] = one * 100
            for rest, value in below.items():
                if 0 < value < 100:
                    found[unit + hundred + rest] = one * 100 + value
    elif language == "it":
        for ten, value in tens.items():
            for unit, one in units.items():
                stem = ten[:-1] if unit[0] in "uo" else ten
                found[stem + unit.replace("tre", "tré") if one == 3 else stem + unit] = value + one
        below = {**simple, **found}
        for unit, one in {**units, "": 1}.items():
            found[unit + "cento"] = one * 100
            for rest, value in below.items():
                if 0 < value < 100:
                    found[unit + "cento" + rest] = one * 100 + value
    return found
