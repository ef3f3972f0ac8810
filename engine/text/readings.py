"""The readings of a word and the joins between two words: the choices that a model is given.

Every reading has the word's own letters; only case differs. Every join has only marks, closing
quotes or brackets of the source, and white space.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.text.marks import (
    CLOSERS,
    CUT_SHORT,
    INITIALS,
    MARKS,
    OPENERS,
    QUOTES,
    SENTENCE_MARKS,
    is_sentence_mark,
    keeps_stop,
)

#: Initials that are no name and so stay in lower case.
_LOWER_INITIALS = frozenset(
    ("a.m.", "p.m.", "i.e.", "e.g.", "a.k.a.", "c.f.", "z.b.", "d.h.", "u.a.", "o.ä.")
)
_TRAIL = re.compile(rf"(?:[{re.escape(MARKS)}]|--)+|[{re.escape(CLOSERS)}]+")

_LATIN = (",", ".", "?", "!", ":", ";")
_SEPARATORS = {
    "latin": _LATIN,
    "greek": (",", ".", ";", "!", "·", ":"),
    "arabic": ("،", ".", "؟", "!", ":", "؛"),
    "devanagari": (",", "।", "?", "!", ":", ";"),
    "han": ("，", "。", "？", "！", "：", "；", "、"),
    "kana": ("、", "。", "？", "！"),
    "none": (),
}


@dataclass(frozen=True, slots=True)
class WrittenWord:
    """A written word taken apart: `lead + core + trail` is the word as it stands."""

    lead: str  # opening quotes and brackets
    core: str  # the word itself, with its inner marks
    trail: str  # the source's own marks and closing quotes


@dataclass(frozen=True, slots=True)
class Join:
    """One thing that may stand between two words."""

    trail: str  # marks and closers that end the word before
    gap: str  # white space up to the next word, or nothing
    paragraph: bool
    mark: str  # the first mark of `trail`, "" for none: the key of a model's bias


@lru_cache(maxsize=4_096)
def take_apart(text: str) -> WrittenWord:
    """Split a written word into opening marks, core and trailing marks.

    A full stop that belongs to the word (U.S., Mr.) stays in the core.
    """
    if not any(char.isalnum() for char in text):
        return WrittenWord("", text, "")
    start = 0
    while text[start] in OPENERS:
        start += 1
    end = len(text)
    while True:
        found = None
        for match in _TRAIL.finditer(text, start, end):
            if match.end() == end:
                found = match
        if found is None or found.start() <= start:
            break
        piece = found.group()
        core = text[start : found.start()]
        if set(piece) <= {"'", "’"} and not set(text[:start]) & {"'", "‘", "’"}:
            break  # the apostrophe of a plural, not the end of a quotation
        if piece[0] == "." and keeps_stop(core):
            end = found.start() + 1
            break
        if piece == "." and core.endswith("."):
            break
        end = found.start()
    return WrittenWord(text[:start], text[start:end], text[end:])


@lru_cache(maxsize=32_768)
def readings(text: str, *, shouting: bool = False) -> tuple[str, ...]:
    """Return the ways to write a word: as it stands, in lower case, with its first letter raised.

    Initials are raised together (u.s., U.S.). A word with capitals inside (NASA, iPhone) stays as
    it is, unless the text around it is `shouting`: all in capitals.
    """
    written = take_apart(text)
    core = written.core
    letters = [char for char in core if char.isalpha()]
    if not letters:
        return (written.lead + core,)
    options = [core]
    capitals = sum(char.isupper() for char in letters)
    fixed = capitals > 1 or (capitals == 1 and not letters[0].isupper())
    if not fixed or shouting:
        lower = core.lower()
        # The English pronoun never loses its capital.
        if not re.fullmatch(r"I(?:['’][^\s'’]+)?", core):
            options.append(lower)
        if "." not in core or not INITIALS.fullmatch(core):
            options.append(_raise_first(lower))
        elif lower not in _LOWER_INITIALS:
            options.append(lower.upper())
    same = core.casefold()
    kept = [option for option in options if option.casefold() == same]
    return tuple(dict.fromkeys(written.lead + option for option in kept or [core]))


def capitals(text: str) -> str | None:
    """Return the word `text` in capitals throughout; None where that changes more than case."""
    written = take_apart(text)
    upper = written.core.upper()
    many = sum(char.isalpha() for char in upper) > 1
    if not many or upper == written.core or upper.lower() != written.core.lower():
        return None
    return written.lead + upper


def begins_small(text: str) -> bool:
    """Return whether the first letter of a written word is a small one."""
    letters = [char for char in text if char.isalpha()]
    many = len(letters) > 1 and all(char.isupper() for char in letters)
    return not many and not (letters and letters[0].isupper())


def _raise_first(text: str) -> str:
    for n, char in enumerate(text):
        if char.isalpha():
            upper = char.upper()
            # Only where the word begins with a letter: "3rd" and "'em" stay as they are.
            return text[:n] + upper + text[n + 1 :] if n == 0 and len(upper) == 1 else text
    return text


def is_sentence_end(trail: str, core: str) -> bool:
    """Return whether a sentence may end with this trail, or with the stop of an abbreviation."""
    marks = [char for char in trail if char in MARKS]
    if marks:
        return is_sentence_mark(marks[-1], core)
    return core.endswith(".")


@lru_cache(maxsize=65_536)
def joins(
    text: str,
    *,
    glued: bool,
    turn_ends: bool,
    last: bool,
    paragraph: str,
    separators: tuple[str, ...],
    settled: bool = False,
) -> tuple[Join, ...]:
    """Return what may stand after the word `text`, the source's own marks first.

    `glued`: no white space before the next word; `turn_ends`: the next word is another speaker's,
    so a paragraph break is certain; `last`: no word follows; `separators`: those of the model,
    empty for those of the word's script; `settled`: only the source's own marks.
    """
    written = take_apart(text)
    trails = [written.trail]
    for mark in () if settled else ("", *(separators or separators_of(written.core))):
        if written.core.endswith(".") and mark == ".":
            continue
        if (last or turn_ends) and mark and not is_sentence_end(mark, written.core):
            continue  # no text stops at a comma of ours; the source's own mark stays possible
        if any(char.isalnum() for char in written.core):
            trails.append(_with_mark(written.trail, mark))
    out: list[Join] = []
    for trail in dict.fromkeys(trails):
        mark = next((char for char in trail if char in MARKS), "")
        if last:
            out.append(Join(trail, "", paragraph=False, mark=mark))
            continue
        if not turn_ends:
            out.append(Join(trail, "" if glued else " ", paragraph=False, mark=mark))
        if turn_ends or is_sentence_end(trail, written.core):
            out.append(Join(trail, paragraph, paragraph=True, mark=mark))
    return tuple(out)


def _with_mark(trail: str, mark: str) -> str:
    """Replace the marks of a trail with one mark or none; closing quotes keep their place."""
    closers = "".join(char for char in trail if char not in MARKS and char != "-")
    if not closers:
        return mark
    inside = trail[0] not in closers or (trail == closers and set(closers) <= set(QUOTES))
    return mark + closers if inside else closers + mark


@lru_cache(maxsize=32_768)
def separators_of(core: str) -> tuple[str, ...]:
    """Return the separators of the script that a word ends in; none where it has no letters."""
    for char in reversed(core):
        if not char.isalnum():
            continue
        if char.isdigit():
            return _LATIN
        name = unicodedata.name(char, "")
        if name.startswith("GREEK"):
            return _SEPARATORS["greek"]
        if name.startswith("ARABIC"):
            return _SEPARATORS["arabic"]
        if name.startswith(("DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA")):
            return _SEPARATORS["devanagari"]
        if name.startswith(("CJK", "IDEOGRAPHIC", "HALFWIDTH IDEO")):
            return _SEPARATORS["han"]
        if name.startswith(("HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA")):
            return _SEPARATORS["kana"]
        return _LATIN
    return _SEPARATORS["none"]


def is_shouting(words: Sequence[str]) -> bool:
    """Return whether a text is written in capitals throughout."""
    letters = [
        char for word in words for char in word if char.isalpha() and char.lower() != char.upper()
    ]
    return len(letters) > 20 and sum(char.isupper() for char in letters) > 0.8 * len(letters)


def is_mark(text: str) -> bool:
    """Return whether a written word is only marks, which belong to the word before it."""
    return all(char in MARKS or char in CLOSERS or char == "-" for char in text)


def is_marked(words: Sequence[str]) -> bool:
    """Return whether a text is punctuated: it has one sentence end in forty words."""
    ends = sum(_shows_punctuation(take_apart(word)) for word in words)
    return 40 * ends >= len(words) > 0


def _shows_punctuation(word: WrittenWord) -> bool:
    """Return whether a word shows that its text is punctuated; "J." and "Jan." do not."""
    if not any(char in SENTENCE_MARKS for char in word.trail):
        return False
    core = word.core.casefold()
    cut_short = core in CUT_SHORT or "." in core or (len(core) == 1 and core.isalpha())
    return not (cut_short and word.trail.startswith("."))


_NOT_CONTENT = frozenset(MARKS + OPENERS + CLOSERS + "-")


def content(text: str) -> str:
    """Return the part of a written word that never changes: no marks, quotes, brackets or case."""
    return "".join(char for char in text.casefold() if char not in _NOT_CONTENT)
