"""Text in the public domain -> words as a reader of speech would write them, and as Whisper may.

`texts/SOURCES.md` names the works. Of every language some two thousand words are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from engine.records import Segment, Transcript, Word
from engine.text.readings import take_apart
from engine.text.scores import label

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ca")
_HEADING: Final = "## "
_SEGMENT_WORDS: Final = 12  # as Whisper's are, cut anywhere


@dataclass(frozen=True, slots=True)
class RightWord:
    """A word, and how it is written where it stands."""

    core: str  # without marks, with its case
    label: str  # the mark after it, as `engine.text.scores.label` names it
    capital: bool
    ends_paragraph: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """An excerpt of one work."""

    language: str  # ISO 639-1
    title: str
    words: tuple[RightWord, ...]

    @property
    def has_paragraphs(self) -> bool:
        """Return whether a paragraph ends before the end of the text."""
        return any(word.ends_paragraph for word in self.words[:-1])

    def transcript(self) -> Transcript:
        """Return the words in lower case and without marks, as a recogniser may give them."""
        said = [Word(word.core.lower()) for word in self.words]
        segments = tuple(
            Segment(tuple(said[start : start + _SEGMENT_WORDS]))
            for start in range(0, len(said), _SEGMENT_WORDS)
        )
        return Transcript("calibration", segments, language=self.language)


@cache
def works(language: str) -> tuple[Sample, ...]:
    """Return the works of a language of `LANGUAGES`, each whole."""
    text = resources.files(__package__).joinpath("texts", f"{language}.txt").read_text("utf-8")
    found = []
    for work in text.split(_HEADING)[1:]:
        title, *paragraphs = work.strip().split("\n\n")
        words = [word for paragraph in paragraphs for word in _right(paragraph)]
        found.append(Sample(language, title, tuple(words)))
    return tuple(found)


def samples(language: str, words: int) -> tuple[Sample, ...]:
    """Return about so many words of a language, the same share from the start of every work.

    They end at a sentence end: what stands after a cut sentence is not known.
    """
    every = works(language)
    size = sum(len(work.words) for work in every)
    share = min(1.0, words / size)
    return tuple(_cut(work, round(len(work.words) * share)) for work in every)


def _right(paragraph: str) -> list[RightWord]:
    out: list[RightWord] = []
    for written in paragraph.split():
        core = take_apart(written).core
        if not any(char.isalnum() for char in core):
            continue
        out.append(RightWord(core, label(written), any(map(str.isupper, core)), False))
    if out:
        last = out[-1]
        out[-1] = RightWord(last.core, last.label, last.capital, True)
    return out


def _cut(work: Sample, size: int) -> Sample:
    ends = [n + 1 for n, word in enumerate(work.words) if word.label in ("PERIOD", "QUESTION")]
    end = next((end for end in ends if end >= size), len(work.words))
    return Sample(work.language, work.title, work.words[:end])
