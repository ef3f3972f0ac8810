"""Material of a few paragraphs, as a test writes them down."""

from __future__ import annotations

from engine.claims.checks import Checker
from engine.records import Document, EnhancedWord, Extracts, Word
from engine.written.material import Material, material

Said = str | tuple[str, str]  # a paragraph, or its speaker and what they say


def document(*paragraphs: Said, language: str = "en") -> Document:
    """Return a transcript of these paragraphs, a minute each."""
    found = []
    for number, paragraph in enumerate(paragraphs):
        speaker, text = paragraph if isinstance(paragraph, tuple) else (None, paragraph)
        found.append(
            tuple(
                EnhancedWord(Word(word, 60.0 * number, 60.0 * number + 1, speaker), word)
                for word in text.split()
            )
        )
    return Document(
        paragraphs=tuple(found),
        language=language,
        duration_s=60.0 * len(paragraphs),
        has_speakers=any(isinstance(paragraph, tuple) for paragraph in paragraphs),
        timing="word",
    )


def made(*paragraphs: Said, language: str = "en", vocabulary: tuple[str, ...] = ()) -> Material:
    """Return the material of these paragraphs."""
    found = material(document(*paragraphs, language=language), Extracts(), vocabulary=vocabulary)
    assert found is not None
    return found


def checker(*paragraphs: Said, language: str = "en") -> Checker:
    """Return what checks sentences about these paragraphs."""
    found = made(*paragraphs, language=language)
    return Checker(found.paragraphs, found.known)


def fault(sentence: str, *paragraphs: Said, language: str = "en") -> str | None:
    """Return what is wrong with a sentence that cites all of these paragraphs."""
    problem = checker(*paragraphs, language=language).check(sentence, range(len(paragraphs)))
    return None if problem is None else problem.kind
