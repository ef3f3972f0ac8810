"""Items -> blocks, and what is counted."""

from __future__ import annotations

from collections.abc import Iterator

from engine.archive.blocks import MOST_ITEMS, Block, Limits, cut
from engine.archive.errors import RemoteMissing
from engine.archive.records import Item, Outcome
from engine.archive.tally import Tally
from engine.cli.archive import _error, table


def items(*sizes: int) -> Iterator[Item]:
    return (Item(str(n), str(n), size) for n, size in enumerate(sizes))


def test_blocks_are_cut_by_size_and_keep_every_file_once() -> None:
    """A file that is larger than a block is a block of its own."""
    blocks = list(cut(items(4, 4, 4, 50, 1), Limits(most_bytes=10)))
    assert [[item.path for item in block.items] for block in blocks] == [
        ["0", "1"],
        ["2"],
        ["3"],
        ["4"],
    ]


def test_a_block_of_tiny_files_has_an_end_too() -> None:
    """What a lost machine costs is bounded by files as well."""
    sizes = [
        len(block.items) for block in cut(items(*[0] * (MOST_ITEMS + 1)), Limits(most_bytes=10))
    ]
    assert sizes == [MOST_ITEMS, 1]


def test_a_lost_block_goes_on_file_by_file() -> None:
    """So that one bad file does not take others with it."""
    (block,) = cut(items(1, 1), Limits(most_bytes=10))
    assert block.again() == tuple(Block((item,), tries=1) for item in block.items)


def test_small_archives_get_small_blocks() -> None:
    """All machines are to end at about the same time."""
    small = Limits.for_archive(files=80, size_bytes=40_000, machines=2)
    large = Limits.for_archive(files=100_000, size_bytes=50 << 30, machines=2)
    assert small.most_items < large.most_items == MOST_ITEMS
    assert small.most_bytes < large.most_bytes
    assert Limits.for_archive(files=0, size_bytes=0, machines=0).most_items == 1


def test_the_table_counts_by_state_and_reason_and_names_what_was_not_tried() -> None:
    """Words of files that were finished before count for no speed."""
    tally = Tally()
    tally.add(Outcome("a", "done", words=100, busy_s=2.0, node="m1"))
    tally.add(Outcome("b", "skipped", "finished", words=900, busy_s=0.1, node="m1"))
    tally.add(Outcome("c", "failed", "not_json", node="m2"))
    text = "\n".join(table(tally, 5, 4.0))
    assert [line.split() for line in text.splitlines()[:3]] == [
        ["done", "1"],
        ["skipped", "finished", "1"],
        ["failed", "not_json", "1"],
    ]
    assert "not tried" in text
    assert "m1: 2 files, 100 words, 50 words/s while it worked" in text
    assert "3 of 5 files in 4.0 s, 25 words/s" in text


def test_an_error_of_an_archive_keeps_its_own_hint() -> None:
    """A worker sends the name of its kind; what to do then belongs to it."""
    outcome = Outcome("a", "failed", "remote_missing", kind="RemoteMissing", message="gone")
    error = _error(outcome)
    assert isinstance(error, RemoteMissing)
    assert "llasa[remote]" in error.hint
