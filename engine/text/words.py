"""Text -> words, the unit that is never lost.

A word is a white-space-delimited token. In scripts that put no space between words (Han, kana,
Thai, Lao, Khmer, Burmese, Tibetan) it is a grapheme cluster, marked `glued` where no space stood
before it. Latin words and numbers among them stay whole; closing marks belong to the cluster
before, opening ones to the cluster after. Joined, the words of a text are that text again.

Characters are changed as little as valid, printable text allows:

- removed: control characters (C0, C1) except those that are white space, which separates words;
  bidirectional embeddings, overrides and isolates; the byte order mark;
- removed: runs of three or more zero-width characters (no script needs them; watermarks of
  thousands are real), and words in which nothing is visible;
- replaced by U+FFFD: lone surrogates;
- kept: everything else, among it joiners (U+200C, U+200D), soft hyphens, zero-width spaces and
  direction marks. No normalisation is applied.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import regex  # type: ignore[import-untyped]

_REMOVED = {
    code: None
    for code in (
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
        0xFEFF,
    )
    if not chr(code).isspace()
}
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]")  # what is removed of ASCII
_WATERMARK = re.compile("[\u200b-\u200f\u2060-\u2064\u180e]{3,}")
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Z}]+")
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACELESS = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\u30fc\uff70"
)
_HAS_SPACELESS = regex.compile(rf"[[{_SPACELESS}]&&[\p{{L}}\p{{N}}\p{{M}}]]", regex.V1)
#: Scripts in which a space parts sentences and phrases, though not words.
_PARTED = regex.compile(r"[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_CLUSTER = regex.compile(r"\X")
_OPENING = regex.compile(r"[\p{Ps}\p{Pi}]")
_MARK = regex.compile(r"\p{P}")
_JOINING_MARKS = frozenset("'’-.,:&/@_·")  # between letters or digits they do not split a word


class SplitWord(NamedTuple):
    """A word of a text, as `split_words` finds it."""

    text: str
    glued: bool  # no white space stood before it


def clean(text: str) -> str:
    """Return the text without what must not reach an output (see the module's docstring)."""
    if text.isascii():
        return text.translate(_REMOVED) if _CONTROL.search(text) else text
    return _WATERMARK.sub("", _SURROGATES.sub("\ufffd", text.translate(_REMOVED)))


def is_spaceless(text: str) -> bool:
    """Return whether the text holds a letter of a script without spaces."""
    return not text.isascii() and _HAS_SPACELESS.search(text) is not None


def is_parted(text: str) -> bool:
    """Return whether the text holds a letter of a script whose spaces part sentences, not words."""
    return not text.isascii() and _PARTED.search(text) is not None


def split_words(text: str) -> list[SplitWord]:
    """Split a text into its words; a text of white space has none."""
    pieces = clean(text).split()
    if text.isascii():
        return [SplitWord(piece, False) for piece in pieces]
    words: list[SplitWord] = []
    for piece in pieces:
        if piece.isascii():
            words.append(SplitWord(piece, False))
            continue
        if _INVISIBLE.fullmatch(piece):
            continue
        if is_spaceless(piece):
            parts = _split_spaceless(piece)
            words += [SplitWord(part, glued=index > 0) for index, part in enumerate(parts)]
        else:
            words.append(SplitWord(piece, glued=False))
    return words


def _split_spaceless(piece: str) -> list[str]:
    words: list[str] = []
    opening = ""  # marks that belong to the next cluster
    run = False  # the last word is a run of letters that may continue
    for cluster in _CLUSTER.findall(piece):
        if _HAS_SPACELESS.match(cluster):
            words.append(opening + cluster)
            opening, run = "", False
        elif _OPENING.match(cluster):
            opening += cluster
            run = False
        elif _MARK.match(cluster) or _INVISIBLE.fullmatch(cluster):
            if words and not opening:
                words[-1] += cluster
                run = run and (cluster in _JOINING_MARKS or not _MARK.match(cluster))
            else:
                opening += cluster
        elif run:
            words[-1] += cluster
        else:
            words.append(opening + cluster)
            opening, run = "", True
    if opening:
        if words:
            words[-1] += opening
        else:
            words.append(opening)
    return words


def join(words: list[SplitWord]) -> str:
    """Join words as they stood, with single spaces."""
    return "".join(("" if word.glued else " ") + word.text for word in words).strip()
