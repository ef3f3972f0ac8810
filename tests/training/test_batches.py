"""Windows become rows of pieces whose labels stand on the last piece of each word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from engine.tagger.pieces import PAD, START, TURN, Pieces
from engine.training.batches import Windows
from engine.tuning.degrade import Shown
from engine.tuning.rows import EDGE_WORDS, encode
from engine.tuning.words import COMMA, FIRST, LOWER, MASKED, NONE, PERIOD


def pieces_of(tokenizer: dict[str, Any]) -> Pieces:
    """The small tokenizer at work."""
    return Pieces(Tokenizer.from_str(json.dumps(tokenizer)))


def shown(text: str, mark: int = NONE, *, turn: bool = False, case: int = LOWER) -> Shown:
    """A word with its labels."""
    return Shown(text, turn, mark, case, 0)


def test_a_label_stands_on_the_last_piece_also_where_the_word_carries_a_mark(
    tokenizer: dict[str, Any],
) -> None:
    """The other pieces are not asked."""
    pieces = pieces_of(tokenizer)
    words = [shown("well,", COMMA, case=FIRST), shown("so", PERIOD)]
    ids, marks, cases, paragraphs = encode(words, pieces, 40, at_end=True)
    first, second = pieces.word("well,"), pieces.word("so")
    size = len(first) + len(second)
    assert ids[: size + 2] == [START, *first, *second, TURN]
    assert ids[size + 2 :] == [PAD] * (38 - size)
    asked = {len(first): COMMA, size: PERIOD}
    assert {n: m for n, m in enumerate(marks) if m != MASKED} == asked
    assert {n for n, c in enumerate(cases) if c != MASKED} == set(asked)
    assert {n for n, p in enumerate(paragraphs) if p != MASKED} == set(asked)


def test_a_change_of_speaker_is_a_piece_before_the_word(tokenizer: dict[str, Any]) -> None:
    """Not at the beginning of a window, where there is nobody to change from."""
    pieces = pieces_of(tokenizer)
    ids, *_ = encode([shown("the", turn=True), shown("you", turn=True)], pieces, 20, at_end=False)
    assert ids[:4] == [START, *pieces.word("the"), TURN, *pieces.word("you")]
    assert TURN not in ids[4:]


def test_the_last_words_of_a_cut_window_are_not_asked(tokenizer: dict[str, Any]) -> None:
    """What follows them is not shown."""
    pieces = pieces_of(tokenizer)
    ids, marks, *_ = encode([shown("the")] * 50, pieces, 20, at_end=True)
    assert len(ids) == 20
    assert TURN not in ids
    assert sum(m != MASKED for m in marks) == sum(i > 3 for i in ids) - EDGE_WORDS


def test_the_same_step_gives_the_same_batch(prepared: Path) -> None:
    """Whatever was drawn before it."""
    pieces = Pieces.load(prepared / "tokenizer.json")
    one = Windows(prepared, pieces, length=48, rows=4, seed=7)
    other = Windows(prepared, pieces, length=48, rows=4, seed=7)
    one.batch(1)
    first, second = one.batch(2), other.batch(2)
    assert np.array_equal(first.ids, second.ids)
    assert np.array_equal(first.marks, second.marks)
    assert not np.array_equal(first.ids, one.batch(3).ids)


def test_every_asked_label_stands_on_a_piece_of_a_word(prepared: Path) -> None:
    """Never on padding or a change of speaker."""
    windows = Windows(prepared, Pieces.load(prepared / "tokenizer.json"), length=64, rows=8, seed=1)
    for step in range(10):
        batch = windows.batch(step)
        assert batch.ids.shape == (8, 64)
        for labels in (batch.marks, batch.cases, batch.paragraphs):
            assert (batch.ids[labels != MASKED] > 2).all()
        assert (batch.marks != MASKED).any()
