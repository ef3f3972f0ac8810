"""Reports say in a few lines what was done, and a diff says it word by word."""

from __future__ import annotations

from engine import changes as report
from engine.records import Removal, Replacement
from tests.engine.output_samples import document, metadata_of, paragraph

MADE = document(
    [
        paragraph("Hello, world.", source="hello world"),
        paragraph("It works well.", source="it works well", start_s=2.0),
    ]
)


def test_the_account_counts_words_changes_and_parts():
    """Every figure of coverage is in a line that a person can read."""
    metadata = metadata_of(
        MADE,
        removals=(Removal("loops", "Thank you. " * 20, 3723.0, 3740.0, 40),),
        replaced=(Replacement("Aida", "Ada", 1.0),),
    )
    assert report.coverage_line(metadata) == ("45 words in, 5 out; removed: 40 repeated by Whisper")
    assert report.changes_line(metadata) == (
        "2 letter cases, 3 marks and 1 paragraph break set, 1 word of the glossary"
    )
    assert report.parts_line(metadata) == "1 of 1 part enhanced"
    (line,) = report.removal_lines(metadata)
    assert line.startswith("1:02:03 loops x40 Thank you. Thank you.")
    assert line.endswith("…")


def test_a_text_without_losses_says_so():
    """Nothing removed is said, not left out."""
    assert report.coverage_line(metadata_of(MADE)) == "5 words in, 5 out, none removed"
    assert report.parts_line(metadata_of(document([]))) == "no speech"


def test_many_removals_are_counted_and_not_all_listed():
    """The list ends with how many more there are."""
    removals = tuple(Removal("fillers", "um", float(i), None, 1) for i in range(13))
    lines = report.removal_lines(metadata_of(MADE, removals=removals), most=10)
    assert len(lines) == 11
    assert lines[0] == "0:00 fillers x1 um"
    assert lines[-1] == "and 3 more"


def test_the_summary_of_silence_has_no_empty_lines():
    """Null is left out or named."""
    lines = report.summary_lines(metadata_of(document([])))
    assert lines[0] == "(no title)"
    assert all(lines)


def test_the_diff_joins_what_stays_and_pairs_what_changed():
    """Equal neighbours are one entry, a changed word is a pair, a paragraph end is marked."""
    words = [word for part in MADE.paragraphs for word in part]
    assert report.diff(words) == [
        ("changed", "hello", "Hello,"),
        ("changed", "world", "world."),
        ("paragraph", "", ""),
        ("changed", "it", "It"),
        ("same", "works", "works"),
        ("changed", "well", "well."),
        ("paragraph", "", ""),
    ]
    assert report.diff(paragraph("all of it stays")) == [
        ("same", "all of it stays", "all of it stays"),
        ("paragraph", "", ""),
    ]


def test_a_changed_word_says_in_what():
    """Case and punctuation are told apart."""
    hello, world = paragraph("Hello, world.", source="hello world")
    assert report.kinds(hello) == ("case", "punctuation")
    assert report.kinds(world) == ("punctuation",)


def test_an_excerpt_shows_the_same_words_before_and_after():
    """It is cut at a number of words and says that more follows."""
    found = report.excerpt(MADE, words=4)
    assert found.before == "hello world it works …"
    assert found.after == "Hello, world.\n\nIt works …"
    whole = report.excerpt(MADE)
    assert whole.before == "hello world it works well"
    assert whole.after == "Hello, world.\n\nIt works well."
