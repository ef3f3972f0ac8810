"""Document -> cues: what subtitles show at one time, cut at phrases, never overlapping.

A cue has at most two lines of 42 characters, the limit of most style guides; a wide letter
(Chinese, Japanese, Korean) counts as two. It ends where a reader would pause: at the end of a
sentence, at a mark, at a silence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.records import Document, EnhancedWord
from engine.render.timing import Span, times_of
from engine.text.marks import ends_sentence, has_clause_end
from engine.text.prose import label, printable, speaker_of, written

WIDTH = 42
LINES = 2
LABEL_WIDTH = 28  # of a speaker's name in a subtitle

_LONGEST_MS = 7000  # except for a few words
_FEW = 24  # columns of such a few words
_SHORTEST_MS = 1000  # where there is room
_LEAST_MS = 200  # even where there is no room
_SILENCE_MS = 2000  # longest silence within a cue
_PAUSE_MS = 400
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc-\u30fe]{2}")


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None  # as written; None where the transcript has no speakers


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word, or a piece of one that is longer than a line."""

    text: str
    width: int
    glued: bool  # no space stands before it
    bound: bool  # no line may end before it: it continues a number or a name
    sentence: bool  # a sentence ends with it
    span: Span


def cues(
    document: Document, *, names: Mapping[str, str] | None = None, labelled: bool
) -> list[Cue]:
    """Return the subtitles of a document.

    `labelled` writes the speaker before the text of the first cue of each turn, because SRT has no
    other place for it.
    """
    spans = iter(times_of(document))
    found: list[Cue] = []
    before: str | None = None
    for paragraph in document.paragraphs:
        pieces: list[_Piece] = []
        for i, word in enumerate(paragraph):
            following = paragraph[i + 1].text if i + 1 < len(paragraph) else ""
            ending = ends_sentence(word.text, following, document.language)
            last = pieces[-1].text[-1:] if pieces else ""
            pieces += _pieces(word, next(spans), after=last, ending=ending)
        speaker = label(speaker_of(paragraph), names or {}) if document.has_speakers else None
        opening = ""
        if labelled and speaker is not None and speaker != before:
            opening = _short(speaker) + ": "
        before = speaker
        for group in _groups(pieces, opening):
            lines = _lines(group, opening)
            opening = ""
            found.append(Cue(group[0].span.start_ms, group[-1].span.end_ms, lines, speaker))
    return _apart(found)


def width_of(text: str) -> int:
    """Return how many columns a text needs, at least its number of code points."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _short(speaker: str) -> str:
    while width_of(speaker) > LABEL_WIDTH:
        speaker = speaker[:-2].rstrip() + "…"
    return speaker


def _pieces(word: EnhancedWord, span: Span, *, after: str, ending: bool) -> Iterator[_Piece]:
    text = printable(written(word))
    glued = word.word.glued
    if width_of(text) <= WIDTH:
        bound = glued and _belong(after, text[:1])
        yield _Piece(text, width_of(text), glued, bound, ending, span)
        return
    parts = [""]
    for letter in text:
        if width_of(parts[-1] + letter) > WIDTH:
            parts.append("")
        parts[-1] += letter
    length = span.end_ms - span.start_ms
    for i, part in enumerate(parts):
        start = span.start_ms + length * i // len(parts)
        end = span.start_ms + length * (i + 1) // len(parts)
        last = i + 1 == len(parts)
        yield _Piece(part, width_of(part), glued or i > 0, False, ending and last, Span(start, end))


def _belong(before: str, after: str) -> bool:
    """Return whether two letters belong to one word or number, also in scripts without spaces."""
    if (before + after).isascii():
        return before.isalnum() and after.isalnum()
    return _KATAKANA.fullmatch(before + after) is not None


def _groups(pieces: Sequence[_Piece], opening: str) -> Iterator[list[_Piece]]:
    """Cut a paragraph into cues, each ending at the best place that still fits."""
    start = 0
    while start < len(pieces):
        best, best_worth = start, -1.0
        filled = width_of(opening)
        for end in range(start, len(pieces)):
            if end > start and _must_part(pieces, start, end, filled):
                break
            filled += pieces[end].width + (0 if end == start or pieces[end].glued else 1)
            if filled > WIDTH and _break(pieces[start : end + 1], opening) is None:
                break
            if end + 1 < len(pieces) and pieces[end + 1].bound:
                continue
            worth = _worth(pieces, end, filled)
            if worth >= best_worth:
                best, best_worth = end, worth
        yield list(pieces[start : best + 1])
        start = best + 1
        opening = ""


def _must_part(pieces: Sequence[_Piece], start: int, end: int, filled: int) -> bool:
    silence = pieces[end].span.start_ms - pieces[end - 1].span.end_ms
    length = pieces[end].span.end_ms - pieces[start].span.start_ms
    if silence > _SILENCE_MS:
        return True
    return length > _LONGEST_MS and filled >= _FEW


def _worth(pieces: Sequence[_Piece], end: int, filled: int) -> float:
    """Return how good a cue end after `end` is, by the mark, the pause and the fill."""
    worth = 8.0 * filled / (WIDTH * LINES)
    text = pieces[end].text
    if end + 1 == len(pieces):
        return worth + 14
    if pieces[end].sentence:
        worth += 10
    elif has_clause_end(text):
        worth += 6
    elif pieces[end + 1].span.start_ms - pieces[end].span.end_ms >= _PAUSE_MS:
        worth += 5
    elif _is_spaced_out(pieces, end):
        worth += 4
    left = sum(piece.width + 1 for piece in pieces[end + 1 : end + 6])
    return worth - (4 if end + 6 >= len(pieces) and left < 15 else 0)


def _is_spaced_out(pieces: Sequence[_Piece], end: int) -> bool:
    """Return whether a space follows in a script with few spaces: it is a pause, like a comma."""
    piece = pieces[end]
    return piece.width > len(piece.text) and not pieces[end + 1].glued


def _break(pieces: Sequence[_Piece], opening: str) -> int | None:
    """Return after how many pieces the first line ends; after all if one line is enough.

    None if the text needs more than two lines. A mark near the middle is the best place.
    """
    widths = []
    total = width_of(opening)
    for i, piece in enumerate(pieces):
        total += piece.width + (0 if i == 0 or piece.glued else 1)
        widths.append(total)
    if total <= WIDTH:
        return len(pieces)
    if total > WIDTH * LINES + 1:
        return None
    best = None
    if opening and total - width_of(opening) <= WIDTH:
        best = (WIDTH, 0)  # the label alone on its line, if no other place works
    for i in range(len(pieces) - 1):
        first = widths[i]
        second = total - first - (0 if pieces[i + 1].glued else 1)
        if first > WIDTH or second > WIDTH or pieces[i + 1].bound:
            continue
        cost = abs(first - second)
        if pieces[i].sentence:
            cost -= 24
        elif has_clause_end(pieces[i].text) or _is_spaced_out(pieces, i):
            cost -= 16
        if best is None or cost < best[0]:
            best = (cost, i + 1)
    return best[1] if best else None


def _lines(pieces: Sequence[_Piece], opening: str) -> tuple[str, ...]:
    first = _break(pieces, opening)
    if first is None:
        first = len(pieces)
    lines = [(opening + _text(pieces[:first])).rstrip()]
    if first < len(pieces):
        lines.append(_text(pieces[first:]))
    return tuple(lines)


def _text(pieces: Sequence[_Piece]) -> str:
    return "".join(
        ("" if i == 0 or piece.glued else " ") + piece.text for i, piece in enumerate(pieces)
    )


def _apart(found: Sequence[Cue]) -> list[Cue]:
    """Give every cue its own time, from its words where possible, so that no two overlap."""
    timed: list[Cue] = []
    free = 0
    for i, cue in enumerate(found):
        start = max(cue.start_ms, free)
        end = max(cue.end_ms, start + _SHORTEST_MS)
        if i + 1 < len(found):
            end = min(end, found[i + 1].start_ms)
        end = max(end, start + _LEAST_MS)
        timed.append(replace(cue, start_ms=start, end_ms=end))
        free = end
    return timed
