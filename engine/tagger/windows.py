"""Words of given sizes -> windows that overlap, so that every word is seen with both its sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

#: Pieces of a window.
LENGTH: Final = 384
#: Words on either side of a window that are shown and not taken, unless the text ends there.
LEFT, RIGHT = 30, 20


@dataclass(frozen=True, slots=True)
class Window:
    """Words `first` to `stop` are shown, `taken` to `until` are taken from it."""

    first: int
    taken: int
    until: int
    stop: int


def windows(sizes: Sequence[int], length: int = LENGTH) -> Iterator[Window]:
    """Yield windows over words of the given sizes in pieces; two pieces are for the ends.

    Words on the left fill a quarter of a window at most, words on the right half of what is new.
    """
    taken = 0
    while taken < len(sizes):
        first, left = taken, length // 4
        while first and taken - first < LEFT and sizes[first - 1] <= left:
            first -= 1
            left -= sizes[first]
        room, stop = length - 2 - sum(sizes[first:taken]), taken
        while stop < len(sizes) and sizes[stop] <= room:
            room -= sizes[stop]
            stop += 1
        until = stop if stop == len(sizes) else stop - min(RIGHT, (stop - taken) // 2)
        yield Window(first, taken, until, stop)
        taken = until
