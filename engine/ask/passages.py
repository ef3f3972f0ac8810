"""Finished text -> passages: stretches of about a minute and a half, cut where somebody pauses.

A passage is what a search finds. It ends with a paragraph, which is of one speaker, once it is long
enough; only a paragraph that is longer than a whole passage is cut, at its sentence ends. Words
without times count as if spoken at a usual rate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.records import Document, EnhancedWord
from engine.text import marks, prose, words

LEAST_S: Final = 60.0  # a passage ends at the next paragraph end from here
MOST_S: Final = 120.0  # a paragraph that would go beyond this begins the next passage
WORDS_PER_S: Final = 2.5  # where words have no times
CHARACTERS_PER_S: Final = 5.0  # in scripts whose words are single characters


@dataclass(frozen=True, slots=True)
class Spoken:
    """One word of a passage as it is read."""

    text: str  # with its marks
    start_s: float | None  # None where the source has no times
    glued: bool  # no white space stands before it


@dataclass(frozen=True, slots=True)
class Turn:
    """Consecutive words of one speaker in a passage."""

    speaker: str | None  # as it is shown: the given name, else the label; None where unknown
    words: tuple[Spoken, ...]
    paragraph: int  # of the enhanced text, counted from 0

    @property
    def text(self) -> str:
        """Return the words as running text."""
        return join(self.words)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one transcript, never across two."""

    position: int  # in its transcript, counted from 0
    turns: tuple[Turn, ...]
    start_s: float | None  # None where the source has no times
    end_s: float | None

    @property
    def text(self) -> str:
        """Return the whole passage, a line for each turn."""
        return "\n".join(turn.text for turn in self.turns)

    @property
    def words(self) -> tuple[Spoken, ...]:
        """Return the words of all turns, in order."""
        return tuple(word for turn in self.turns for word in turn.words)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Return who speaks, each once, in order."""
        return tuple(dict.fromkeys(turn.speaker for turn in self.turns if turn.speaker))


@dataclass(frozen=True, slots=True)
class _Piece:
    """A paragraph, or a part of one that is too long for a passage."""

    turn: Turn
    length_s: float
    end_s: float | None


def join(spoken: Iterable[Spoken]) -> str:
    """Return words as running text, with a space before each that is not glued."""
    pieces: list[str] = []
    for word in spoken:
        if pieces and not word.glued:
            pieces.append(" ")
        pieces.append(word.text)
    return "".join(pieces)


def of_document(document: Document, names: Mapping[str, str]) -> Iterator[Passage]:
    """Yield the passages of a finished document, its speakers named."""
    pieces = (
        piece
        for number, paragraph in enumerate(document.paragraphs)
        for piece in _pieces(paragraph, number, _speaker(document, paragraph, names))
    )
    yield from _gathered(pieces)


def of_text(text: str, speakers: Collection[str] = ()) -> Iterator[Passage]:
    """Yield the passages of an enhanced text, which has no times.

    A paragraph that begins with one of the `speakers` and a colon is theirs.
    """
    pieces = (
        piece
        for number, paragraph in enumerate(text.split("\n\n"))
        for piece in _untimed(paragraph, number, speakers)
    )
    yield from _gathered(pieces)


def _speaker(
    document: Document, paragraph: Sequence[EnhancedWord], names: Mapping[str, str]
) -> str | None:
    if not document.has_speakers:
        return None
    return prose.label(prose.speaker_of(paragraph), names)


def _pieces(
    paragraph: Sequence[EnhancedWord], number: int, speaker: str | None
) -> Iterator[_Piece]:
    """Yield a paragraph as one piece, or as several that end with sentences."""
    spoken = [
        Spoken(prose.printable(word.text), word.word.start_s, word.word.glued)
        for word in paragraph
        if word.text
    ]
    ends = [word.word.end_s for word in paragraph if word.text]
    for begin, end in _cuts(spoken):
        turn = _turn(speaker, spoken[begin:end], number)
        known = [end_s for end_s in ends[begin:end] if end_s is not None]
        last = known[-1] if known else None
        yield _Piece(turn, _length_s(turn.words, last), last)


def _untimed(paragraph: str, number: int, speakers: Collection[str]) -> Iterator[_Piece]:
    name, colon, said = paragraph.partition(": ")
    speaker = name.strip() if colon and name.strip() in speakers else None
    spoken = [
        Spoken(prose.printable(word.text), None, word.glued)
        for word in words.split_words(paragraph if speaker is None else said)
    ]
    for begin, end in _cuts(spoken):
        turn = _turn(speaker, spoken[begin:end], number)
        yield _Piece(turn, _length_s(turn.words, None), None)


def _turn(speaker: str | None, spoken: Sequence[Spoken], number: int) -> Turn:
    return Turn(speaker, (replace(spoken[0], glued=False), *spoken[1:]), number)


def _cuts(spoken: Sequence[Spoken]) -> Iterator[tuple[int, int]]:
    """Yield where to cut the words of a paragraph so that no piece is longer than a passage."""
    begin = 0
    last_end: int | None = None  # after the last sentence end of this piece
    begun_s: float | None = None  # the first known start in this piece
    counted_s = 0.0
    for index, word in enumerate(spoken):
        if begun_s is None:
            begun_s = word.start_s
        counted_s += _counted_s(word)
        timed = word.start_s is not None and begun_s is not None
        length_s = word.start_s - begun_s if timed else counted_s  # type: ignore[operator]
        if length_s > MOST_S and index > begin:
            cut = last_end or index
            yield begin, cut
            begin, last_end = cut, None
            begun_s = next((w.start_s for w in spoken[cut:] if w.start_s is not None), None)
            counted_s = sum(map(_counted_s, spoken[cut : index + 1]))
        if marks.ends_sentence(word.text):
            last_end = index + 1
    if begin < len(spoken):
        yield begin, len(spoken)


def _counted_s(word: Spoken) -> float:
    return 1 / (CHARACTERS_PER_S if words.is_spaceless(word.text) else WORDS_PER_S)


def _length_s(spoken: Sequence[Spoken], end_s: float | None) -> float:
    starts = [word.start_s for word in spoken if word.start_s is not None]
    if not starts:
        return sum(map(_counted_s, spoken))
    return max(0.0, (end_s if end_s is not None else starts[-1]) - starts[0])


def _gathered(pieces: Iterable[_Piece]) -> Iterator[Passage]:
    """Join pieces to passages: from `LEAST_S` on one ends, and none goes beyond `MOST_S`."""
    held: list[_Piece] = []
    position = 0
    for piece in pieces:
        if held and _span_s([*held, piece]) > MOST_S:
            yield _passage(position, held)
            position, held = position + 1, []
        held.append(piece)
        if _span_s(held) >= LEAST_S:
            yield _passage(position, held)
            position, held = position + 1, []
    if held:
        yield _passage(position, held)


def _span_s(pieces: Sequence[_Piece]) -> float:
    """Return how long these pieces last together, silences between them included."""
    start_s, end_s = _start_of(pieces), pieces[-1].end_s
    if start_s is None or end_s is None:
        return sum(piece.length_s for piece in pieces)
    return max(end_s - start_s, 0.0)


def _start_of(pieces: Sequence[_Piece]) -> float | None:
    return next(
        (w.start_s for piece in pieces for w in piece.turn.words if w.start_s is not None), None
    )


def _passage(position: int, pieces: Sequence[_Piece]) -> Passage:
    ends = [piece.end_s for piece in pieces if piece.end_s is not None]
    return Passage(
        position=position,
        turns=tuple(piece.turn for piece in pieces),
        start_s=_start_of(pieces),
        end_s=ends[-1] if ends else None,
    )
