"""Passage -> bytes for the library, and back: words, times to a tenth of a second, speakers."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator

from engine.ask.passages import Passage, Spoken, Turn
from engine.ask.tokens import tokens

_GLUE = "\x1f"  # between two words without white space; `printable` leaves none in a text


def dump(passage: Passage) -> bytes:
    """Return a passage as compressed bytes; its position, start and end are columns."""
    turns = [[turn.speaker, turn.paragraph, _packed_text(turn.words)] for turn in passage.turns]
    text = json.dumps(turns, ensure_ascii=False, separators=(",", ":")).encode()
    times = bytes(_packed_times(word.start_s for word in passage.words))
    return zlib.compress(text + b"\0" + times, 6)


def load(body: bytes, *, position: int, start_s: float | None, end_s: float | None) -> Passage:
    """Return the passage in `body`; raises `ValueError` for bytes that `dump` did not make."""
    try:
        text, _, packed = zlib.decompress(body).partition(b"\0")
        times = _unpacked_times(packed)
        turns = tuple(
            Turn(speaker, tuple(_unpacked_text(joined, times)), paragraph)
            for speaker, paragraph, joined in json.loads(text)
        )
    except (zlib.error, TypeError, StopIteration, RuntimeError) as error:
        raise ValueError("this is no passage") from error
    return Passage(position, turns, start_s, end_s)


def indexed(body: bytes) -> str:
    """Return the tokens of a stored passage, parted by spaces: what is searched."""
    try:
        text = zlib.decompress(body).partition(b"\0")[0]
        turns = [joined.replace(_GLUE, "") for _, _, joined in json.loads(text)]
    except (zlib.error, TypeError) as error:
        raise ValueError("this is no passage") from error
    return " ".join(token for turn in turns for token in tokens(turn))


def _packed_text(words: Iterable[Spoken]) -> str:
    pieces: list[str] = []
    for word in words:
        if pieces:
            pieces.append(_GLUE if word.glued else " ")
        pieces.append(word.text.replace(" ", "\u00a0"))  # what a glossary put in may hold one
    return "".join(pieces)


def _unpacked_text(joined: str, times: Iterator[float | None]) -> Iterator[Spoken]:
    for piece in joined.split(" "):
        for number, text in enumerate(piece.split(_GLUE)):
            yield Spoken(text, next(times), glued=number > 0)


def _packed_times(starts: Iterable[float | None]) -> Iterator[int]:
    """Yield each start as the distance from the one before, in tenths, seven bits a byte.

    The number is one higher than the distance: 0 stands for an unknown time.
    """
    last = 0
    for start_s in starts:
        if start_s is None:
            yield 0
            continue
        distance = max(0, round(start_s * 10) - last)
        last += distance
        number = distance + 1
        while number > 0x7F:
            yield number & 0x7F | 0x80
            number >>= 7
        yield number


def _unpacked_times(packed: bytes) -> Iterator[float | None]:
    last = number = shift = 0
    for byte in packed:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
            continue
        if number:
            last += number - 1
        yield last / 10 if number else None
        number = shift = 0
