"""Figures of a word list and of a corpus do not depend on how the words were enhanced."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

from engine.records import EnhancedWord
from engine.records import Word as SourceWord
from engine.training.evaluate import Written, corpus, kept, tsv

TEXT = (
    "Well, we know that Anna went home. Do you know why she went there so early? I do not know it."
)


def oracle(words: Sequence[str], turns: Sequence[bool]) -> list[Written]:
    """Writes TEXT again and again, whatever it is given."""
    right = TEXT.split()
    last = len(right) - 1
    return [
        Written(right[n % len(right)], n % len(right) == last and turns is not None)
        for n in range(len(words))
    ]


def nothing(words: Sequence[str], turns: Sequence[bool]) -> list[Written]:
    """Leaves every word as it is."""
    return [Written(word, False) for word in words]


def records(path: Path, style: str, paras: str = "real") -> Path:
    """A corpus file of two documents."""
    with gzip.open(path, "wt") as file:
        for number in range(2):
            record = {"id": str(number), "style": style, "text": "\n\n".join([TEXT] * 4),
                      "speakers": None, "paras": paras}  # fmt: skip
            file.write(json.dumps(record) + "\n")
    return path


def test_what_reads_as_the_source_is_perfect(tmp_path: Path) -> None:
    """Marks, capitals and paragraphs, style by style and in all."""
    table = corpus(oracle, records(tmp_path / "x.jsonl.gz", "speech-odd"))
    assert set(table) == {"speech-odd", "all"}
    for row in table.values():
        assert row["overall"]["f1"] == row["capitals"]["f1"] == row["paragraphs"]["f1"] == 100
        assert row["words"] == 2 * 4 * len(TEXT.split())


def test_what_is_left_alone_scores_nothing(tmp_path: Path) -> None:
    """Not even a capital, for the words are shown in lower case."""
    table = corpus(nothing, records(tmp_path / "x.jsonl.gz", "prose"))
    assert table["all"]["overall"]["f1"] == table["all"]["capitals"]["f1"] == 0


def test_paragraphs_are_not_measured_where_they_were_lost(tmp_path: Path) -> None:
    """The source says so."""
    table = corpus(oracle, records(tmp_path / "x.jsonl.gz", "prose", "none"))
    assert "paragraphs" not in table["all"]


def test_a_file_of_any_style_is_measured_and_says_nothing_of_its_paragraphs(tmp_path: Path) -> None:
    """A record needs a text alone; what is not known to be real is not measured."""
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"text": f"{TEXT}\n\nHello."}) + "\n")
    table = corpus(nothing, path)
    assert set(table) == {"text", "all"}
    assert table["all"]["words"] == len(TEXT.split()) + 1
    assert "paragraphs" not in table["all"]


def test_a_change_of_speaker_is_shown_or_is_a_paragraph_to_find(tmp_path: Path) -> None:
    """As the caller wants it."""
    path = tmp_path / "x.jsonl"
    record = {"style": "talk", "text": f"{TEXT}\n\n{TEXT}", "speakers": ["A", "B"], "paras": "real"}
    path.write_text(json.dumps(record) + "\n")
    shown: list[list[bool]] = []

    def enhance(words: Sequence[str], turns: Sequence[bool]) -> list[Written]:
        shown.append(list(turns))
        return oracle(words, turns)

    assert "paragraphs" not in corpus(enhance, path)["all"]
    assert corpus(enhance, path, turns=False)["all"]["paragraphs"]["f1"] == 100
    assert [sum(turns) for turns in shown] == [1, 0]


def test_what_stays_of_a_transcript_is_counted(tmp_path: Path) -> None:
    """Sentence ends, marks and case of the source; sentence ends that were added."""
    path = tmp_path / "t.json"
    path.write_text("{}")
    pairs = [("Yes,", "Yes,"), ("we", "We"), ("go.", "go"), ("Home.", "Home."), ("now", "now.")]

    def read(data: bytes, name: str) -> list[EnhancedWord]:
        return [EnhancedWord(SourceWord(source), written) for source, written in pairs]

    table = kept(read, [path])
    assert (table["sentence_ends"], table["added"]) == (50.0, 50.0)
    assert (table["marks"], table["case"]) == (66.67, 80.0)


def test_a_limit_reads_some_documents_whole(tmp_path: Path) -> None:
    """About so many words of every style."""
    table = corpus(oracle, records(tmp_path / "x.jsonl.gz", "prose"), words=60)
    assert table["all"]["words"] == 4 * len(TEXT.split())


def test_a_word_list_is_measured_by_its_labels(tmp_path: Path) -> None:
    """Tokens that belong to the word before are joined to it."""
    path = tmp_path / "list.tsv"
    path.write_text("we\tO\n're\tO\nhere\tPERIOD\nare\tO\nyou\tQUESTION\n")
    seen: list[str] = []

    def enhance(words: Sequence[str], turns: Sequence[bool]) -> list[Written]:
        seen.extend(words)
        return [Written(t, False) for t in ("We're", "here.", "Are", "you.")]

    table = tsv(enhance, path)
    assert seen == ["we're", "here", "are", "you"]
    assert (table["period"]["f1"], table["question"]["f1"]) == (66.67, 0.0)
    assert table["tokens"] == 5
