"""Preparing is deterministic, and windows are laid out as the engine reads them."""

import gzip
import json
import random
from pathlib import Path

import pytest

pytest.importorskip("numpy")
pytest.importorskip("tokenizers")

from engine.training.corpus import Corpus, prepare
from engine.training.degrade import LOWER, degrade
from engine.training.examples import (
    CHOICES,
    CHOSEN,
    READ,
    WHOLE,
    Shape,
    assemble,
    batches,
    draw_example,
)
from engine.training.lags import LAGS, SILENT
from engine.training.tokens import Codec
from tests.training.conftest import run


def test_preparing_twice_gives_the_same_bytes(prepared: Path) -> None:
    """Arrays and tokenizer depend on the corpus and the seed alone."""
    run(prepared, prepared / "again")
    for name in ("train.npz", "dev.npz", "tokenizer/tokenizer.json"):
        assert (prepared / "data" / name).read_bytes() == (prepared / "again" / name).read_bytes()


def test_what_persons_say_in_prose_is_a_style_of_its_own(tmp_path: Path) -> None:
    """Beside the prose, which keeps it too."""
    talk = ['"Have you counted the boats?" asked Nell.', '"Nine," said Tom. "No, ten."'] * 9
    for part in ("train", "dev"):
        with gzip.open(tmp_path / f"{part}.jsonl.gz", "wt") as file:
            record = {"id": part, "style": "prose", "speakers": None, "text": "\n\n".join(talk)}
            file.write(json.dumps(record) + "\n")
    prepare(tmp_path, tmp_path / "data", seed=1)
    corpus = Corpus(tmp_path / "data/train.npz")
    assert sorted(corpus.styles) == ["dialogue", "prose"]
    for style, tagged in (("dialogue", False), ("prose", True)):
        words, _, _ = corpus.draw(random.Random(1), style, 60)
        assert ("asked" in [word.core for word in words]) is tagged


def test_marks_breaks_and_digits_are_tokens_of_their_own(prepared: Path) -> None:
    """Separators never merge with words, whatever the corpus makes frequent."""
    codec = Codec.load(prepared / "data" / "tokenizer")
    assert len(set(codec.marks.values())) == 6
    pieces = codec.tokenizer.encode(" rovers, 35?\n\n They").tokens
    assert "," in pieces
    assert "?" in pieces
    assert pieces.count("\u010a\u010a") == 1
    assert "5" in pieces


def test_words_encode_alike_alone_and_in_the_text(prepared: Path) -> None:
    """The engine encodes whole texts, training encodes word by word: the ids agree."""
    codec = Codec.load(prepared / "data" / "tokenizer")
    words = ["Good", "morning,", "they're", "3.5", "U.S.", '"Mars,"', "caf\u00e9?"]
    apart = [token for word in words for token in codec.word(word)]
    assert apart == codec.tokenizer.encode(" " + " ".join(words)).ids


def test_an_answer_covers_its_words_and_one_decision_more(prepared: Path) -> None:
    """Weights are on the answer alone, and the last one decides what follows the last word."""
    corpus = Corpus(prepared / "data" / "train.npz")
    codec = Codec.load(prepared / "data" / "tokenizer")
    rng = random.Random(2)
    for _ in range(50):
        example = draw_example(corpus, codec, rng, Shape(20, 40, 1.0))
        start = example.ids.index(codec.assistant)
        assert not any(example.weights[: start + 1])
        assert len(example.weights) == len(example.ids)
        assert example.weights[-1] == 1.0
        assert len(example.decisions) == len(example.labels)


def test_the_same_seed_gives_the_same_batches(prepared: Path) -> None:
    """A run that resumes sees what it would have seen."""
    corpus = Corpus(prepared / "data" / "train.npz")
    codec = Codec.load(prepared / "data" / "tokenizer")
    for kind in (WHOLE, CHOSEN, READ):
        first, again = (
            list(batches(corpus, codec, Shape(20, 40, 0.25), kind, seed="1:0", tokens=1000))
            for _ in range(2)
        )
        assert len(first) == len(again) > 1
        for one, other in zip(first, again, strict=True):
            assert one.ids.tobytes() == other.ids.tobytes()
            assert one.lags.tobytes() == other.lags.tobytes()


def test_a_choice_is_among_what_the_grammar_allows(prepared: Path) -> None:
    """The right token comes first, once; after a mark no mark can follow."""
    corpus = Corpus(prepared / "data" / "train.npz")
    codec = Codec.load(prepared / "data" / "tokenizer")
    marks = set(codec.marks.values())
    rng = random.Random(4)
    for _ in range(50):
        example = draw_example(corpus, codec, rng, Shape(20, 40, 1.0), kind=LOWER)
        start = example.ids.index(codec.assistant)
        assert example.choices
        for position, among in example.choices.items():
            assert among[0] == example.ids[position]
            assert len(set(among)) == len(among) <= CHOICES
            before = example.ids[position - 1]
            if position == start + 1 or before in marks or before == codec.paragraph:
                assert not marks & set(among)
            else:
                assert marks < set(among)


def test_a_word_is_asked_about_a_few_tokens_later(prepared: Path) -> None:
    """What is asked at a token is the mark of the word that ended as far back as the lag says."""
    corpus = Corpus(prepared / "data" / "train.npz")
    codec = Codec.load(prepared / "data" / "tokenizer")
    words, _, _ = corpus.draw(random.Random(6), "prose", 30)
    units = degrade(words, LOWER, random.Random(6))
    example = assemble(units, codec, lookahead=0, ends=True, skip=0, copied=1.0, answer=False)
    ends = [len(codec.word(unit.raw)) for unit in units]
    for number in range(1, len(ends)):
        ends[number] += ends[number - 1] + int(units[number].raw_break)
    assert ends[-1] == len(example.ids) - 1
    asked = 0
    for unit, after, end in zip(units, units[1:], ends, strict=False):
        for column, lag in enumerate(LAGS):
            if end + lag < len(example.ids):
                mark, raised = example.lags[end + lag, column]
                assert mark == unit.label
                letters = [char for char in after.core if char.isalpha()]
                assert raised == (letters[0].isupper() if letters else SILENT)
                asked += 1
    assert asked == int((example.lags != SILENT).any(-1).sum()) > 2 * len(units)
