"""Material and what has been written -> the next request: sections, chapters, the whole.

A transcript that fits is written about as it is. Of a longer one, every section is put into points
first. Points that do not fit are put into fewer, until they do. Nothing is left out: each request
shows all of its section, and each point goes on with its paragraphs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.claims.records import Paragraph
from engine.written.material import Material, sentences_of
from engine.written.records import Cited, Outcome
from engine.written.requests import Request, Shown

MOST_KEY_POINTS: Final = 12
_LEAST_BYTES: Final = 400
_SHRINKS: Final = 2  # points that become one
_LEVELS: Final = 6  # of putting points into fewer; each halves them


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the writing about a transcript is."""

    request: Request | None  # the next one, None: all is written
    done: int
    total: int  # as far as is known


def progress(material: Material, done: Mapping[str, Outcome], *, most_bytes: int) -> Progress:
    """Return the next request and how many there are.

    Args:
        material: The transcript.
        done: Outcomes of earlier requests, by their keys.
        most_bytes: Of the text that one request may show.
    """
    missing = None
    total = 0
    for request in _requests(material, done, max(most_bytes, _LEAST_BYTES)):
        total += 1
        if request.key not in done:
            missing = missing or request
    return Progress(missing, min(len(done), total), total)


def notes(done: Mapping[str, Outcome]) -> list[Cited]:
    """Return the points of all sections that may be used, in order; none for a short text."""
    keys = sorted((key for key in done if key.startswith("notes:")), key=_number)
    return [cited for key in keys for cited in done[key].accepted]


def _requests(
    material: Material, done: Mapping[str, Outcome], most_bytes: int
) -> Iterator[Request]:
    """Yield the requests in order; until the points are there, the later ones show nothing."""
    language = material.known.code
    sections = _sections(material, most_bytes)
    whole: tuple[Shown, ...] = sections[0] if len(sections) == 1 else ()
    if len(sections) > 1:
        for n, section in enumerate(sections):
            most = min(5, max(1, _words(section) // 180))
            yield Request(f"notes:{n}", "sentences", section, most, language)
        if all(f"notes:{n}" in done for n in range(len(sections))):
            whole = tuple(Shown(c.text, c.cites) for c in notes(done))
        for level in range(_LEVELS):
            if _size(whole) <= most_bytes or len(whole) < 2 * _SHRINKS:
                break
            shorter: list[Shown] = []
            for n, group in enumerate(_groups(whole, most_bytes)):
                request = Request(
                    f"digest:{level}:{n}",
                    "sentences",
                    group,
                    max(1, len(group) // _SHRINKS),
                    language,
                )
                yield request
                outcome = done.get(request.key)
                # Where nothing could be used, the first points go on as they are.
                accepted = () if outcome is None else outcome.accepted
                shorter += [Shown(c.text, c.cites) for c in accepted] or group[: request.most]
            whole = tuple(shorter)
        if not whole and notes(done) == [] and all(key in done for key in _keys(len(sections))):
            return  # nothing that was written can be used: the rest stays quoted
    yield from _fields(material, whole, len(sections) > 1)
    for n, chapter in enumerate(material.chapters):
        shown = tuple(_pieces(material.paragraphs[chapter.first : chapter.last + 1], most_bytes))
        if _size(shown) > most_bytes:
            inside = range(chapter.first, chapter.last + 1)
            points = [c for c in notes(done) if all(cite in inside for cite in c.cites)]
            shown = tuple(Shown(c.text, c.cites) for c in points) or _groups(shown, most_bytes)[0]
        yield Request(f"chapter:{n}", "title", shown, 1, language)


def _keys(sections: int) -> list[str]:
    return [f"notes:{n}" for n in range(sections)]


def _fields(material: Material, whole: tuple[Shown, ...], long: bool) -> Iterator[Request]:
    """Yield the requests about the whole of a transcript."""
    language, words = material.known.code, _words(whole)
    yield Request("summary", "sentences", whole, min(6, 2 + words // 200), language)
    yield Request("description", "sentences", whole, 2, language)
    if not long:  # of a long one, the points of its sections are the key points
        yield Request("key_points", "sentences", whole, min(7, max(2, words // 120)), language)
    yield Request("title", "title", whole, 1, language)
    yield Request("tags", "tags", whole, 5, language, material.vocabulary)


def _number(key: str) -> int:
    return int(key.rsplit(":", 1)[1])


def _sections(material: Material, most_bytes: int) -> list[tuple[Shown, ...]]:
    """Return the paragraphs in groups that fit; a chapter begins a group of its own."""
    opens = {chapter.first for chapter in material.chapters[1:]}
    everything = tuple(_pieces(material.paragraphs, most_bytes))
    if _size(everything) <= most_bytes:
        return [everything] if everything else []
    found: list[list[Shown]] = [[]]
    for piece in everything:
        begins = piece.cites[0] in opens and not any(p.cites == piece.cites for p in found[-1][-1:])
        if found[-1] and (begins or _size((*found[-1], piece)) > most_bytes):
            found.append([])
        found[-1].append(piece)
    return [tuple(group) for group in found]


def _pieces(paragraphs: Sequence[Paragraph], most_bytes: int) -> Iterator[Shown]:
    """Yield the paragraphs; one that does not fit in pieces of the same number."""
    for paragraph in paragraphs:
        piece = Shown(paragraph.text, (paragraph.number,), paragraph.speaker)
        if _size([piece]) <= most_bytes:
            yield piece
            continue
        for text in _cut(paragraph.text, most_bytes - 64):
            yield Shown(text, (paragraph.number,), paragraph.speaker)


def _cut(text: str, most_bytes: int) -> Iterator[str]:
    held = ""
    for sentence in sentences_of(text, ""):
        for part in _cut_words(sentence, most_bytes):
            joined = f"{held} {part}" if held else part
            if held and len(joined.encode()) > most_bytes:
                yield held
                joined = part
            held = joined
    if held:
        yield held


def _cut_words(sentence: str, most_bytes: int) -> Iterator[str]:
    if len(sentence.encode()) <= most_bytes:
        yield sentence
        return
    words = sentence.split(" ")
    size = max(1, math.ceil(len(words) * most_bytes / len(sentence.encode()) / 2))
    for start in range(0, len(words), size):
        yield " ".join(words[start : start + size])


def _groups(pieces: Sequence[Shown], most_bytes: int) -> list[tuple[Shown, ...]]:
    found: list[list[Shown]] = [[]]
    for piece in pieces:
        if found[-1] and _size((*found[-1], piece)) > most_bytes:
            found.append([])
        found[-1].append(piece)
    return [tuple(group) for group in found]


def _size(pieces: Sequence[Shown]) -> int:
    return sum(len(piece.text.encode()) + len(piece.speaker or "") + 10 for piece in pieces)


def _words(pieces: Sequence[Shown]) -> int:
    return sum(len(piece.text.split()) for piece in pieces)
