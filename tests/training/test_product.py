"""Any model of the engine is measured alike, as its users have it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.training.evaluate import corpus
from engine.training.product import NotMeasuredError, _segments, product
from tests import small_taggers

TEXT = "Well, we know that Anna went home. Do you know why she went there so early?"


def test_a_tagger_and_a_causal_model_are_measured_by_the_same_command(tmp_path: Path) -> None:
    """Every word comes back, whichever model decides."""
    path = tmp_path / "x.jsonl"
    record = {"style": "odd", "text": f"{TEXT}\n\n{TEXT}", "speakers": ["A", "B"]}
    path.write_text(json.dumps(record) + "\n")
    tagger = small_taggers.tagger_like(tmp_path / "tagger", languages=("en",))
    for model in ("punct", tagger):
        with product(model, "en") as engine:
            table = corpus(engine.enhance, path)
        assert table["all"]["words"] == 2 * len(TEXT.split())
        assert table["all"]["words_per_second"] > 0


def test_a_language_that_the_model_does_not_know_is_told(tmp_path: Path) -> None:
    """Its figures would be those of the source."""
    tagger = small_taggers.tagger_like(tmp_path / "tagger", languages=("en",))
    with product(tagger, "de") as engine, pytest.raises(NotMeasuredError, match="'de'"):
        engine.enhance(["wir", "wissen", "es", "nicht"], [False] * 4)


def test_segments_are_cut_at_every_change_of_speaker() -> None:
    """Else after a dozen words; no speaker is named where nobody changes."""
    words = [f"w{n}" for n in range(20)]
    turns = [n == 5 for n in range(20)]
    found = list(_segments(words, turns))
    assert [str(s["text"]).split()[0] for s in found] == ["w0", "w5", "w17"]
    assert [s["speaker"] for s in found] == ["A", "B", "B"]
    assert all("speaker" not in s for s in _segments(words, [False] * 20))


def test_nothing_of_it_needs_pytorch() -> None:
    """PyTorch has an environment of its own."""
    root = Path(__file__).parents[2] / "engine"
    own = ("product", "evaluate", "tune", "decisions", "export", "clean", "corpus")
    needed = [*(root / "training" / f"{name}.py" for name in own), *(root / "tuning").glob("*.py")]
    guilty = [path for path in needed if "torch" in path.read_text("utf-8").split()]
    assert guilty == []
