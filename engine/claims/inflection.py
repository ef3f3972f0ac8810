"""Two words -> whether one is an inflected form of the other: contract, contracts, contracted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from engine.claims.knowledge import Knowledge

_LEAST = 3  # letters that both forms begin with
_LEAST_ELSEWHERE = 4
_VOWELS = "aeiou"
#: Forms of common verbs that have no beginning in common. Every line is one verb.
_IRREGULAR: Final = """
be is are was were been being am|have has had having|do does did done doing|go goes went gone going
say says said saying|pay pays paid paying|make makes made making|buy buys bought buying
sell sells sold selling|tell tells told telling|think thinks thought thinking|get gets got gotten
give gives gave given giving|take takes took taken taking|leave leaves left leaving
find finds found finding|begin begins began begun beginning|write writes wrote written writing
speak speaks spoke spoken speaking|win wins won winning|lose loses lost losing
build builds built building|send sends sent sending|spend spends spent spending
keep keeps kept keeping|meet meets met meeting|run runs ran running|come comes came coming
become becomes became becoming|hold holds held holding|bring brings brought bringing
teach teaches taught teaching|feel feels felt feeling|know knows knew known knowing
see sees saw seen seeing|grow grows grew grown growing|rise rises rose risen rising
fall falls fell fallen falling|break breaks broke broken breaking|choose chooses chose chosen
drive drives drove driven driving|fly flies flew flown flying|eat eats ate eaten eating
drink drinks drank drunk drinking|hear hears heard hearing|steal steals stole stolen stealing
fight fights fought fighting|catch catches caught catching|stand stands stood standing
understand understands understood|lead leads led leading|sleep sleeps slept sleeping
man men|woman women|child children|person people|foot feet|wife wives|life lives
mean means meant meaning|lie lies lay lain lying|wear wears wore worn wearing
throw throws threw thrown|draw draws drew drawn|show shows showed shown|die dies died dying death
""".replace("\n", "|")


def is_said(key: str, said: Iterable[str], known: Knowledge) -> bool:
    """Return whether a word, or a form of it, is among the words that were said."""
    said = said if isinstance(said, set | frozenset) else set(said)
    return key in said or any(same_word(key, other, known) for other in said)


def same_word(one: str, other: str, known: Knowledge) -> bool:
    """Return whether two words are forms of one word."""
    if one == other:
        return True
    if known.code == "en" and one in forms_of(other):
        return True
    least = _LEAST if known.code == "en" else _LEAST_ELSEWHERE
    size = _common(one, other)
    if size < least:
        return False
    if known.code == "en":
        return bool(_bases(one, known) & _bases(other, known))
    rests = one[size:], other[size:]
    return all(rest == "" or rest in known.endings for rest in rests)


def _bases(word: str, known: Knowledge) -> set[str]:
    """Return what an English word may be a form of."""
    found = {word}
    for ending in known.endings:
        base = word.removesuffix(ending)
        if base == word or len(base) < _LEAST:
            continue
        found.add(base)
        if ending in ("ed", "ing", "es", "d"):
            found.add(base + "e")
        if ending in ("ed", "ing") and base[-1:] == base[-2:-1] and base[-1] not in _VOWELS:
            found.add(base[:-1])
        if ending in ("es", "ed") and base.endswith("i"):
            found.add(base[:-1] + "y")
    return found


def _common(one: str, other: str) -> int:
    size = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        size += 1
    return size


def forms_of(word: str) -> frozenset[str]:
    """Return the forms of a common English word that have no beginning in common with it."""
    return _forms().get(word, frozenset())


@lru_cache(maxsize=1)
def _forms() -> dict[str, frozenset[str]]:
    forms: dict[str, frozenset[str]] = {}
    for line in _IRREGULAR.split("|"):
        row = frozenset(line.split())
        for word in row:
            forms[word] = forms.get(word, frozenset()) | row
    return forms
