"""llasa-cli: one file or a few, once, with the real embedded model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.cli.main import llasa_cli

SAID = "so i went up to see the garden yesterday and it was all under water but we had a good day"


@pytest.fixture
def transcript(tmp_path: Path) -> Path:
    """Return a small openai-whisper file without punctuation."""
    words = SAID.split()
    segments = [
        {
            "id": n,
            "start": n * 3.0,
            "end": n * 3.0 + 2.5,
            "text": " " + " ".join(words[n * 7 :][:7]),
        }
        for n in range(3)
    ]
    path = tmp_path / "talk.json"
    path.write_text(json.dumps({"text": SAID, "segments": segments, "language": "en"}))
    return path


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(llasa_cli, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def spoken(text: str) -> list[str]:
    return [word.strip(".,?!:;").casefold() for word in text.split()]


def test_one_file_gets_text_and_metadata_beside_it(transcript: Path) -> None:
    """The option `--enhance-transcript` and the command do the same."""
    code, output = run("--enhance-transcript", transcript)
    text = transcript.with_name("talk.enhanced.txt")
    assert code == 0
    assert str(text) in output
    assert spoken(text.read_text()) == SAID.split()
    assert json.loads(transcript.with_name("talk.metadata.json").read_text())["schema"]
    assert run("enhance", transcript)[0] == 0


def test_nothing_is_described_where_nothing_can_be_said(tmp_path: Path) -> None:
    """An empty file would look like a success; programs get what there is."""
    short = tmp_path / "short.txt"
    short.write_text("Hello.")
    target = tmp_path / "out.txt"
    code, output = run("describe", short, "--output", target)
    assert code == 1
    assert "too little" in output
    assert not target.exists()
    code, output = run("describe", short, "--json")
    assert code == 0
    assert json.loads(output)["summary"] is None


def test_output_names_one_text_file(transcript: Path, tmp_path: Path) -> None:
    """Only the text is written, to the path that was given."""
    target = tmp_path / "out.txt"
    assert run("enhance", transcript, "--output", target)[0] == 0
    assert spoken(target.read_text()) == SAID.split()
    assert not transcript.with_name("talk.enhanced.txt").exists()


def test_a_batch_continues_after_a_file_that_is_no_transcript(
    transcript: Path, tmp_path: Path
) -> None:
    """The bad file is named, the good one is done, and the exit code is 1."""
    other = tmp_path / "other.json"
    other.write_text('{"shopping": ["milk"]}')
    code, output = run("batch", other, transcript)
    assert code == 1
    assert "other.json" in output
    assert transcript.with_name("talk.enhanced.txt").exists()


def test_a_model_that_is_not_there_is_named_with_what_to_do(transcript: Path) -> None:
    """The exit code is 3, because every other file would meet the same error."""
    code, output = run("enhance", transcript, "--model", "someone/unknown-model")
    assert code == 3
    assert "model pull someone/unknown-model" in output


def test_a_terminal_gets_no_control_characters_from_a_name(tmp_path: Path) -> None:
    """An escape in a file name is shown, not obeyed."""
    evil = tmp_path / "a\x1b]0;x\x07.json"
    evil.write_text("{")
    code, output = run("enhance", evil)
    assert code == 1
    assert "\x1b" not in output
    assert "\x07" not in output


def test_missing_folders_of_an_output_are_made(transcript: Path, tmp_path: Path) -> None:
    """For one text, and for all outputs of a batch."""
    text = tmp_path / "new" / "folder" / "talk.txt"
    assert run("enhance", transcript, "--output", text)[0] == 0
    assert spoken(text.read_text()) == SAID.split()
    into = tmp_path / "all" / "of" / "them"
    code, _ = run("--batch-enhance", transcript, transcript, "--output-dir", into)
    assert code == 0
    assert [path.name for path in sorted(into.iterdir())] == [
        "talk.enhanced.txt",
        "talk.metadata.json",
    ]
    assert not transcript.with_name("talk.enhanced.txt").exists()


def test_standard_input_is_a_transcript_too(transcript: Path) -> None:
    """The text goes to standard output, so that it can stand in a pipe."""
    done = CliRunner().invoke(llasa_cli, ["enhance", "-"], input=transcript.read_bytes())
    assert done.exit_code == 0
    assert spoken(done.stdout) == SAID.split()


def test_the_embedded_model_is_not_asked_to_write() -> None:
    """It only punctuates; the message says which models can write."""
    code, output = run("prompt", "hello", "--model", "punct")
    assert code == 3
    assert "--model" in output


def test_a_chat_model_answers(model_folders: dict[str, Path]) -> None:
    """Whatever a random model writes is printed, and the command succeeds."""
    code, output = run("prompt", "hello", "--model", model_folders["qwen3"], "--max-tokens", 5)
    assert code == 0
    assert output.strip()


def test_bench_measures_both_ways(model_folders: dict[str, Path]) -> None:
    """It decodes the same text twice and counts the tokens per pass."""
    code, output = run("bench", "--parts", 1, "--model", model_folders["qwen3"])
    assert code == 0
    assert "the same text" in output
    assert "drafted" in output


def test_bench_measures_a_tagger_in_its_one_way() -> None:
    """There is nothing to draft."""
    code, output = run("bench", "--parts", 1)
    assert code == 0
    assert "one pass" in output
    assert "drafted" not in output


@pytest.mark.parametrize("command", [[], ["enhance"], ["batch"], ["bench"], ["prompt"], ["chat"]])
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    """A new user starts there."""
    code, output = run(*command, "--help")
    assert code == 0
    assert "Example: llasa-cli" in output


def test_speakers_get_the_names_beside_the_file(tmp_path: Path) -> None:
    """The names file counts as with the daemon; an uncovered language needs no model."""
    said = "Und dann gingen wir hinunter zum Fluss, weil das Wasser warm war und es uns gefiel."
    path = tmp_path / "talk.json"
    path.write_text(json.dumps([{"start": 0, "end": 5, "text": said, "speaker": "SPEAKER_00"}]))
    (tmp_path / "talk.speakers.toml").write_text('SPEAKER_00 = "Ada"\n')
    done = CliRunner().invoke(llasa_cli, ["--enhance-transcript", str(path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "talk.enhanced.txt").read_text().startswith("Ada: Und dann")


def test_one_file_is_reported_as_json(transcript: Path, tmp_path: Path) -> None:
    """Its status, its words and where its outputs are; an error is one too, with the same code."""
    code, report = as_json("enhance", transcript, "--json")
    (found,) = report
    assert code == 0
    assert (found["file"], found["status"], found["reason"]) == (str(transcript), "done", None)
    assert (found["words"], found["language"]) == (len(SAID.split()), "en")
    assert [Path(output["path"]).name for output in found["outputs"]] == [
        "talk.enhanced.txt",
        "talk.metadata.json",
    ]
    assert found["text"] is None
    bad = tmp_path / "bad.json"
    bad.write_text('{"shopping": ["milk"]}')
    code, (failed,) = as_json("enhance", bad, "--json")
    assert code == 1
    assert (failed["status"], failed["reason"]) == ("failed", "not_a_transcript")
    assert failed["message"]
    assert failed["hint"]


def test_json_holds_the_text_of_standard_input(transcript: Path) -> None:
    """No file is written, so the text has no other place."""
    done = CliRunner().invoke(llasa_cli, ["enhance", "-", "--json"], input=transcript.read_bytes())
    found = json.loads(done.stdout)
    assert (found["file"], found["outputs"]) == ("-", [])
    assert spoken(found["text"]) == SAID.split()


def test_a_batch_is_a_line_of_json_for_each_file_and_a_summary(
    transcript: Path, tmp_path: Path
) -> None:
    """Remarks and errors stay on standard error."""
    other, ours = tmp_path / "other.json", tmp_path / "old.metadata.json"
    other.write_text('{"shopping": ["milk"]}')
    ours.write_text("{}")
    code, reports = as_json("batch", other, ours, transcript, "--json")
    *files, last = reports
    assert code == 1
    assert [report["status"] for report in files] == ["failed", "skipped", "done"]
    counts = {"files": 3, "done": 1, "partial": 0, "skipped": 1, "failed": 1, "not_tried": 0}
    assert last == {"summary": {**counts, "stopped_by": None}}


def test_a_batch_says_in_json_what_it_did_not_try(transcript: Path) -> None:
    """A model that is not there ends it at once."""
    code, reports = as_json("batch", transcript, "--model", "someone/unknown-model", "--json")
    (summary,) = (report["summary"] for report in reports)
    assert code == 3
    assert (summary["not_tried"], summary["stopped_by"]["reason"]) == (1, "model_missing")


def as_json(*arguments: object) -> tuple[int, list[Any]]:
    """Return the exit code and what was printed: one value, or one on each line."""
    done = CliRunner().invoke(llasa_cli, [str(argument) for argument in arguments])
    try:
        return done.exit_code, [json.loads(done.stdout)]
    except json.JSONDecodeError:
        return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]
