"""Punctuation in one place: what ends a sentence or a clause, what opens and closes a quotation.

Every other module asks here, so that a mark or an abbreviation means the same to the lattice, the
paragraphs, the subtitles, the summaries and the readers of files. Which marks a model may *add* is
another question: `readings.separators_of` answers it.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

import regex  # type: ignore[import-untyped]

from engine.text.letters import LETTER, is_letter

OPENERS = "\"'“‘„‚«‹([{「『（【《〈¿¡"
QUOTES = "\"'”’“»›」』"
CLOSERS = QUOTES + ")]}）】》〉"
SENTENCE_MARKS = ".?!…؟۔。？！।॥｡։።"
QUESTION_MARKS = "?؟？"
CLAUSE_MARKS = ",;:、，；：—–،"
MARKS = SENTENCE_MARKS + CLAUSE_MARKS + "؛·"

#: Words whose full stop belongs to them; it ends no sentence.
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st jr sr sen rep gov gen sgt capt lt vs etc inc ltd corp dept approx fig "  # noqa: SIM905
    "eg ie mme mlle sra ud uds nr ca bzw usw evtl ggf bspw sog zb dh".split()
)
#: Of these, the words that close a list: a sentence may end with them.
_LIST_ENDS = frozenset(("etc", "usw"))
#: Words that are often cut short. Their full stop is a mark like any other, but a weak sign that
#: somebody punctuated the text.
CUT_SHORT = frozenset(
    "jan feb apr jun jul aug sep sept oct nov dec tue thu vol ave blvd".split()  # noqa: SIM905
)
INITIALS = regex.compile(r"(?:\p{L}\p{M}*\.)+(?:\p{L}\p{M}*)?")

_INNER_STOP = regex.compile(rf"{LETTER}\.{LETTER}")
#: Languages that write an ordinal number with a full stop: "am 3. Mai".
_ORDINAL_STOP = frozenset(("de", "da", "no", "fi", "cs", "sk", "hu", "pl", "sl", "hr", "et", "lv"))


def letters(text: str) -> str:
    """Return the letters, digits and combining marks of `text`: what is heard of it."""
    return "".join(filter(is_letter, text))


def punctuation(text: str) -> str:
    """Return everything in `text` that `letters` leaves out: what is not heard of it."""
    return "".join(c for c in text if not is_letter(c))


def is_sentence_mark(mark: str, word: str) -> bool:
    """Return whether a mark ends sentences after `word`: `;` asks a question in Greek."""
    return mark in SENTENCE_MARKS or (mark == ";" and _is_greek(word))


def group(mark: str, word: str = "") -> Literal["none", "comma", "period", "question"]:
    """Return which of four marks stands for `mark` after `word`; "" is no mark.

    A colon and a dash count as commas, an exclamation mark and a semicolon as full stops.
    """
    if not mark:
        return "none"
    if mark in QUESTION_MARKS or (mark == ";" and _is_greek(word)):
        return "question"
    return "period" if mark in SENTENCE_MARKS + ";；؛" else "comma"


def keeps_stop(core: str) -> bool:
    """Return whether a full stop after `core` belongs to the word: Mr., U.S."""
    return core.casefold() in ABBREVIATIONS or (
        "." in core and INITIALS.fullmatch(core) is not None
    )


def has_end(text: str) -> bool:
    """Return whether a written word carries a mark that ends sentences, even an abbreviation's."""
    core = text.rstrip(CLOSERS)
    return core != "" and is_sentence_mark(core[-1], core)


def is_question(text: str) -> bool:
    """Return whether a written word ends with a question mark."""
    core = text.rstrip(CLOSERS)
    return core != "" and (core[-1] in QUESTION_MARKS or (core[-1] == ";" and _is_greek(core)))


def has_clause_end(text: str) -> bool:
    """Return whether a written word ends with a mark at which a reader pauses within a sentence."""
    core = text.rstrip(CLOSERS)
    return core != "" and core[-1] in CLAUSE_MARKS


def ends_sentence(text: str, following: str = "", language: str | None = None) -> bool:
    """Return whether a sentence ends after the written word `text`.

    `following` is the next word, "" where it is unknown or says nothing: text in lower case
    throughout has sentences too.
    """
    if not has_end(text) or letters(following)[:1].islower():
        return False
    core = text.rstrip(CLOSERS)
    if not core.endswith("."):
        return True
    bare = core.rstrip(".")
    if bare.isdigit() and len(bare) <= 2 and language in _ORDINAL_STOP:
        return False
    if len(bare) == 1 and bare.isupper() and bare != "I":
        return False
    word = letters(core).casefold()
    if word in _LIST_ENDS:
        return True
    return not (word in ABBREVIATIONS or _INNER_STOP.search(core))


def _is_greek(word: str) -> bool:
    last = next((char for char in reversed(word) if char.isalnum()), "")
    return last != "" and unicodedata.name(last, "").startswith("GREEK")
