"""Paragraphs beside those of the model: at changes of speaker, at pauses, and in long text.

A model reads words and hears no silence. So a sentence before a silence ends a paragraph, whoever
set its mark. A silence of a minute ends one wherever it is and however short it is. A paragraph
that is too long is divided at a sentence end. Text that the model did not decide may have no marks
at all: it is divided inside sentences too, or it would be one block of an hour. Text that the model
decided is never divided for its length like that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

from engine.records import EnhancedPart, EnhancedWord
from engine.text import marks

PAUSE_S = 2.0
LONG_PAUSE_S = 4.0
SILENCE_S = 60.0  # nobody goes on with a paragraph after it
SHORT_CHARS = 250  # a pause alone does not end a shorter paragraph
LONG_CHARS = 1_000  # a longer one is divided


def settle(parts: Iterable[EnhancedPart]) -> list[list[EnhancedWord]]:
    """Return the paragraphs of a transcript, each of one speaker, none of them empty."""
    words: list[EnhancedWord] = []
    decided: list[bool] = []
    for part in parts:
        words.extend(part.words)
        decided.extend([part.decided] * len(part.words))
    out: list[list[EnhancedWord]] = []
    current: list[EnhancedWord] = []
    length = 0
    for n, word in enumerate(words):
        current.append(word)
        length += len(word.text) + 1
        after = words[n + 1] if n + 1 < len(words) else None
        if (
            after is None
            or word.paragraph
            or after.word.speaker != word.word.speaker
            or pause_between(word, after) >= SILENCE_S
            or (length >= SHORT_CHARS and _rests(word, after, anywhere=not decided[n]))
        ):
            undecided = not any(decided[n - len(current) + 1 : n + 1])
            out.extend(_divide(current, anywhere=undecided))
            current, length = [], 0
    return [[*p[:-1], dataclasses.replace(p[-1], paragraph=True)] for p in out]


def _rests(word: EnhancedWord, after: EnhancedWord, *, anywhere: bool) -> bool:
    pause_s = pause_between(word, after)
    if _ends_sentence(word):
        return pause_s >= PAUSE_S
    return anywhere and pause_s >= LONG_PAUSE_S


def pause_between(word: EnhancedWord, after: EnhancedWord) -> float:
    """Return the silence between two words in seconds, 0 where it is unknown."""
    if word.word.end_s is None or after.word.start_s is None:
        return 0.0
    return max(0.0, after.word.start_s - word.word.end_s)


def _divide(words: Sequence[EnhancedWord], *, anywhere: bool) -> list[list[EnhancedWord]]:
    """Divide a long paragraph at sentence ends, preferring long pauses and the middle.

    With `anywhere`, a paragraph without sentence ends is divided at a comma, a pause or a space.
    """
    pending = [list(words)]
    out: list[list[EnhancedWord]] = []
    while pending:
        piece = pending.pop()
        place = _best_place(piece, _ends_sentence)
        if place is None and anywhere:
            place = _best_place(piece, _may_rest)
        if place is None:
            out.append(piece)
        else:
            pending += [piece[place:], piece[:place]]
    return out


def _best_place(
    words: Sequence[EnhancedWord], may_end: Callable[[EnhancedWord, EnhancedWord], bool]
) -> int | None:
    ends = []
    at = 0
    for word in words:
        at += len(word.text) + (not word.word.glued)
        ends.append(at)
    total = at
    if total <= LONG_CHARS:
        return None
    best, place = 0.0, None
    for n in range(len(words) - 1):
        nearer = min(ends[n], total - ends[n])
        if nearer < SHORT_CHARS or not may_end(words[n], words[n + 1]):
            continue
        score = 2 * nearer / total + min(pause_between(words[n], words[n + 1]), 3.0) / 2
        score += marks.has_clause_end(words[n].text)
        if score > best:
            best, place = score, n + 1
    return place


def _may_rest(word: EnhancedWord, after: EnhancedWord) -> bool:
    return not after.word.glued


def _ends_sentence(word: EnhancedWord, after: EnhancedWord | None = None) -> bool:
    # Without the following word: undecided text may be in lower case throughout.
    return marks.ends_sentence(word.text)
