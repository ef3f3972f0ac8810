"""A diff says word by word what became of the source."""

from __future__ import annotations

from engine.text.changes import diff
from tests.engine.output_samples import document, paragraph

MADE = document(
    [
        paragraph("Hello, world.", source="hello world"),
        paragraph("It works well.", source="it works well", start_s=2.0),
    ]
)


def test_the_diff_joins_what_stays_and_pairs_what_changed():
    """Equal neighbours are one entry, a changed word is a pair, a paragraph end is marked."""
    words = [word for part in MADE.paragraphs for word in part]
    assert diff(words) == [
        ("changed", "hello", "Hello,"),
        ("changed", "world", "world."),
        ("paragraph", "", ""),
        ("changed", "it", "It"),
        ("same", "works", "works"),
        ("changed", "well", "well."),
        ("paragraph", "", ""),
    ]
    assert diff(paragraph("all of it stays")) == [
        ("same", "all of it stays", "all of it stays"),
        ("paragraph", "", ""),
    ]
