"""A written sentence -> what is wrong with its shape, whatever was said.

Every word of a sentence may stand in the transcript and the sentence be worth nothing: a fragment,
the same words twice, "he" of whom nobody knows who it is. What is false is for `engine/claims`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.claims import tokens as reading
from engine.claims.inflection import is_said
from engine.claims.knowledge import Knowledge
from engine.claims.records import Problem
from engine.claims.tokens import Token

_LEAST: Final = 2  # words of a sentence that say something
_RUN: Final = 3  # words in a row that no sentence has twice

# Words after which a sentence goes on.
_GOES_ON: Final = {
    "en": "the a an and or but of with from because than if my our your their its every",
    "de": "der den dem des ein eine einen einem einer und oder aber sondern mit von für weil wenn",
    "fr": "le la les l un une des du de d et ou mais avec pour parce que qui si",
    "es": "el la los las un una y o pero con de del para porque que si",
    "it": "il lo la i gli le l un uno una e o ma con di del della per perché che se",
    "pt": "o a os as um uma e ou mas com de do da para porque que se",
    "nl": "de het een en of maar met van voor omdat als",
}
# Words that speak of somebody who was named before.
_OF_OTHERS: Final = {
    "en": "he she they him her them his hers their",
    "de": "er ihm ihn ihnen",
    "fr": "elle elles ils lui eux leur",
    "es": "él ella ellos ellas",
    "it": "lui lei loro",
    "pt": "ele ela eles elas",
    "nl": "hij zij hem hun",
}
# "It", where what follows shows that something named before is meant, not the weather.
_THING: Final = {"en": ("it", frozenset("is was will would takes seems".split()))}  # noqa: SIM905


#: Requests each of whose sentences is read without the others.
APART: Final = frozenset(("key_points", "notes", "digest"))


def stands_alone(key: str, *, first: bool) -> bool:
    """Return whether a sentence of a request is read without one before it."""
    return first or key.split(":")[0] in APART


def misshapen(text: str, known: Knowledge, *, alone: bool) -> Problem | None:
    """Return what is wrong with the shape of a sentence, None where nothing is.

    `alone`: no sentence that belongs to it stands before it.
    """
    tokens = reading.read(text, known).tokens
    keys = [token.key for token in tokens]
    if not keys:
        return None
    if _repeats(keys):
        return Problem("form", "it says the same words twice")
    if keys[-1] in _GOES_ON.get(known.code, "").split():
        return Problem("form", f'it ends in its middle, at "{tokens[-1].text}"')
    if len(_telling(tokens, known)) < _LEAST:
        return Problem("form", "it says nothing of what is spoken about")
    if alone and _speaks_of_others(keys, known):
        return Problem("form", f'it begins with "{tokens[0].text}": say who or what that is')
    return None


def adds(text: str, other: str, known: Knowledge) -> bool:
    """Return whether a sentence says a word more than another text, such as the title."""
    said = frozenset(token.key for token in reading.read(other, known).tokens)
    telling = _telling(reading.read(text, known).tokens, known)
    return not all(is_said(key, said, known) for key in telling)


def is_subject(tag: str, known: Knowledge) -> bool:
    """Return whether a tag is a subject: no piece of a sentence, and no number alone."""
    keys = [token.key for token in reading.read(tag, known).tokens]
    return any(map(str.isalpha, tag)) and bool(keys) and not {keys[0], keys[-1]} & known.function


def _telling(tokens: Sequence[Token], known: Knowledge) -> list[str]:
    frame = known.function | known.speaker | known.saying
    return [token.key for token in tokens if token.key not in frame or token.is_figure]


def _repeats(keys: Sequence[str]) -> bool:
    runs = [tuple(keys[n : n + _RUN]) for n in range(len(keys) - _RUN + 1)]
    return len(set(runs)) < len(runs)


def _speaks_of_others(keys: Sequence[str], known: Knowledge) -> bool:
    if keys[0] in _OF_OTHERS.get(known.code, "").split():
        return True
    thing, free = _THING.get(known.code, ("", frozenset()))
    return len(keys) > 1 and keys[0] == thing and keys[1] not in free
