"""Turn corpus text into words with separators: what a transcript says, and how it should read."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Codes of what follows a word; the last is the full stop of an abbreviation such as "Mr.".
SEPARATORS = ("", ",", ".", "?", "!", ":", ";", ".")
COMMA, STOP, QUESTION, EXCLAMATION, COLON, SEMICOLON, ABBREVIATION = range(1, len(SEPARATORS))
SENTENCE_ENDS = frozenset((STOP, QUESTION, EXCLAMATION))
#: Codes of what precedes a word.
NO_BREAK, PARAGRAPH, TURN = 0, 1, 2

_CODE = {mark: code for code, mark in enumerate(SEPARATORS[:ABBREVIATION]) if mark}
_STRENGTH = {"?": 5, "!": 4, ".": 3, ";": 2, ":": 1, ",": 0}
_TITLES = frozenset(
    (
        "mr",
        "mrs",
        "ms",
        "messrs",
        "dr",
        "st",
        "prof",
        "gen",
        "col",
        "capt",
        "lt",
        "sgt",
        "maj",
        "rev",
        "hon",
        "gov",
        "sen",
        "rep",
        "jr",
        "sr",
        "vs",
    )
)
_ELISIONS = frozenset(
    (
        "tis",
        "twas",
        "em",
        "twere",
        "cause",
        "til",
        "till",
        "d",
        "ll",
        "s",
        "re",
        "ve",
        "m",
        "twill",
        "bout",
        "round",
    )
)
_STRAIGHT = str.maketrans(
    {
        "\u201c": '"',
        "\u201d": '"',
        "\u2018": "'",
        "\u2019": "'",
        "\u2026": "...",
        "\u00a0": " ",
        "_": " ",
        "*": " ",
        "\u2012": "-",
        "\u2011": "-",
        "\u00ad": "",
    }
)
_NOTE = re.compile(
    r"\[[^\]]{0,200}\]|\((?:Applause|Laughter|laughter|applause)[^)]{0,40}\)|<[^>]*>"
)
_FOOTNOTE = re.compile(r"(?<=[a-z][.,;])\d{1,2}(?=\s|$)")
_DASH = re.compile(r"\s*(?:-{2,}|\u2014|\u2015)\s*|\s+[-\u2013]\s+")
_TOKEN = re.compile(r"^([\"'(\[{]*)(.*?)([,.?!:;\"')\]}]*)$", re.DOTALL)
_INITIALS = re.compile(r"^(?:[A-Za-z]\.)+[A-Za-z]?$")
_ALNUM = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the target text."""

    core: str  # the word with its own inner marks, quotes and brackets taken off
    separator: int  # index into SEPARATORS
    before: int  # NO_BREAK, PARAGRAPH or TURN
    literal: str | None = None  # the token as printed, where it carries quotes or brackets


def tidy(text: str) -> str:
    """Straighten quotes, take out notes and footnote numbers, set dashes apart."""
    text = _NOTE.sub(" ", text.translate(_STRAIGHT))
    text = _FOOTNOTE.sub("", text)
    return _DASH.sub(" \u2014 ", text)


def parse(text: str) -> list[Word]:
    """Split one paragraph or turn into words; the first one carries no break yet."""
    words: list[Word] = []
    for token in tidy(text).split():
        if not _ALNUM.search(token):
            _mark_previous(words, token)
            continue
        words.append(_word(token))
    if words and words[-1].separator in (0, _CODE[","]) and text.rstrip()[-1:] in "\u2014-":
        words[-1] = _with_separator(words[-1], ".")
    _settle_ellipses(words)
    return words


def _mark_previous(words: list[Word], token: str) -> None:
    """A dash or a stray mark belongs to the word before it, if that has no mark yet."""
    if not words or words[-1].separator:
        return
    mark = "," if token.startswith("\u2014") else next((c for c in token if c in _CODE), "")
    if mark:
        words[-1] = _with_separator(words[-1], mark)


def _with_separator(word: Word, mark: str) -> Word:
    literal = None if word.literal is None else word.literal + mark
    return Word(word.core, _CODE[mark], word.before, literal)


def _word(token: str) -> Word:
    match = _TOKEN.match(token)
    assert match is not None
    opening, core, trail = match.groups()
    if opening.endswith("'") and core.split("'")[0].lower() in _ELISIONS:
        core = "'" + core
    marks = [c for c in trail if c in _CODE]
    if core.lower().endswith("s") and trail.startswith("'"):
        core += "'"
    separator = _CODE[max(marks, key=_STRENGTH.__getitem__)] if marks else 0
    if trail.startswith("."):
        if _INITIALS.match(core) or (len(core) == 1 and core.isalpha() and core not in "Ia"):
            core, separator = core + ".", _CODE[","] if "," in trail else 0
        elif core.lower() in _TITLES:
            separator = ABBREVIATION
    if trail.startswith(".."):
        core, separator = core, -1
    literal = token if any(c in '"()[]{}' for c in opening + trail) else None
    return Word(core, separator, NO_BREAK, literal)


def _settle_ellipses(words: list[Word]) -> None:
    """An ellipsis ends the sentence where a capital follows, else it is a comma."""
    for i, word in enumerate(words):
        if word.separator == -1:
            ends = i + 1 == len(words) or words[i + 1].core[:1].isupper()
            words[i] = Word(word.core, _CODE["." if ends else ","], word.before, None)


def first_raised(word: str) -> str:
    """Raise the first letter, past opening quotes, as the engine's grammar can."""
    for i, char in enumerate(word):
        if char.isalnum():
            return word[:i] + char.upper() + word[i + 1 :]
    return word


def reachable(target: str, raw: str) -> str:
    """The form nearest to `target` that the engine's grammar can make from `raw`."""
    if target in (raw, raw.lower(), first_raised(raw), first_raised(raw.lower())):
        return target
    if _INITIALS.match(target):
        return target
    letters = [c for c in target if c.isalpha()]
    return first_raised(raw.lower()) if letters and letters[0].isupper() else raw.lower()
