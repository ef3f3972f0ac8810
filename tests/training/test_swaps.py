"""Words give way to others that end alike; sentences keep their shape."""

import random
from pathlib import Path

import pytest

pytest.importorskip("numpy")

import numpy as np

from engine.training import swaps
from engine.training.corpus import Corpus
from engine.training.swaps import Swapper
from engine.training.words import Word

#: Frequent and short words stay, names and tokens with quotes too.
SENTENCE = [
    Word("the", 0, 2), Word("waiting", 0, 0), Word("Kesterel", 1, 0), Word("walked", 0, 0),
    Word("waiting", 2, 0), Word("talked", 0, 0, literal='"talked"'), Word("ed", 3, 0),
]  # fmt: skip


@pytest.fixture
def swapper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Swapper:
    """Knows three words in "ing" and three in "ed", besides one frequent word."""
    monkeypatch.setattr(swaps, "COMMON", 1)
    texts = ["the", "waiting", "singing", "rowing", "walked", "talked", "mended", "seldomed",
             "Kesterel", "ed", "9"]  # fmt: skip
    counts = [50, 9, 9, 9, 9, 9, 9, 1, 9, 9, 9]
    cores = np.repeat(np.arange(len(texts)), counts).astype(np.int32)
    np.savez(
        tmp_path / "corpus.npz",
        cores=cores,
        literals=np.full(len(cores), -1, np.int32),
        separators=np.zeros(len(cores), np.int8),
        breaks=np.zeros(len(cores), np.int8),
        starts=np.asarray([0, len(cores)]),
        styles=np.asarray(["prose"]),
        strings=np.frombuffer("\0".join(texts).encode(), np.uint8),
    )
    return Swapper(Corpus(tmp_path / "corpus.npz"))


def test_swapped_words_end_alike_and_nothing_else_changes(swapper: Swapper) -> None:
    """The same word is swapped alike; marks, breaks, names, short and quoted words stay."""
    seen: set[str] = set()
    for seed in range(60):
        out = swapper.swap(SENTENCE, random.Random(seed))
        assert [(w.separator, w.before, w.literal) for w in out] == [
            (w.separator, w.before, w.literal) for w in SENTENCE
        ]
        words = [w.core for w in out]
        assert [words[i] for i in (0, 2, 5, 6)] == ["the", "Kesterel", "talked", "ed"]
        assert words[1] == words[4]
        seen |= {words[1], words[3]}
    assert seen == {"waiting", "singing", "rowing", "walked", "talked", "mended"}


def test_half_of_the_windows_stay_as_they_are(swapper: Swapper) -> None:
    """About; and the same seed swaps the same."""
    changed = [swapper.swap(SENTENCE, random.Random(s)) != SENTENCE for s in range(200)]
    assert 40 < sum(changed) < 110
    again = [swapper.swap(SENTENCE, random.Random(s)) != SENTENCE for s in range(200)]
    assert changed == again
