"""Written sentences are made to sound spoken; every other word stays."""

import random
from collections.abc import Callable

import pytest

from engine.training.spoken import CONTRACTIONS, OPENINGS, as_spoken
from engine.tuning.words import Word, parse

TEXT = (
    "It is late, and we do not know the way. The road goes on; but you will see it is "
    "there, and the house is too. I am sure that he cannot. Martin will come, so there is "
    "hope. I had not thought it is."
)


def texts(style: str, seeds: int = 200) -> set[str]:
    """What becomes of the text, over many seeds."""
    return {
        " ".join(w.core + w.mark for w in as_spoken(parse(TEXT), style, random.Random(seed)))
        for seed in range(seeds)
    }


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Leave one of the changes on, in every window."""

    def leave(name: str) -> None:
        for other in ("OPENED", "PARTED", "CONTRACTED", "SPELLED"):
            monkeypatch.setattr(f"engine.training.spoken.{other}", 1.0 if other == name else 0.0)

    return leave


def test_pairs_are_contracted_but_not_at_the_end_of_a_clause(only: Callable[[str], None]) -> None:
    """All at once at the most, each by itself, and "it is" stays where a mark follows."""
    only("CONTRACTED")
    pairs = {"It is": "It's", "do not": "don't", "you will": "you'll", "it is there": "it's there",
             "I am": "I'm", "there is": "there's", "had not": "hadn't"}  # fmt: skip
    contracted = TEXT
    for pair, joined in pairs.items():
        contracted = contracted.replace(pair, joined)
    found = texts("prose")
    assert contracted in found
    assert all(text.endswith("thought it is.") for text in found)
    assert all("Martin will come" in text and "he cannot" in text for text in found)


def test_clauses_of_written_styles_are_parted_before_a_subject(only: Callable[[str], None]) -> None:
    """At a comma or semicolon and "and", "but" or "so"; not before "the house"; not in talk."""
    only("PARTED")
    assert texts("speech-meeting") == {TEXT}
    found = texts("prose")
    parted = (
        TEXT.replace(", and we", ". And we")
        .replace("; but", ". But")
        .replace(", so there", ". So there")
    )
    assert parted in found
    assert all(", and the house" in text for text in found)


def test_sentences_begin_as_spoken_ones_do(only: Callable[[str], None]) -> None:
    """With an "And" or a "So", after which the next word is lowered, if it is surely no name."""
    only("OPENED")
    found = texts("prose")
    begun = {
        tuple(text.split(mark)[-1].split()[:2]) for text in found for mark in ("way. ", "too. ")
    }
    openings = {opening for opening, _ in begun} | {o.rstrip(",") for o, _ in begun}
    assert set(OPENINGS) <= openings
    assert ("And", "the") in begun
    assert ("And", "I") in begun
    assert all("Martin" in text and "martin" not in text for text in found)
    assert not any(f"{o} Martin" in text for text in found for o in OPENINGS)


def test_contractions_are_of_two_words_as_one() -> None:
    """No pair is lost or made up."""
    words = [Word(core) for pair in CONTRACTIONS for core in (*pair, "over")]
    for seed in range(20):
        spoken = [w.core for w in as_spoken(words, "prose", random.Random(seed))]
        assert spoken.count("over") == len(CONTRACTIONS)
        assert {s for s in spoken if "'" in s} <= set(CONTRACTIONS.values())


def test_numbers_are_spelled_in_all_of_a_window_or_in_none(only: Callable[[str], None]) -> None:
    """One window is one speaker's, with his habits."""
    only("SPELLED")
    out = as_spoken(parse("There were 12 of 19."), "prose", random.Random(1))
    assert [w.core for w in out] == ["There", "were", "twelve", "of", "nineteen"]
