"""Paragraphs -> sentences with their places; those that are not whole are marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.records import Document, EnhancedWord
from engine.text.marks import ends_sentence, has_end, is_question, letters
from engine.text.prose import join, start_of


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as it stands in the text."""

    words: tuple[EnhancedWord, ...]
    paragraph: int  # counted from 0
    whole: bool  # it begins with a capital (where the script has them) and ends in a mark
    question: bool

    @property
    def text(self) -> str:
        """Return the sentence as one line."""
        return join(self.words)

    @property
    def start_s(self) -> float | None:
        """Return when it begins, None where no word has a time."""
        return start_of(self.words)


def sentences(document: Document) -> list[Sentence]:
    """Return every sentence of the document, in order."""
    return [
        sentence
        for number, paragraph in enumerate(document.paragraphs)
        for sentence in _split(paragraph, number, document.language)
    ]


def _split(
    paragraph: Sequence[EnhancedWord], number: int, language: str | None
) -> Iterator[Sentence]:
    start = 0
    for i, word in enumerate(paragraph):
        following = paragraph[i + 1].text if i + 1 < len(paragraph) else None
        if following is None or ends_sentence(word.text, following, language):
            yield _sentence(tuple(paragraph[start : i + 1]), number)
            start = i + 1


def _sentence(words: tuple[EnhancedWord, ...], paragraph: int) -> Sentence:
    first, last = letters(words[0].text)[:1], words[-1].text
    return Sentence(
        words,
        paragraph,
        whole=bool(first) and not first.islower() and has_end(last),
        question=is_question(last),
    )
