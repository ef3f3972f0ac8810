"""Biases are searched on decisions that are the engine's own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.records import Layout, ModelInfo, Part
from engine.records import Word as SourceWord
from engine.tagger.path import ALL, COMMA, FIRST, LOWER, MARKS, PERIOD, LabelScores, weigh
from engine.text.lattice import Lattice
from engine.text.marks import group
from engine.text.paths import best_pairs
from engine.training.decisions import Gaps, decide, figures, joined, kept
from engine.training.tune import CASE_KEPT, ENDS_KEPT, climb, own_biases, write
from engine.tuning.words import MASKED

WORDS = ["so", "we", "went", "home", "and", "slept", "well", "there"] * 6
BIAS = {"comma": 0.4, "period": -0.3, "question": 0.2, "first": 0.5, "all": 0.5, "paragraph": 1.0}


def scores(seed: int, spread: float = 2.0) -> list[LabelScores]:
    """Random log probabilities of every word."""
    rng = np.random.default_rng(seed)

    def logs(size: int) -> list[float]:
        drawn = rng.standard_normal(size) * spread
        return (drawn - np.log(np.exp(drawn).sum())).tolist()

    return [LabelScores(logs(4), logs(3), logs(2)) for _ in WORDS]


def gaps(found: list[LabelScores], mark: int = 0, case: int = LOWER) -> Gaps:
    """The gaps between the words, all with the same right answer."""
    size = len(found)
    return Gaps.of(
        found,
        turns=[False] * size,
        marks=[mark] * size,
        cases=[case] * size,
        paragraphs=[0] * size,
    )


def biased(score: LabelScores) -> LabelScores:
    """A word's scores with BIAS, as the engine adds it."""
    marks = [s + BIAS.get(n, 0.0) for s, n in zip(score.marks, MARKS, strict=True)]
    cases = [score.cases[0], score.cases[1] + BIAS["first"], score.cases[2] + BIAS["all"]]
    return LabelScores(marks, cases, [score.paragraph[0], score.paragraph[1] + BIAS["paragraph"]])


@pytest.mark.parametrize("seed", range(5))
def test_decisions_are_those_of_the_best_path(seed: int) -> None:
    """Marks, capitals and paragraphs of every gap; the rules of structure are not counted."""
    info = ModelInfo(
        name="x", revision=None, quantization=None, tasks=(), languages=(), part_words=190,
        tail_words=0, lookahead_words=0, path="", kind="tagger", template="labels",
        layout=Layout(),
    )  # fmt: skip
    lattice = Lattice(Part(0, tuple(map(SourceWord, WORDS))), info)
    found = scores(seed)
    path = best_pairs(weigh(lattice, [biased(s) for s in found], begins_sentence=True))
    out = decide(gaps(found), BIAS)
    words = lattice.enhanced(path)
    joins = [lattice.joins[n][choice.join].join for n, choice in enumerate(path)][:-1]
    assert [MARKS[n] for n in out.mark] == [group(join.mark, "so") for join in joins]
    assert out.paragraph.tolist() == [join.paragraph for join in joins]
    assert out.raised.tolist() == [word.text[:1].isupper() for word in words[1:]]


def test_figures_count_only_what_is_asked() -> None:
    """Masked marks and paragraphs are left out."""
    asked = gaps(scores(1), mark=PERIOD, case=FIRST)
    masked = Gaps.of(
        scores(1), turns=[False] * 48, marks=[MASKED] * 48, cases=[MASKED] * 48,
        paragraphs=[MASKED] * 48,
    )  # fmt: skip
    assert figures(masked, {}) == {"marks": 0.0, "capitals": 0.0, "paragraphs": 0.0}
    assert figures(joined([asked, masked]), {}) == figures(asked, {})
    assert figures(asked, {"period": 20.0, "first": 20.0})["marks"] == 100.0


def test_the_search_finds_the_biases_that_score_best() -> None:
    """On a hill with one top, to its smallest step, beyond a plateau."""
    best, value = climb(
        lambda b: min(0.0, -abs(b["a"] - 0.7)) - abs(max(b["b"], 1.0) - 2.3), names=("a", "b")
    )
    assert best == pytest.approx({"a": 0.7, "b": 2.3})
    assert value == pytest.approx(0.0)


def test_own_marks_and_case_are_weighed_until_what_is_right_stays() -> None:
    """With the smallest biases that do it."""
    found = scores(3, spread=0.4)
    right = Gaps.of(
        found, turns=[False] * 48, marks=[PERIOD, COMMA, 0] * 16, cases=[LOWER, FIRST, ALL] * 16,
        paragraphs=[0] * 48,
    )  # fmt: skip
    out = own_biases(right)
    ends, case = kept(right, out)
    assert ends >= ENDS_KEPT
    assert case >= CASE_KEPT
    assert kept(right, {}) < (ends, case)


def test_biases_are_written_as_the_engine_reads_them(tmp_path: Path) -> None:
    """By language; a word in capitals is raised like one with a raised first letter."""
    (tmp_path / "llasa.json").write_text(json.dumps({"name": "punct", "kind": "tagger"}))
    write(tmp_path, {"de": {"comma": 0.4, "first": 0.2}}, {"own": 2.0, "own_case": 1.0})
    manifest = json.loads((tmp_path / "llasa.json").read_text())
    assert manifest["kind"] == "tagger"
    assert manifest["biases"] == {"de": {"comma": 0.4, "first": 0.2, "all": 0.2}}
    assert manifest["bias_marked"] == {"own": 2.0, "own_case": 1.0}
