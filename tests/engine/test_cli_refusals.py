"""llasa-cli: what it refuses before the work, and which errors a batch continues after."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine import pipeline
from engine.cli import enhance as cli
from engine.cli.failure import failure, hint
from engine.cli.main import llasa_cli
from engine.errors import (
    ChildDied,
    EngineError,
    InvalidTranscript,
    ModelNotFound,
    OutputError,
    SpeakersError,
)

SAID = "Und dann gingen wir hinunter zum Fluss, weil das Wasser warm war und es uns gefiel."


@pytest.fixture
def german(tmp_path: Path) -> Path:
    """Return a transcript that needs no model, since the embedded one does not cover it."""
    return written(tmp_path / "talk.json")


def written(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([{"start": 0, "end": 5, "text": SAID, "speaker": "SPEAKER_00"}]))
    return path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(llasa_cli, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test if any work on a file begins."""

    def worked(*_: object, **__: object) -> None:
        raise AssertionError("it began to work")

    monkeypatch.setattr(pipeline, "prepare", worked)


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("way", ["same", "dotted", "hard link", "soft link"])
def test_the_transcript_is_never_its_own_output(german: Path, way: str) -> None:
    """By whatever name it is called."""
    before = german.read_bytes()
    output = {"same": german, "dotted": german.parent / "." / "talk.json"}.get(
        way, german.with_name("other.txt")
    )
    if way == "hard link":
        os.link(german, output)
    if way == "soft link":
        output.symlink_to(german)
    code, said = run("enhance", german, "--output", output)
    assert code == 2
    assert "the transcript itself" in said
    assert german.read_bytes() == before


@pytest.mark.usefixtures("idle")
def test_an_output_that_cannot_be_written_is_refused_before_the_work(german: Path) -> None:
    """A folder that cannot be made, or something else than a file at that name."""
    code, said = run("enhance", german, "--output", german / "folder" / "x.txt")
    assert code == 3
    assert "is not a folder" in said
    assert run("batch", german, "--output-dir", german / "folder")[0] == 3
    os.mkfifo(german.with_name("pipe"))
    code, said = run("enhance", german, "--output", german.with_name("pipe"))
    assert code == 3
    assert "not a regular file" in said


def test_an_output_of_the_user_stays(german: Path) -> None:
    """Ours gets a number, and its name is printed; the same text again takes the same name."""
    output = german.with_name("out.txt")
    output.write_text("mine")
    code, said = run("enhance", german, "--output", output)
    assert code == 0
    assert output.read_text() == "mine"
    assert "out.1.txt  (beside" in said
    text = german.with_name("out.1.txt").read_text()
    assert "Fluss" in text
    assert run("enhance", german, "--output", german.with_name("out.1.txt"))[0] == 0
    assert not german.with_name("out.1.1.txt").exists()


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize(
    "words",
    [
        ["--model", "X", "enhance", "FILE"],
        ["--output", "x.txt", "batch", "FILE"],
        ["--enhance-transcript", "FILE", "enhance", "FILE"],
        ["--chat", "enhance", "FILE"],
        ["--cleaning", "safe", "bench"],
        ["--output", "x.txt"],
        ["--model", "punct"],
    ],
)
def test_no_option_is_silently_ignored(german: Path, words: list[str]) -> None:
    """Before a command, or without a file, it would have no effect."""
    code, said = run(*(str(german) if word == "FILE" else word for word in words))
    assert code == 2
    assert "llasa-cli enhance FILE --model M" in said


@pytest.mark.usefixtures("idle")
@pytest.mark.parametrize("language", ["klingon", "EN", "e", "en-US", ""])
def test_a_language_is_a_code(german: Path, language: str) -> None:
    """As in llasa.toml; anything else would be a language that the model does not cover."""
    for command in (["enhance", german], ["batch", german], ["--enhance-transcript", german]):
        code, said = run(*command, "--language", language)
        assert code == 2
        assert "ISO 639-1" in said


def test_a_batch_continues_after_an_error_of_one_file(german: Path) -> None:
    """A mistake in its names, a file that is gone, one that is no transcript; a folder is none."""
    named = written(german.with_name("named.json"))
    german.with_name("named.speakers.toml").write_text("SPEAKER_00 = 4\n")
    folder = german.with_name("folder.json")
    folder.mkdir()
    other = german.with_name("other.json")
    other.write_text('{"shopping": ["milk"]}')
    code, said = run("batch", named, german.with_name("gone.json"), folder, other, german)
    assert code == 1
    for name in ("named.json", "gone.json", "other.json"):
        assert f"Error: {german.with_name(name)}: " in said
    assert "folder.json: " not in said
    assert "llasactl" not in said
    assert german.with_name("talk.enhanced.txt").exists()


@pytest.mark.parametrize(
    ("error", "done"),
    [
        (OutputError("cannot write"), 2),
        (OutputError("cannot write", reason="disk_full"), 1),
        (ModelNotFound(), 1),
    ],
)
def test_a_batch_stops_at_an_error_that_every_file_would_meet(
    german: Path, monkeypatch: pytest.MonkeyPatch, error: EngineError, done: int
) -> None:
    """A full disk is one; a folder that cannot be written is not."""
    tried: list[Path] = []

    def fail(source: Path, *_: object, **__: object) -> None:
        tried.append(source)
        raise error

    monkeypatch.setattr(cli, "enhance_file", fail)
    code, _ = run("batch", german, written(german.with_name("next.json")))
    assert code == 3
    assert len(tried) == done


def test_a_second_batch_skips_what_the_first_has_written(german: Path) -> None:
    """`*.json` finds the metadata, `*.txt` the text."""
    assert run("batch", german)[0] == 0
    before = sorted(german.parent.iterdir())
    german.with_name("talk.metadata.json").rename(german.with_name("renamed.json"))
    assert run("batch", german)[0] == 0
    code, said = run("batch", *sorted(german.parent.iterdir()))
    assert code == 0
    assert said.count("skipped") == 3
    assert sorted(german.parent.iterdir()) == sorted([*before, german.with_name("renamed.json")])


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InvalidTranscript(), "run this again"),
        (SpeakersError("x", path="p"), "run this again"),
        (ModelNotFound(), "model pull"),
        (InvalidTranscript(hint="Do that."), "Do that."),
    ],
)
def test_a_hint_needs_no_job_and_no_settings(error: EngineError, said: str) -> None:
    """`llasa-cli` has neither; an error's own hint goes first."""
    assert said in hint(error)
    assert "llasactl" not in hint(error).replace("llasactl model", "")
    assert "llasa.toml" not in hint(error)


@pytest.mark.parametrize(
    ("error", "code"),
    [(InvalidTranscript(), 1), (ChildDied(), 3), (ModelNotFound(), 3), (OutputError(), 3)],
)
def test_an_error_that_every_file_would_meet_has_its_own_code(
    error: EngineError, code: int
) -> None:
    """A transcript that cannot be read gives 1; a model that cannot work or be found gives 3."""
    assert failure(error).exit_code == code


def test_an_error_cannot_change_the_direction_of_the_terminal() -> None:
    """Direction overrides are shown as their code."""
    shown = failure(InvalidTranscript("x\u202etxt.exe\x1b"), about="a\u2066: ").message
    assert "\\u202e" in shown
    assert "\\x1b" in shown
    assert "\u2066" not in shown


def test_a_path_is_printed_harmlessly(german: Path) -> None:
    """A direction override in a name is shown as its code, as an escape is."""
    code, said = run("enhance", german.rename(german.with_name("a\u202etxt.json")))
    assert code == 0
    assert "\u202e" not in said
    assert "\\u202etxt.enhanced.txt" in said
