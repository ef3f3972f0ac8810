"""Transcript -> parts: pieces small enough for the model, cut where speech pauses."""

from __future__ import annotations

from engine.records import ModelFacts, Part, Transcript, Word
from engine.text.readings import is_sentence_end, take_apart

# A part may end at this share of its full size to end at a better place.
_EARLIEST = 0.7
# Text without spaces where there should be some must not become one endless part.
_CHARS_PER_WORD = 15


def split(
    transcript: Transcript, info: ModelFacts, *, covered: bool, language: str | None = None
) -> tuple[Part, ...]:
    """Cut a transcript into parts of at most `info.part_words` words, fewer if they are long.

    Within the last third a part is cut at a change of speaker, else at the longest pause, else
    after a sentence end of the source, else at full size. The words shown around a part come from
    its neighbours, whoever speaks.
    """
    words = transcript.words
    parts: list[Part] = []
    start = 0
    while start < len(words):
        end = _cut(words, start, _fitting(words, start, info.part_words))
        parts.append(
            Part(
                index=len(parts),
                words=words[start:end],
                after=words[end : end + max(1, info.lookahead_words)],
                covered=covered,
                language=language,
            )
        )
        start = end
    return tuple(parts)


def _fitting(words: tuple[Word, ...], start: int, size: int) -> int:
    """Return how many words fit into a part, at least one."""
    chars = 0
    for count, word in enumerate(words[start : start + size]):
        chars += len(word.text)
        if chars > size * _CHARS_PER_WORD:
            return max(1, count)
    return size


def _cut(words: tuple[Word, ...], start: int, size: int) -> int:
    if len(words) - start <= size:
        return len(words)
    earliest = start + max(1, int(size * _EARLIEST))
    places = range(earliest, start + size + 1)
    return max(places, key=lambda place: (_weight(words[place - 1], words[place]), place))


def _weight(before: Word, after: Word) -> tuple[bool, float, bool]:
    pause_s = 0.0
    if before.end_s is not None and after.start_s is not None:
        pause_s = max(0.0, after.start_s - before.end_s)
    written = take_apart(before.text)
    return (
        before.speaker != after.speaker,
        round(pause_s, 1),
        bool(written.trail) and is_sentence_end(written.trail, written.core),
    )
