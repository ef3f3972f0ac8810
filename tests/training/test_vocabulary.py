"""Words are spelled in pieces alike by the full and the pruned tokenizer."""

from __future__ import annotations

import json
from typing import Any

from tokenizers import Tokenizer

from engine.tagger.pieces import MOST_PIECES, UNKNOWN, Pieces
from engine.training.vocabulary import bare, choose, pruned, used

WORDS = ("know", "the", "said", "well,", "knower", "you?", "singing", "Zq9")


def spelled(tokenizer: dict[str, Any], word: str) -> list[str]:
    """The pieces of a word as text."""
    encoding = Tokenizer.from_str(json.dumps(tokenizer)).encode(word, add_special_tokens=False)
    return list(encoding.tokens)


def test_the_pruned_tokenizer_spells_covered_words_as_the_full_one(
    tokenizer: dict[str, Any],
) -> None:
    """Its ids begin at 0 again; its pieces are the same."""
    counts = used(tokenizer, [(word, 5) for word in WORDS])
    small = pruned(tokenizer, choose(tokenizer, counts, most=10_000))
    assert len(small["model"]["vocab"]) <= len(tokenizer["model"]["vocab"])
    for word in WORDS:
        assert spelled(small, word) == spelled(bare(tokenizer), word)


def test_any_word_of_a_covered_script_is_spelled_from_characters(tokenizer: dict[str, Any]) -> None:
    """Single characters stay whether they were counted or not."""
    small = pruned(tokenizer, choose(tokenizer, used(tokenizer, [("the", 1)]), most=5))
    pieces = Pieces(Tokenizer.from_str(json.dumps(small)))
    assert UNKNOWN not in pieces.word("Zebra's")


def test_a_character_of_another_script_is_unknown(tokenizer: dict[str, Any]) -> None:
    """The word keeps a piece that carries its label."""
    pieces = Pieces(Tokenizer.from_str(json.dumps(tokenizer)))
    assert pieces.word("\u6f22")[-1] == UNKNOWN


def test_a_long_word_keeps_its_last_piece(tokenizer: dict[str, Any]) -> None:
    """It is the one that carries the label, and often the mark."""
    pieces = Pieces(Tokenizer.from_str(json.dumps(tokenizer)))
    ids = pieces.word("z" * 40 + ".")
    assert len(ids) == MOST_PIECES
    assert ids[-1] == pieces.word(".")[-1]


def test_a_word_that_looks_like_a_special_piece_is_spelled_out(tokenizer: dict[str, Any]) -> None:
    """Nobody can write a change of speaker."""
    small = pruned(tokenizer, range(len(tokenizer["model"]["vocab"])))
    ids = Pieces(Tokenizer.from_str(json.dumps(small))).word("a</s>")
    assert not {0, 1, 2} & set(ids)
