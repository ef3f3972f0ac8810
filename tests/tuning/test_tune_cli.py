"""`llasa-cli tune`, from texts to a line in llasa.toml, with a small model in a home of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli.context import CliContext
from engine.cli.main import llasa_cli
from engine.tuning.card import revision_of
from engine.tuning.store import Run
from tests.tuning.test_prepare import text


class InHome(CliContext):
    """A context with a home and no daemon."""

    def __init__(self, base: Path) -> None:
        super().__init__()
        self._base = base

    @property
    def base(self) -> Path | None:
        return self._base


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of eight texts and one that is too short."""
    made = tmp_path / "texts"
    made.mkdir()
    for n in range(8):
        (made / f"{n}.txt").write_text(text(n))
    (made / "short.txt").write_text("Too short.")
    return made


def call(base: Path, *words: object) -> Result:
    return CliRunner().invoke(llasa_cli, ["tune", *map(str, words)], obj=InHome(base))


def test_a_run_is_prepared_trained_measured_and_not_offered_if_it_is_no_better(
    base: Path, folder: Path
) -> None:
    """Training runs in a child; what was gathered is reported with the reasons.

    The card names the model that was taught, and not the folder in which it lies on this machine.
    """
    prepared = call(base, "prepare", "--text", folder, "--language", "en")
    assert prepared.exit_code == 0, prepared.output
    assert "1 because it has fewer than 30 words in sentences" in prepared.output
    models = base / "var" / "models"
    options = ("--model", models / "small", "--epochs", 12, "--layers", 1, "--rate", 0.01)
    trained = call(base, "train", *options)
    assert trained.exit_code == 0, trained.output
    assert "Next: llasa-cli tune evaluate house" in trained.output
    assert "trained, step" in call(base, "list").output
    early = call(base, "fuse")
    assert early.exit_code == 1
    assert "was not measured yet" in early.output
    measured = call(base, "evaluate", "--words", 50, "--json")
    assert measured.exit_code == 0, measured.output
    data = json.loads(measured.stdout)
    assert data["after"]["home"]["words_kept"] == 100.0
    run = Run.of(base, "house")
    for better, code in ((False, 1), (True, 0)):
        run.write_json("evaluation.json", {**data, "better": better})
        fused = call(base, "fuse", "--as", "mine")
        assert fused.exit_code == code, fused.output
    card = (models / "mine" / "MODEL_CARD.md").read_text()
    assert "8 texts without a transcript" in card
    assert "| marks |" in card
    assert "right marks kept, % | " in card
    assert str(base) not in card
    named = json.loads((models / "mine" / "llasa.json").read_text())
    assert (named["tuned"]["base"]["name"], "licence" in named) == ("small", False)
    embedded = {"name": "punct", "revision": "1"}
    run.write_json("training.json", {**run.read_json("training.json"), "base": embedded})
    assert call(base, "fuse", "--as", "mine").exit_code == 0
    assert json.loads((models / "mine" / "llasa.json").read_text())["licence"] == "CC-BY-SA-4.0"


def test_a_run_that_is_prepared_again_is_not_measured_by_what_it_learnt_from(
    base: Path, folder: Path
) -> None:
    """Its recordings of before may be among those that judge now."""
    call(base, "prepare", "--text", folder, "--language", "en")
    options = ("--model", "small", "--epochs", 1, "--layers", 1)
    assert call(base, "train", *options).exit_code == 0
    run = Run.of(base, "house")
    measured = {"revision": revision_of(run.model), "recordings": run.digest(), "better": True}
    run.write_json("evaluation.json", measured)
    assert call(base, "prepare", "--text", folder, "--language", "en").output.endswith("house\n")
    assert "prepared again" not in call(base, "list").output
    (folder / "more.txt").write_text(text(9))
    again = call(base, "prepare", "--text", folder, "--language", "en")
    assert again.output.endswith("tune train house --restart\n")
    assert "prepared again, not trained since" in call(base, "list").output
    for refused in (call(base, "evaluate", "--words", 50), call(base, "fuse")):
        assert refused.exit_code == 1
        assert "was prepared again after it was trained" in refused.output
    assert call(base, "train", *options, "--restart").exit_code == 0
    assert "prepared again" not in call(base, "list").output


def test_a_training_that_was_stopped_at_once_goes_on(base: Path, folder: Path) -> None:
    """It is not said that nothing can be learnt."""
    call(base, "prepare", "--text", folder, "--language", "en")
    run = Run.of(base, "house")
    run.write_json("training.json", {"step": 0, "ended": "", "recordings": run.digest()})
    early = call(base, "evaluate")
    assert early.exit_code == 1
    assert "llasa-cli tune train house" in early.output


@pytest.mark.parametrize("command", ["train", "evaluate", "fuse"])
def test_a_run_that_is_not_there_is_begun_by_its_name(base: Path, command: str) -> None:
    """A hint without it would make a run of another name."""
    assert "`llasa-cli tune prepare nope`" in call(base, command, "nope").output


@pytest.mark.parametrize("words", [("prepare", "punct"), ("fuse", "--as", "punct-en")])
def test_the_embedded_models_name_is_taken(base: Path, words: tuple[str, ...]) -> None:
    """A model of that name would be made and never used."""
    refused = call(base, *words)
    assert refused.exit_code == 1
    assert "is the embedded model" in refused.output


def test_a_language_is_a_code(base: Path, folder: Path) -> None:
    """What is none would be learnt as a language of its own."""
    refused = call(base, "prepare", "--text", folder, "--language", "klingon")
    assert refused.exit_code == 2
    assert "ISO 639-1" in refused.output


def test_a_tagger_is_not_used_to_answer(base: Path) -> None:
    """The line would make every prompt fail."""
    refused = call(base, "use", "small", "--chat")
    assert refused.exit_code != 0
    assert "cannot answer" in refused.output
    assert not (base / "llasa.toml").exists()


def test_every_command_finds_a_model_of_the_home_by_its_name(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is called, and in the processes that share a batch."""
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "talk.json"
    said = [{"start": 0, "end": 9, "text": " we went home and the beans were late"}]
    source.write_text(json.dumps({"language": "en", "segments": said}))

    def run(*words: object) -> Result:
        return CliRunner().invoke(llasa_cli, [*map(str, words)], obj=InHome(base))

    for words in (
        ("enhance", source),
        ("batch", source),
        ("batch", source, "--jobs", 1, "--output-dir", tmp_path / "out"),
        ("bench", "--parts", 1),
    ):
        done = run(*words, "--model", "small")
        assert done.exit_code == 0, done.output
    for folder in (tmp_path, tmp_path / "out"):
        written = json.loads((folder / "talk.metadata.json").read_text())
        assert written["model"]["name"] == "small"


def test_a_model_is_used_and_the_one_before_comes_back(base: Path) -> None:
    """One line of llasa.toml."""
    settings = base / "llasa.toml"
    settings.write_text('model = "punct"\n')
    used = call(base, "use", "small")
    assert used.exit_code == 0, used.output
    assert settings.read_text().splitlines()[-1] == 'model = "small"'
    assert call(base, "use", "--undo").exit_code == 0
    assert settings.read_text() == 'model = "punct"\n'
    missing = call(base, "use", "missing")
    assert missing.exit_code == 3
    assert "llasa-cli tune fuse missing" in missing.output
    nothing = call(base, "fuse", "missing")
    assert "There is no run missing." in nothing.output


def test_without_a_home_it_says_how_to_name_one() -> None:
    """What is learnt stays in a home."""
    done = CliRunner().invoke(llasa_cli, ["tune", "prepare"], obj=CliContext())
    assert done.exit_code == 1
    assert "--home" in done.output
