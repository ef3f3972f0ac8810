"""Passage -> sentences: what can be quoted, each of one speaker, with its time.

A quotation is made of whole sentences, so that no "not" is cut off. Only a sentence that is longer
than anybody quotes is cut, at the marks inside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.ask.passages import Passage, Spoken, join
from engine.text import marks

LONGEST: Final = 45  # words; in a longer sentence a clause end is an end
LONGEST_RUN: Final = 80  # words without any mark are cut all the same


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of one turn of a passage, or a clause of a very long one."""

    text: str
    words: tuple[Spoken, ...]
    speaker: str | None
    start_s: float | None
    turn: int  # in the passage, counted from 0
    place: int  # of the first word, in the words of the passage


def sentences_of(passage: Passage) -> tuple[Sentence, ...]:
    """Return the sentences of a passage, in order; together they are all of its words."""
    found: list[Sentence] = []
    place = 0
    for number, turn in enumerate(passage.turns):
        for spoken in _cut(turn.words):
            start_s = next((word.start_s for word in spoken if word.start_s is not None), None)
            found.append(Sentence(join(spoken), spoken, turn.speaker, start_s, number, place))
            place += len(spoken)
    return tuple(found)


def _cut(words: Sequence[Spoken]) -> Iterator[tuple[Spoken, ...]]:
    begin = 0
    for index, word in enumerate(words):
        following = words[index + 1].text if index + 1 < len(words) else ""
        if index + 1 == len(words) or marks.ends_sentence(word.text, following):
            yield from _shortened(words[begin : index + 1])
            begin = index + 1


def _shortened(words: Sequence[Spoken]) -> Iterator[tuple[Spoken, ...]]:
    """Yield a sentence, or its clauses where it is too long."""
    begin = 0
    while len(words) - begin > LONGEST:
        ends = [
            index + 1
            for index in range(begin + LONGEST // 3, min(begin + LONGEST, len(words)))
            if marks.has_clause_end(words[index].text)
        ]
        if ends:
            end = ends[-1]
        elif len(words) - begin > LONGEST_RUN:
            end = begin + LONGEST
        else:
            break
        yield tuple(words[begin:end])
        begin = end
    if begin < len(words):
        yield tuple(words[begin:])
