"""Enhanced words become safe running text: what renderers, metadata and reports share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from engine.records import EnhancedWord

UNKNOWN = "UNKNOWN"  # how a speaker without a label is written

# Control characters, line and paragraph separators, and lone surrogates: none belongs into a
# paragraph, and the last cannot be written as UTF-8 at all.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")

_END = re.compile(r"[.!?…。！？｡।॥؟۔։።][\"'”’»›」』)\]]*$")
_INNER_DOT = re.compile(r"\w\.\w")
_ABBREVIATION = re.compile(
    r"(?:dr|mr|mrs|ms|st|vs|prof|sen|rep|gov|gen|jr|sr|inc|ltd|eg|ie|fig|approx"
    r"|bzw|usw|ca|nr|evtl|ggf|sog|zb|dh|mme|mlle|sra|uds?)\Z"
)
_ORDINAL_DOT = frozenset(("de", "da", "no", "fi", "cs", "sk", "hu", "pl", "sl", "hr", "et", "lv"))


def safe(text: str) -> str:
    """Return `text` on one line, white space as spaces, anything unsafe as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub("\ufffd", _SPACE.sub(" ", text))


def join(words: Iterable[EnhancedWord]) -> str:
    """Return the words as running text: a space between two, none before a glued one."""
    pieces: list[str] = []
    for enhanced in words:
        if pieces and not enhanced.word.glued:
            pieces.append(" ")
        pieces.append(enhanced.text)
    return safe("".join(pieces))


def speaker_of(paragraph: Sequence[EnhancedWord]) -> str | None:
    """Return the producer's label of a paragraph, which is of one speaker."""
    return paragraph[0].word.speaker if paragraph else None


def label(speaker: str | None, names: Mapping[str, str]) -> str:
    """Return how a speaker is written: the given name, the producer's label, or UNKNOWN."""
    key = UNKNOWN if speaker is None else speaker
    return " ".join(safe(names.get(key, key)).split()) or UNKNOWN


def letters(text: str) -> str:
    """Return the letters, digits and combining marks of `text`: what is heard of it."""
    return "".join(c for c in text if c.isalnum() or unicodedata.category(c)[0] == "M")


def marks(text: str) -> str:
    """Return everything in `text` that `letters` leaves out: what is not heard of it."""
    return "".join(c for c in text if not (c.isalnum() or unicodedata.category(c)[0] == "M"))


def start_of(words: Sequence[EnhancedWord]) -> float | None:
    """Return the first known start in `words`."""
    return next((w.word.start_s for w in words if w.word.start_s is not None), None)


def is_end(text: str) -> bool:
    """Tell whether a word carries a mark that ends sentences."""
    return _END.search(text) is not None


def ends_sentence(text: str, following: str, language: str | None) -> bool:
    """Tell whether a sentence ends after the word `text`."""
    if not is_end(text):
        return False
    heard = letters(following)
    if heard[:1].islower():
        return False
    core = text.rstrip("\"'”’»›」』)]")
    if not core.endswith("."):
        return True
    bare = core.rstrip(".")
    if bare.isdigit() and len(bare) <= 2 and language in _ORDINAL_DOT:
        return False
    if len(bare) == 1 and bare.isupper() and bare != "I":
        return False
    return not (_ABBREVIATION.match(letters(core).casefold()) or _INNER_DOT.search(core))
