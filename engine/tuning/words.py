"""Turn written text into words with the mark, the case and the break that a reader expects."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from engine.tagger.path import (
    ALL,
    CASES,
    COMMA,
    FIRST,
    LOWER,
    MARKS,
    NONE,
    PERIOD,
    QUESTION,
    case_of,
)
from engine.tagger.pieces import ELISIONS, OPENING, STOP_AND_MARK, STRENGTH, straight, strongest

__all__ = (
    "ALL", "CASES", "COMMA", "FIRST", "LOWER", "MARKS", "NONE", "PERIOD", "QUESTION", "case_of",
    "straight", "strongest",
)  # fmt: skip

#: The value of a label that is not asked.
MASKED = -100
#: What precedes a word.
NO_BREAK, PARAGRAPH, TURN = range(3)

#: The label of every mark; the strongest of several counts.
LABEL = {",": COMMA, ":": COMMA, "-": COMMA, ".": PERIOD, "!": PERIOD, ";": PERIOD, "?": QUESTION}
_NOTE = re.compile(r"\[[^\]]{0,200}\]|<[^>]{0,200}>")
_FOOTNOTE = re.compile(r"(?<=[a-z][.,;])\d{1,2}(?=\s|$)")
_DASH = re.compile(
    r"\s*(?:-{2,}|[\u2012\u2014\u2015])\s*|\s+[-\u2013]\s+|\u2013(?=\s)|(?<=\s)\u2013"
)
_OPENING = "\"'([{\u201c\u201d\u201e\u201a\u00ab\u00bb\u2039\u203a-\u2013."
_TRAIL = ",.?!:;\"')]}\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a\u2013-"
_INITIALS = re.compile(r"^(?:[^\W\d_]\.)+[^\W\d_]?$")
_TITLES = frozenset((
    "mr", "mrs", "ms", "messrs", "dr", "st", "prof", "gen", "col", "capt", "lt", "sgt", "maj",
    "rev", "hon", "gov", "sen", "rep", "jr", "sr", "vs", "mme", "mm", "sra", "srta", "dra", "nr",
    "bzw", "usw", "ca", "dhr", "mevr", "art", "núm", "sig", "on", "ss", "tzw", "np", "itd",
)) - {"on", "ca"}  # fmt: skip
#: English words that are raised wherever they stand, so that they tell nothing of sentences.
ALWAYS_RAISED = frozenset(("I", "I'm", "I've", "I'll", "I'd"))

#: Words that begin a sentence and are surely not a name.
NO_NAMES = frozenset((
    "the", "a", "an", "and", "but", "so", "we", "it", "this", "that", "they", "you", "he", "she",
    "there", "in", "if", "what", "when", "to", "our", "as", "for", "these", "my", "his", "her",
    "their", "your", "those", "who", "where", "how", "why", "at", "on", "by", "from", "with",
    "after", "before", "then", "some", "many", "most", "all", "no", "not", "it's", "that's",
    "there's", "we're", "they're", "you're", "let's", "he's", "she's", "don't",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the target text."""

    core: str  # the word in its case, without marks, quotes and brackets round it
    mark: str = ""  # the mark after it, one of LABEL, "..." or ""
    label: int = NONE  # what that mark asks of the model; MASKED where it belongs to the word
    before: int = NO_BREAK  # NO_BREAK, PARAGRAPH or TURN
    opening: str = ""  # an opening mark that a reader of Spanish sees before it
    paragraph_known: bool = True  # False where the source of the text lost its paragraphs

    @property
    def ends(self) -> bool:
        """Return whether a sentence ends after the word."""
        return self.label in (PERIOD, QUESTION)


def parse(text: str) -> list[Word]:
    """Split one paragraph or turn into words; the first one carries no break yet."""
    text = _FOOTNOTE.sub("", _NOTE.sub(" ", straight(text)))
    words: list[Word] = []
    for token in _DASH.sub(" \u2014 ", text).split():
        parted = take_apart(token)
        if parted is not None:
            words.append(parted)
        elif words:
            words[-1] = _with_mark(words[-1], "-" if "\u2014" in token else strongest(token))
    return _settled(words)


def take_apart(token: str) -> Word | None:
    """Return the word that a token without spaces holds, or None where it holds none."""
    if token.isalpha():
        return Word(token)
    opening = "".join(c for c in token[:3] if c in OPENING)
    for mark in opening:
        token = token.replace(mark, "")
    core = token.lstrip(_OPENING)
    lead = token[: len(token) - len(core)]
    whole, core = core, core.rstrip(_TRAIL)
    tail = whole[len(core) :]
    if not any(c.isalnum() for c in core):
        return None
    if lead.endswith("'") and (core.split("'")[0].lower() in ELISIONS):
        core = "'" + core
    elif lead.endswith("-") and core[:1].isdigit():
        core = "-" + core
    if tail.startswith("'") and not set(lead) & {"'"}:  # the dogs', po'
        core, tail = core + "'", tail[1:]
    elif tail in ("-", "\u2013"):  # Ein- und Ausgang
        core, tail = core + "-", ""
    mark = "..." if ".." in tail and "?" not in tail else strongest(tail)
    if mark not in ("", "...") and STOP_AND_MARK.match(tail):  # etc., and U.S.,
        return Word(core + ".", strongest(tail[1:]), opening=opening)
    if mark == "." and (
        _INITIALS.match(core) or (len(core) == 1 and core.isalpha() and core not in "Iaoyeiuàé")
    ):
        core, mark = core + ".", ""
    return Word(core, mark, opening=opening)


def _with_mark(word: Word, mark: str) -> Word:
    if not mark or (word.mark and _rank(word.mark) >= _rank(mark)):
        return word
    return replace(word, mark=mark)


def _rank(mark: str) -> int:
    return STRENGTH.index(mark[0])


def _settled(words: list[Word]) -> list[Word]:
    """Give every word its label: an ellipsis or a full stop before a lower-case word ends nothing.

    The full stop of an abbreviation belongs to its word and is not asked. A dash at the end of a
    turn is an interruption, which ends the sentence.
    """
    out = []
    for n, word in enumerate(words):
        following = words[n + 1].core if n + 1 < len(words) else None
        cut_off = word.core.endswith("-") and following is None
        if not word.mark and not word.core.endswith(".") and not cut_off:
            out.append(word)
            continue
        raised = following is None or (
            not following[:1].islower() and following not in ALWAYS_RAISED
        )
        if word.mark == "...":
            label = PERIOD if raised else COMMA
        elif (
            word.mark == "."
            and following is not None
            and (word.core.lower() in _TITLES or following[:1].islower())
        ):
            label = MASKED
        elif word.mark in ("?", "!") and following is not None and following[:1].islower():
            label = MASKED if word.mark == "?" else COMMA
        elif cut_off or (word.mark in ("-", ",") and following is None):
            label = PERIOD
        else:
            label = LABEL.get(word.mark, NONE)
        if not word.mark and word.core.endswith("."):  # initials may end a sentence or not
            label = MASKED
        out.append(replace(word, label=label))
    return out


def first_raised(core: str) -> str:
    """Return the word with its first letter or figure raised, past an apostrophe."""
    for place, char in enumerate(core):
        if char.isalnum():
            return core[:place] + char.upper() + core[place + 1 :]
    return core


def lowered(core: str) -> str:
    """Lower a sentence's first word where that is surely not a name."""
    return core.lower() if core.lower() in NO_NAMES else core
