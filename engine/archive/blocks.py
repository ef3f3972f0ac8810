"""Items -> blocks of about the same size: what is sent to a machine at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.archive.records import Item

MOST_ITEMS: Final = 32
MOST_BYTES: Final = 8 << 20  # about eight hours of speech with a time for each word
_LEAST_BYTES: Final = 4 << 10
_SHARES: Final = 16  # blocks for each machine, for all to end at about the same time


@dataclass(frozen=True, slots=True)
class Block:
    """Files for one machine."""

    items: tuple[Item, ...]
    tries: int = 0  # machines that were lost with it

    def again(self) -> tuple[Block, ...]:
        """Return the block for another machine: each file alone, so that a bad one is found."""
        return tuple(Block((item,), self.tries + 1) for item in self.items)


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a block may be."""

    most_bytes: int = MOST_BYTES
    most_items: int = MOST_ITEMS

    @classmethod
    def for_archive(cls, *, files: int, size_bytes: int, machines: int) -> Limits:
        """Return the limits with which every machine gets several blocks of an archive."""
        shares = max(1, machines * _SHARES)
        return cls(
            min(MOST_BYTES, max(_LEAST_BYTES, size_bytes // shares)),
            min(MOST_ITEMS, max(1, files // shares)),
        )


def cut(items: Iterator[Item], limits: Limits) -> Iterator[Block]:
    """Yield blocks lazily; a file that is larger alone is a block of its own."""
    held: list[Item] = []
    size = 0
    for item in items:
        full = size + item.size_bytes > limits.most_bytes or len(held) == limits.most_items
        if held and full:
            yield Block(tuple(held))
            held, size = [], 0
        held.append(item)
        size += item.size_bytes
    if held:
        yield Block(tuple(held))
