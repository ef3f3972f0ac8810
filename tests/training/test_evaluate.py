"""The benchmark's tokens become the words that the engine is given."""

from pathlib import Path

from engine.training.evaluate import (
    EXCERPT_WORDS,
    SHOWN_WORDS,
    corpus,
    excerpts,
    is_measured,
    read_tsv,
)
from engine.training.guided import guided
from engine.training.words import Word, parse


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


def numbered(count: int, *, first: int = 0) -> list[Word]:
    """Words with their numbers in them, a sentence end at every tenth."""
    return [Word(f"w{first + n}", 2 if n % 10 == 9 else 0, 0) for n in range(count)]


def test_excerpts_come_from_the_middle_of_documents_spread_evenly() -> None:
    """Each begins with a sentence; what is shown beyond does not count."""
    texts = [numbered(1_000, first=1_000 * n) for n in range(10)]
    found = excerpts(texts, 4 * EXCERPT_WORDS)
    assert [part[0].core for part, _ in found] == ["w400", "w2400", "w5400", "w7400"]
    assert {count for _, count in found} == {EXCERPT_WORDS}
    assert {len(part) for part, _ in found} == {EXCERPT_WORDS + SHOWN_WORDS}
    (short,) = excerpts([numbered(50)], 4 * EXCERPT_WORDS)
    assert (len(short[0]), short[1]) == (50, 50)


def test_stops_of_abbreviations_are_no_marks() -> None:
    """Neither "Mr." nor "U.S." can be right or wrong."""
    words = parse("Mr. Smith of the U.S., who saw the flag, left.")
    assert [w.core for w in words if not is_measured(w)] == ["Mr", "U.S."]


def test_the_corpus_is_measured_by_style(prepared: Path) -> None:
    """Real figures of a tiny corpus, through the engine."""
    with guided("punct-en") as engine:
        table = corpus(engine, prepared / "dev.jsonl.gz", words=400, styles=("prose",))
    assert table["prose"]["words"] == 400
    assert table["prose"]["period"]["f1"] > 50
