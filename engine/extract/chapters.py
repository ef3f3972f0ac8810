"""Document -> chapters: stretches between the places where the topic shifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.extract.lexicon import Lexicon, stems
from engine.extract.segmenting import CONCENTRATION, boundaries
from engine.records import Document
from engine.text.prose import start_of

LONG_S = 600.0  # a shorter talk has no chapters
WORDS_PER_S = 2.5  # of speech, for a source without times

_USUAL_S, _LEAST_S, _MOST_S = 420.0, 120.0, 1500.0
_BLOCKS = 500  # most places at which a chapter may open
_BLOCK_WORDS = 60
_SLOWEST_S = 1000.0  # with longer chapters on average, a talk is searched more closely


@dataclass(frozen=True, slots=True)
class Stretch:
    """Paragraphs that belong together."""

    first: int  # paragraph
    last: int  # paragraph, included


def length_s(document: Document) -> float:
    """Return the length of the talk, by the clock or by its words."""
    words = sum(len(paragraph) for paragraph in document.paragraphs)
    return document.duration_s or words / WORDS_PER_S


def stretches(document: Document, lexicon: Lexicon, *, unspaced: bool) -> list[Stretch]:
    """Return the chapters' paragraphs; one stretch for a talk that is short or has one topic."""
    count = len(document.paragraphs)
    whole = [Stretch(0, count - 1)] if count else []
    if count < 2 or length_s(document) <= LONG_S:
        return whole
    words = sum(len(paragraph) for paragraph in document.paragraphs)
    opens = _openings(document, max(_BLOCK_WORDS, words // _BLOCKS))
    blocks, sizes = [], []
    per_word = length_s(document) / max(1, words)
    for start, end in zip(opens, [*opens[1:], count], strict=True):
        inside = [word for p in document.paragraphs[start:end] for word in p]
        blocks.append(stems(inside, lexicon, unspaced=unspaced))
        sizes.append(len(inside) * per_word)
    concentration = CONCENTRATION
    while True:
        found = boundaries(
            blocks,
            sizes,
            usual=_USUAL_S,
            least=_LEAST_S,
            most=_MOST_S,
            concentration=concentration,
        )
        # A talk about one topic has softer shifts than a series of different ones.
        concentration /= 2
        if len(found) + 1 >= sum(sizes) / _SLOWEST_S or concentration < CONCENTRATION / 20:
            break
    starts = [0, *(opens[i] for i in found)]
    return [
        Stretch(start, end - 1) for start, end in zip(starts, [*starts[1:], count], strict=True)
    ]


def start_s(document: Document, paragraph: int) -> float | None:
    """Return when a paragraph begins."""
    return start_of(document.paragraphs[paragraph])


def _openings(document: Document, least: int) -> Sequence[int]:
    """Return the paragraphs at which a chapter may open, at least `least` words apart."""
    found = [0]
    words = 0
    for number, paragraph in enumerate(document.paragraphs):
        if words >= least:
            found.append(number)
            words = 0
        words += len(paragraph)
    return found
