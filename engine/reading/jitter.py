"""Correct speaker labels that jump inside a sentence, where the file itself shows the error.

Diarization labels stretches of sound, and is often wrong at their edges: "requires a careful" is
SPEAKER 4, "approach." SPEAKER 1, and then SPEAKER 4 continues. A few words inside a sentence get
the label of the words around them, but only where three signs agree: they are few, no pause
separates them from the rest of the sentence, and the file gives the label of the rest on both sides
of them, or to their whole segment. Answers of one word ("yeah") are never changed.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from engine.records import Segment, Word
from engine.text.marks import ends_sentence
from engine.text.prose import UNKNOWN

FEW = 3  # words between others of one speaker
FEW_AT_EDGE = 2  # the same at the beginning or the end of a sentence
PAUSE_S = 1.0  # a silence that separates them from the rest
LONGEST_WORDS = 60  # a longer sentence is text without marks
_ANSWERS = frozenset({
    "yes", "yeah", "yep", "no", "nope", "oh", "ah", "ok", "okay", "right", "sure", "exactly",
    "really", "wow", "hm", "hmm", "mm", "mhm", "mm-hmm", "uh-huh", "what", "hello", "hi", "thanks",
    "ja", "nein", "doch", "genau", "oui", "non", "sí", "si",
})  # fmt: skip


def settle(segments: Sequence[Segment], labels: Sequence[str | None]) -> tuple[list[Segment], int]:
    """Return the segments with corrected labels, and how many words got another label.

    `labels` are those that the file gives to whole segments.
    """
    words = [word for segment in segments for word in segment.words]
    if len({word.speaker for word in words}) < 2:
        return list(segments), 0
    whole = [label for segment, label in zip(segments, labels, strict=True) for _ in segment.words]
    mixed = [
        len({word.speaker for word in segment.words}) > 1
        for segment in segments
        for _ in segment.words
    ]
    new: dict[int, str | None] = {}
    joins = set(accumulate(len(segment.words) for segment in segments))
    for start, stop in _sentences(words, joins):
        runs = list(_runs(words, start, stop))
        for place, (first, last) in enumerate(runs):
            if mixed[first] and whole[first] == words[first].speaker:
                continue  # words and segment agree
            label = _surrounding(words, whole, runs, place)
            if label is not None and _is_few(words, whole, runs, place, label):
                new.update(dict.fromkeys(range(first, last), label))
    if not new:
        return list(segments), 0
    settled = iter(
        replace(word, speaker=new[n]) if n in new else word for n, word in enumerate(words)
    )
    return [
        replace(segment, words=tuple(next(settled) for _ in segment.words)) for segment in segments
    ], len(new)


def _sentences(words: Sequence[Word], joins: Container[int]) -> Iterator[tuple[int, int]]:
    """Yield the sentences that have an end; a segment in lower case continues the one before."""
    start = 0
    for n, word in enumerate(words, start=1):
        ended = ends_sentence(word.text)
        if ended and n - start <= LONGEST_WORDS:
            yield start, n
        if ended or (n in joins and n < len(words) and not words[n].text[:1].islower()):
            start = n


def _runs(words: Sequence[Word], start: int, stop: int) -> Iterator[tuple[int, int]]:
    first = start
    for n in range(start + 1, stop + 1):
        if n == stop or words[n].speaker != words[first].speaker:
            yield first, n
            first = n


def _surrounding(
    words: Sequence[Word],
    whole: Sequence[str | None],
    runs: Sequence[tuple[int, int]],
    place: int,
) -> str | None:
    """Return the one label around a run: in its sentence, and beyond it or of its whole segment."""
    first, last = runs[place]
    before = words[first - 1].speaker if first else None
    after = words[last].speaker if last < len(words) else None
    if len(runs) == 1:
        return None
    if before is not None and before == after:
        return before if before != UNKNOWN else None
    inside = after if place == 0 else before if place == len(runs) - 1 else None
    if inside == UNKNOWN:
        return None
    return inside if all(whole[n] == inside for n in range(first, last)) else None


def _is_few(
    words: Sequence[Word],
    whole: Sequence[str | None],
    runs: Sequence[tuple[int, int]],
    place: int,
    label: str,
) -> bool:
    first, last = runs[place]
    count = last - first
    if count > (FEW if 0 < place < len(runs) - 1 else FEW_AT_EDGE):
        return False
    rest = sum(b - a for a, b in runs if words[a].speaker == label)
    agreed = 0 < place < len(runs) - 1 and all(whole[n] == label for n in range(first, last))
    if words[first].speaker == label or rest < (count / 2 if agreed else 2 * count):
        return False
    if all(words[n].text.strip(".,?!…").casefold() in _ANSWERS for n in range(first, last)):
        return False
    edges = [n for n in (first, last) if runs[0][0] < n < runs[-1][1]]
    return all(_silence(words[n - 1], words[n]) < PAUSE_S for n in edges)


def _silence(before: Word, after: Word) -> float:
    if before.end_s is None or after.start_s is None:
        return 0.0
    return after.start_s - before.end_s
