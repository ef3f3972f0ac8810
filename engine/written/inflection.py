"""Two words -> whether one is an inflected form of the other: contract, contracts, contracted."""

from __future__ import annotations

from collections.abc import Iterable

from engine.written.knowledge import Knowledge

_LEAST = 3  # letters that both forms begin with
_LEAST_ELSEWHERE = 4
_VOWELS = "aeiou"


def is_said(key: str, said: Iterable[str], known: Knowledge) -> bool:
    """Return whether a word, or a form of it, is among the words that were said."""
    said = said if isinstance(said, set | frozenset) else set(said)
    return key in said or any(same_word(key, other, known) for other in said)


def same_word(one: str, other: str, known: Knowledge) -> bool:
    """Return whether two words are forms of one word."""
    if one == other:
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
