"""Terms that the user expects: offered to the guide for words that sound like them, and only there.

Whisper writes "cubernetties" where Kubernetes was said. The model decides whether it was: the term
becomes one more reading of that word. Every use is reported.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from engine.errors import AlignmentError
from engine.records import EnhancedPart, EnhancedWord, Part, Replacement, Transcript, Word
from engine.text.readings import content, readings, take_apart

SHORTEST = 3  # letters; shorter words sound like too many others
ALIKE = 0.75  # least similarity of the spellings (Jaro-Winkler), beside equal sounds
LONG_SOUND = 4  # sounds this long may differ in one place
_POSSESSIVES = ("'s", "’s")


def offer(transcript: Transcript, terms: Sequence[str]) -> Transcript:
    """Return the transcript with each term offered to the words that sound like it."""
    if not terms:
        return transcript
    found: dict[str, tuple[str, ...]] = {}
    segments = []
    for segment in transcript.segments:
        words = []
        for word in segment.words:
            if word.text not in found:
                found[word.text] = _offers(word.text, terms)
            free = word.heard is None  # a pair of the glossary is the user's own decision
            words.append(
                replace(word, offered=found[word.text]) if free and found[word.text] else word
            )
        segments.append(replace(segment, words=tuple(words)))
    return replace(transcript, segments=tuple(segments))


def is_reading(word: Word, text: str) -> bool:
    """Return whether a text is the word in any case and marks, or exactly a term offered for it."""
    if content(text) == content(word.text):
        return True
    return any(text.startswith(term) and not content(text[len(term) :]) for term in word.offered)


def fit(part: Part, written: Sequence[Any]) -> tuple[EnhancedWord, ...]:
    """Return what was written for a part, `[text, paragraph]` a word, laid onto its words.

    This is the one check that a text is a reading of its source, word for word: neither the model
    child nor a checkpoint is trusted with it. Raises `AlignmentError`.
    """
    if len(written) != len(part.words):
        raise AlignmentError()
    words = []
    for word, entry in zip(part.words, written, strict=True):
        match entry:
            case [str(text), paragraph] if is_reading(word, text):
                words.append(EnhancedWord(word, text, paragraph=bool(paragraph)))
            case _:
                raise AlignmentError()
    return tuple(words)


def chosen(parts: Iterable[EnhancedPart]) -> list[Replacement]:
    """Return the terms that were chosen in place of what was heard."""
    found = []
    for part in parts:
        for enhanced in part.words:
            word = enhanced.word
            if not word.offered:
                continue
            written, source = take_apart(enhanced.text), take_apart(word.text)
            usual = {take_apart(text).core for text in readings(word.text)}
            if written.core not in usual:
                found.append(Replacement(source.core, written.core, word.start_s))
    return found


def in_order(
    first: Sequence[Replacement], second: Sequence[Replacement]
) -> tuple[Replacement, ...]:
    """Return replacements of two kinds in the order of their times."""
    both = [*first, *second]
    return tuple(sorted(both, key=lambda item: (item.start_s is None, item.start_s or 0.0)))


def sounds_like(heard: str, term: str) -> bool:
    """Return whether two words sound alike in English and are spelled alike enough."""
    import jellyfish  # late: most runs have no terms

    first, second = _sound(heard), _sound(term)
    if not first or not second or min(len(heard), len(term)) < SHORTEST:
        return False
    if jellyfish.jaro_winkler_similarity(heard.casefold(), term.casefold()) < ALIKE:
        return False
    if first == second:
        return True
    long = min(len(first), len(second)) >= LONG_SOUND
    return long and jellyfish.levenshtein_distance(first, second) <= 1


@lru_cache(maxsize=16_384)
def _sound(text: str) -> str:
    import jellyfish

    # Metaphone knows English letters only: accents are removed, other scripts have no sound.
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if c.isascii() and c.isalpha())
    if len(plain) < sum(c.isalpha() for c in text):
        return ""
    return str(jellyfish.metaphone(plain)).replace(" ", "")


def _offers(text: str, terms: Sequence[str]) -> tuple[str, ...]:
    written = take_apart(text)
    core, possessive = written.core, ""
    if core.endswith(_POSSESSIVES):
        core, possessive = core[:-2], core[-2:]
    if not core.isalpha():
        return ()
    return tuple(
        written.lead + term + possessive
        for term in terms
        if term != core and sounds_like(core, term)
    )
