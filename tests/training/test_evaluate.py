"""The benchmark's tokens become the words that the engine is given."""

from pathlib import Path

from training.evaluate import read_tsv


def test_contractions_are_joined_and_carry_the_last_label(tmp_path: Path) -> None:
    """Split contractions become one word; a lone dash is no word but gives its label on."""
    path = tmp_path / "sample.tsv"
    path.write_text("we\tO\n'll\tCOMMA\ndo\tO\nn't\tPERIOD\nwell\tO\n--\tCOMMA\nso\tQUESTION\n")
    words, labels, tokens = read_tsv(path)
    assert words == ["we'll", "don't", "well", "so"]
    assert labels == ["COMMA", "PERIOD", "COMMA", "QUESTION"]
    assert tokens == 7


def test_the_limit_counts_tokens(tmp_path: Path) -> None:
    """A slice is cut in tokens of the file."""
    path = tmp_path / "sample.tsv"
    path.write_text("one\tO\ntwo\tO\nthree\tO\n")
    assert read_tsv(path, 2)[0] == ["one", "two"]
