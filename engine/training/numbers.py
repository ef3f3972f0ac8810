"""Write numbers in words, as some readers of speech do: "nineteen eighty six" for "1986".

The corpus has its numbers in figures, and a model that never saw them spelled out puts marks
between their words.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace

from engine.tuning.words import NO_BREAK, NONE, Word, first_raised

#: Share of windows whose numbers are spelled out.
SPELLED = 0.3
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
_SCALES = ("hundred", "thousand", "million", "billion", "trillion")
_NUMBER = re.compile(r"(\$?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,3}))?(%|st|nd|rd|th|s)?")


@dataclass(frozen=True, slots=True)
class Manner:
    """How one speaker's numbers are written."""

    hyphen: bool  # "eighty-six"
    hundred_and: bool  # "two hundred and six"

    def below_hundred(self, n: int) -> list[str]:
        """The words of 0 to 99."""
        if n < 20:
            return [_SMALL[n]]
        tens, ones = _TENS[n // 10], n % 10
        if not ones:
            return [tens]
        return [f"{tens}-{_SMALL[ones]}"] if self.hyphen else [tens, _SMALL[ones]]

    def cardinal(self, n: int) -> list[str]:
        """The words of 0 to 999,999."""
        if n < 100:
            return self.below_hundred(n)
        if n >= 1000:
            first, rest = [*self.cardinal(n // 1000), "thousand"], n % 1000
        else:
            first, rest = [_SMALL[n // 100], "hundred"], n % 100
        if not rest:
            return first
        joined = ["and"] if self.hundred_and and rest < 100 else []
        return first + joined + self.cardinal(rest)

    def year(self, n: int) -> list[str]:
        """The words of a year of four figures."""
        century, rest = divmod(n, 100)
        if n // 10 == 200:
            return self.cardinal(n)
        if not rest:
            return [*self.below_hundred(century), "hundred"]
        later = ["oh", _SMALL[rest]] if rest < 10 else self.below_hundred(rest)
        return self.below_hundred(century) + later


def in_words(core: str, following: str, manner: Manner) -> list[str] | None:
    """The words of the number `core`; None where it is none, or is said otherwise.

    `following` is the next word: "$5 million" is five million dollars, and stays as it is.
    """
    match = _NUMBER.fullmatch(core)
    if match is None:
        return None
    dollar, figures, decimals, end = match.groups()
    n = int(figures.replace(",", ""))
    if n > 999_999 or (figures[0] == "0" and figures != "0") or (dollar and end):
        return None
    looks_a_year = len(figures) == 4 and 1100 <= n < 2100 and not (dollar or decimals)
    if dollar and decimals:
        return None
    words = manner.year(n) if looks_a_year else manner.cardinal(n)
    if decimals:
        words += ["point", *(_SMALL[int(figure)] for figure in decimals)]
    if dollar:
        return None if following in _SCALES else [*words, "dollar" if n == 1 else "dollars"]
    if end == "%":
        return [*words, "percent"]
    if end:
        *first, last = words
        return None if decimals else [*first, _plural(last) if end == "s" else _ordinal(last)]
    return words


def spelled(words: list[Word], rng: random.Random) -> list[Word]:
    """The words of one window with its numbers spelled out; the first word stays as it is."""
    manner = Manner(hyphen=rng.random() < 0.5, hundred_and=rng.random() < 0.5)
    out = words[:1]
    for place, word in enumerate(words[1:], 1):
        following = words[place + 1].core if place + 1 < len(words) else ""
        said = in_words(word.core, following, manner)
        if said is None:
            out.append(word)
            continue
        if words[place - 1].ends or word.before != NO_BREAK:
            said[0] = first_raised(said[0])
        plain = replace(word, mark="", label=NONE, before=NO_BREAK)
        out += [replace(plain, core=core) for core in said]
        out[-len(said)] = replace(out[-len(said)], before=word.before)
        out[-1] = replace(out[-1], mark=word.mark, label=word.label)
    return out


def _ordinal(word: str) -> str:
    head, hyphen, last = word.rpartition("-")
    if last.endswith("y"):
        return head + hyphen + last[:-1] + "ieth"
    return head + hyphen + _ORDINALS.get(last, last + "th")


def _plural(word: str) -> str:
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith("x") else "s")
