"""A model is measured on text that ships with llasa, and the best way to use it is chosen."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.calibration import run, texts, verdict
from engine.calibration.measure import BLOCK_WORDS, Measured, Result, Way, measure
from engine.calibration.texts import RightWord, Sample
from engine.cli import main as cli
from engine.models import calibrations, catalog, facts, opinions
from engine.records import ModelInfo
from tests import small_taggers
from tests.chat_model import smollm2

TEXT = "Well, we know that Anna went home. Do you know why she went there so early?"


@pytest.fixture(scope="module")
def embedded() -> ModelInfo:
    """Return the embedded model as if it knew English alone."""
    return replace(catalog.describe(catalog.EMBEDDED), languages=("en",))


def sample(text: str = TEXT, *, language: str = "en") -> Sample:
    words = [
        RightWord(word.rstrip(",.?"), texts.label(word), word[0].isupper(), word == "early?")
        for word in text.split()
    ]
    return Sample(language, "a test", tuple(words))


def result(way: Way, right: Callable[[int], bool], *, language: str = "en") -> Result:
    """Return a way that sets a full stop after every tenth of 1,000 words where it is `right`."""
    measured = Measured()
    hits = guesses = truths = 0
    for number in range(1000):
        truth = "PERIOD" if number % 10 == 9 else "O"
        guess = truth if right(number) else "O"
        measured.tally.mark(truth, guess)
        truths += truth != "O"
        guesses += guess != "O"
        hits += truth == guess != "O"
        if number % BLOCK_WORDS == BLOCK_WORDS - 1:
            measured.blocks.append((hits, guesses, truths))
            hits = guesses = truths = 0
    measured.tally.words, measured.tally.seconds = 1000, 10.0
    return Result(way, {language: measured}, memory_bytes=10**9, device_path="CPU")


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_language_has_about_two_thousand_words_with_marks_and_capitals(language: str) -> None:
    """They come as a recogniser may give them: in lower case and without marks."""
    works = texts.works(language)
    words = [word for work in works for word in work.words]
    assert 1_800 < len(words) < 2_500
    assert sum(word.label != "O" for word in words) > len(words) / 15
    assert any(word.label == "COMMA" for word in words)
    shown = [word.text for work in works for word in work.transcript().words]
    assert len(shown) == len(words)
    assert all(word == word.lower() for word in shown)
    assert not any(word.endswith((",", "?", "!", ";", ":")) for word in shown)
    assert all(work.title in sources() for work in works)


def sources() -> str:
    return (Path(texts.__file__).parent / "texts" / "SOURCES.md").read_text(encoding="utf-8")


def test_a_limit_takes_the_same_share_of_every_work_and_ends_with_a_sentence() -> None:
    """What stands after a cut sentence is not known."""
    found = texts.samples("en", 300)
    assert len(found) == 3
    assert 300 <= sum(len(work.words) for work in found) < 500
    assert all(work.words[-1].label in ("PERIOD", "QUESTION") for work in found)
    assert texts.samples("en", 2_000_000) == texts.works("en")


def test_a_sure_gain_of_a_second_opinion_is_used(embedded: ModelInfo) -> None:
    """The best margin is taken, and the sentence has both figures."""
    choice = verdict.choose(
        "m",
        [
            result(Way("embedded", embedded), lambda n: n % 20 == 9),
            result(Way("ask", embedded), lambda n: n % 40 == 9),
            result(Way("opinion 0.5", embedded, margin=0.5), lambda n: n % 20 == 9 or n % 60 == 19),
            result(Way("opinion 1", embedded, margin=1.0), lambda n: n % 20 == 9 or n % 40 == 19),
        ],
    )
    assert (choice.verdict, choice.margin) == ("worth", 1.0)
    assert "as a second opinion" in choice.sentence
    assert "from F1 66.7 to 85.7" in choice.sentence
    assert choice.languages == ()


def test_a_gain_that_may_be_chance_is_none(embedded: ModelInfo) -> None:
    """One mark of a hundred more is no reason to load gigabytes."""
    choice = verdict.choose(
        "m",
        [
            result(Way("embedded", embedded), lambda n: n % 20 == 9),
            result(Way("ask", embedded), lambda n: n % 20 == 9 or n == 19),
        ],
    )
    assert choice.verdict == "no_gain"
    assert "not worth using" in choice.sentence


def test_marks_that_fall_anywhere_are_called_unfit(embedded: ModelInfo) -> None:
    """The same marks shuffled among the words would do as well."""
    anywhere = result(Way("ask", embedded), lambda n: False)
    marks = anywhere.languages["en"].tally.marks
    marks[1][::7] = ["PERIOD"] * len(marks[1][::7])
    assert verdict.chance_f1(anywhere.languages["en"]) == pytest.approx(12, abs=4)
    choice = verdict.choose(
        "m", [result(Way("embedded", embedded), lambda n: n % 20 == 9), anywhere]
    )
    assert choice.verdict == "unfit"
    assert "hardly better than chance" in choice.sentence
    assert choice.languages == ("en",)


def test_a_language_in_which_it_is_poor_alone_keeps_the_marks_of_the_source(
    embedded: ModelInfo,
) -> None:
    """It decides in the others and in those that the embedded model knows."""
    alone = result(Way("reader", embedded), lambda n: True, language="de")
    alone.languages["pl"] = result(
        Way("reader", embedded), lambda n: n % 60 == 9, language="pl"
    ).languages["pl"]
    choice = verdict.choose("m", [Result(Way("embedded", embedded)), alone])
    assert (choice.verdict, choice.rule, choice.languages) == ("worth", "reader", ("de", "en"))


def test_a_gain_is_the_same_every_time_and_holds_its_mean() -> None:
    """Draws are seeded; equal blocks gain nothing."""
    info = catalog.describe(catalog.EMBEDDED)
    before = result(Way("embedded", info), lambda n: n % 20 == 9)
    after = result(Way("ask", info), lambda n: n % 3 > 0)
    found = verdict.gain(before, after, ["en"])
    assert found == verdict.gain(before, after, ["en"])
    assert found.low < found.mean < found.high
    assert verdict.gain(before, before, ["en"]) == verdict.Gain(0.0, 0.0, 0.0)


def test_a_chat_model_is_tried_as_an_adviser_of_a_tagger_and_alone(tmp_path: Path) -> None:
    """At several margins where there is a tagger, by two rules without one."""
    tagger = small_taggers.tagger_like(tmp_path / "tagger", languages=["en"])
    info = catalog.describe(str(smollm2()), decider=str(tagger), use_measured=False)
    ways = run.ways_of(info)
    names = ["embedded", "opinion 0.5", "opinion 1", "opinion 2", "reader", "ask"]
    assert [way.name for way in ways] == names
    assert [way.covers("de") for way in ways] == [False] * 4 + [True] * 2
    assert ways[0].info.kind == "tagger"
    assert all(way.info.decider is None for way in ways[4:])
    alone = run.ways_of(catalog.describe(str(tagger)))
    assert [way.name for way in alone] == ["embedded", "alone"]


def test_a_choice_becomes_the_opinion_that_is_used() -> None:
    """Without a gain the model is not asked at all where the tagger knows the language."""
    used = run.opinion_of(verdict.Choice("worth", "", 0.5, "reader", ()))
    assert (used.margin, used.weight, used.rule, used.calibrated) == (0.5, 0.3, "reader", True)
    left = run.opinion_of(verdict.Choice("unfit", "", None, "ask", ()))
    assert (left.weight, left.rule) == (0.0, "ask")


def test_smollm2_is_measured_through_the_real_child() -> None:
    """Every word is counted, and memory and device are those of its process."""
    info = catalog.describe(str(smollm2()))
    seen: list[int] = []
    found = measure(Way("ask", info), [sample()], on_words=seen.append)
    (row,) = run.rows_of([found])
    assert (row.words, row.refused_parts) == (len(TEXT.split()), 0)
    assert row.words_per_s > 0
    assert row.paragraphs_f1 is None
    assert (found.memory_bytes or 0) > 100 << 20
    assert found.device_path
    assert sum(seen) == row.words


def test_a_random_model_is_called_unfit_and_what_was_measured_is_kept(
    model_folders: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command as a user calls it; other weights under this name know nothing of it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(model_folders["qwen3"], "random")
    monkeypatch.setattr(sys, "argv", ["llasa-cli", "calibrate", "random", "--words", "50"])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    out = capsys.readouterr().out.splitlines()
    assert out[-1].startswith("random is unfit for this work")
    assert any(line.startswith("en embedded") for line in out)
    data = json.loads((tmp_path / "var" / "models" / "random.llasa.json").read_text())
    assert data["verdict"] == "unfit"
    opinions = {"opinion 0.5", "opinion 1", "opinion 2"}
    assert {row["way"] for row in data["table"]} == {"embedded", "reader", "ask"} | opinions
    info = catalog.describe("random", base=tmp_path)
    assert info.languages == catalog.describe(catalog.EMBEDDED).languages
    assert info.opinion is not None
    assert (info.opinion.weight, info.opinion.calibrated) == (0.0, True)
    assert info.second_opinion is not None
    assert "+en" in info.second_opinion
    assert facts.read(catalog.describe("random", base=tmp_path, use_measured=False)).languages == ()
    advice = calibrations.advice(tmp_path, info)
    assert advice is not None
    assert "unfit" in advice[0]
    by_path = catalog.describe(str(tmp_path / "random"), base=tmp_path)
    assert calibrations.read(tmp_path, by_path) is not None
    weights = tmp_path / "random" / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(bytes(changed))
    again = calibrations.advice(tmp_path, catalog.describe("random", base=tmp_path))
    assert again is not None
    assert "never measured" in again[0]
    assert "llasa-cli calibrate random" in again[1]


def test_the_embedded_model_is_not_compared_with_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is what others are compared with, and nobody is advised to measure it."""
    monkeypatch.setattr(sys, "argv", ["llasa-cli", "calibrate", catalog.EMBEDDED])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3
    assert "Name another model" in capsys.readouterr().err
    assert calibrations.advice(Path.cwd(), catalog.describe(catalog.EMBEDDED)) is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": "other/1"}', '{"verdict": 3}'])
def test_a_file_that_is_no_calibration_counts_as_none(
    tmp_path: Path, model_folders: dict[str, Path], text: str
) -> None:
    """A user may have edited it."""
    info = catalog.describe(str(model_folders["qwen3"]))
    path = opinions.path_of(tmp_path, info.name)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert calibrations.read(tmp_path, info) is None


def test_a_speed_is_a_number_as_people_write_it() -> None:
    """Three digits, and no power of ten."""
    assert [verdict.shown_speed(n) for n in (0.1234, 45.26, 1379.6)] == ["0.123", "45.3", "1,380"]
