"""Document -> what a model is shown of it and held against: numbered paragraphs, and chapters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.claims.instructions import is_instruction
from engine.claims.knowledge import Knowledge, knowledge
from engine.claims.records import Paragraph
from engine.records import Document, Extracts
from engine.text import marks
from engine.text.prose import join, label, speaker_of, start_of

WITHHELD = "[...]"  # shown for sentences that tell a model what to write


@dataclass(frozen=True, slots=True)
class Stretch:
    """A chapter: consecutive paragraphs, and the title that was quoted for it."""

    title: str
    first: int  # paragraph
    last: int  # paragraph, included
    start_s: float | None


@dataclass(frozen=True, slots=True)
class Material:
    """All that is known of a transcript while it is written about."""

    paragraphs: tuple[Paragraph, ...]
    chapters: tuple[Stretch, ...]  # empty where there are none
    known: Knowledge
    vocabulary: tuple[str, ...]  # tags to choose from; empty: free
    withheld: int  # sentences that tell a model what to write

    @property
    def speakers(self) -> frozenset[str]:
        """Return the names of those who speak."""
        return frozenset(p.speaker for p in self.paragraphs if p.speaker is not None)

    def cited(self, numbers: Iterable[int]) -> list[Paragraph]:
        """Return paragraphs by their numbers; those that do not exist are left out."""
        return [self.paragraphs[n] for n in dict.fromkeys(numbers) if 0 <= n < self.count]

    @property
    def count(self) -> int:
        """Return the number of paragraphs."""
        return len(self.paragraphs)


def speakers_in_order(material: Material) -> tuple[str, ...]:
    """Return the names of those who speak, in the order of their first words."""
    named = (p.speaker for p in material.paragraphs if p.speaker is not None)
    return tuple(dict.fromkeys(named))


def can_be_checked(language: str | None) -> bool:
    """Return whether what is written in a language can be held against a transcript."""
    return language is not None and knowledge(language) is not None


def material(
    document: Document,
    extracts: Extracts,
    *,
    names: Mapping[str, str] | None = None,
    vocabulary: Sequence[str] = (),
) -> Material | None:
    """Return the material of a transcript, None where nothing can be written about it.

    That is so without words, and in a language whose sentences cannot be checked.
    """
    known = knowledge(document.language or "")
    if known is None or not document.paragraphs:
        return None
    paragraphs = []
    withheld = 0
    for number, words in enumerate(document.paragraphs):
        text, left_out = _without_instructions(join(words), known)
        withheld += left_out
        speaker = label(speaker_of(words), names or {}) if document.has_speakers else None
        paragraphs.append(Paragraph(number, text, speaker, start_of(words)))
    starts = [chapter.paragraph for chapter in extracts.chapters]
    ends = [*(start - 1 for start in starts[1:]), len(paragraphs) - 1]
    chapters = tuple(
        Stretch(chapter.title, chapter.paragraph, end, chapter.start_s)
        for chapter, end in zip(extracts.chapters, ends, strict=False)
    )
    return Material(tuple(paragraphs), chapters, known, tuple(vocabulary), withheld)


def sentences_of(text: str, language: str) -> list[str]:
    """Return the sentences of a text; one without marks is one sentence."""
    found: list[str] = []
    words = text.split(" ")
    begun = 0
    for n, word in enumerate(words):
        following = words[n + 1] if n + 1 < len(words) else ""
        if not following or marks.ends_sentence(word, following, language):
            found.append(" ".join(words[begun : n + 1]))
            begun = n + 1
    return [sentence for sentence in found if sentence.strip()]


def _without_instructions(text: str, known: Knowledge) -> tuple[str, int]:
    """Return a paragraph without the sentences that tell a model what to write, and their number.

    What follows such a sentence in quotation marks or after a colon is what it asks for.
    """
    kept: list[str] = []
    withheld = 0
    orders = False
    for sentence in sentences_of(text, known.code):
        found = is_instruction(sentence)
        quoted = orders and sentence.lstrip()[:1] in "\"“„«'‘"
        orders = found or quoted
        if not orders:
            kept.append(sentence)
            continue
        withheld += 1
        if not kept or kept[-1] != WITHHELD:
            kept.append(WITHHELD)
    return " ".join(kept), withheld
