"""llasa-cli whisper: recordings to transcripts and on to text, with a light Whisper tool."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.audio import backends
from tests import light_whisper
from tests.engine.test_cli import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a recording, on a machine whose only tool is the light one."""
    home = tmp_path / "user"
    light_whisper.install(
        tmp_path / "bin", home / ".cache" / "llasa" / "models", tmp_path / "plan.json"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(backends, "interpreter_with", lambda *names, named=None: None)
    place = tmp_path / "talks"
    place.mkdir()
    light_whisper.recording(place / "talk.wav", 20.0)
    return place


def names(folder: Path) -> list[str]:
    """Return what lies in a folder."""
    return sorted(os.listdir(folder))


def test_the_json_of_the_tool_is_put_beside_the_recording(folder: Path) -> None:
    """As the tool writes it; the tool and its model are named."""
    code, output = run("whisper", folder / "talk.wav", "--output-format", "json")
    assert code == 0, output
    assert names(folder) == ["talk.json", "talk.wav"]
    assert len(json.loads((folder / "talk.json").read_text())["transcription"]) == 2
    assert "Whisper tool: whisper.cpp with base" in output


def test_with_enhance_the_text_follows_at_once(folder: Path, tmp_path: Path) -> None:
    """In the folder that was named."""
    code, output = run("whisper", folder / "talk.wav", "--enhance", "--output-dir", tmp_path / "o")
    assert code == 0, output
    assert names(tmp_path / "o") == ["talk.enhanced.txt", "talk.json", "talk.metadata.json"]
    assert names(folder) == ["talk.wav"]
    assert "went down to the river" in (tmp_path / "o" / "talk.enhanced.txt").read_text()


def test_a_transcript_that_is_there_stays(folder: Path) -> None:
    """The new one gets a number."""
    (folder / "talk.json").write_text("mine")
    code, output = run("whisper", folder / "talk.wav")
    assert code == 0
    assert (folder / "talk.json").read_text() == "mine"
    assert "talk.1.json  (beside the existing file)" in output


def test_a_file_without_sound_does_not_stop_the_rest(folder: Path) -> None:
    """It is named, nothing is written for it, and the exit code is 1."""
    (folder / "a.mp3").write_bytes(b"")
    code, output = run("whisper", folder / "a.mp3", folder / "talk.wav")
    assert code == 1, output
    assert "a.mp3: The recording is empty." in output
    assert names(folder) == ["a.mp3", "talk.json", "talk.wav"]


def test_a_tool_that_fails_leaves_nothing_half_written(folder: Path, tmp_path: Path) -> None:
    """Its own last words are shown, and the exit code says that the machine is the problem."""
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(json.loads(plan.read_text()) | {"fail": 1}))
    code, output = run("whisper", folder / "talk.wav")
    assert code == 3
    assert "error: failed to process audio" in output
    assert names(folder) == ["talk.wav"]


def test_speakers_that_cannot_be_found_cost_no_transcript(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing is named with the way to get it."""
    from engine.diarize import backends as diarizers

    monkeypatch.setattr(diarizers, "interpreter_with", lambda *names, named=None: None)
    code, output = run("whisper", folder / "talk.wav", "--diarize", "--speakers", "2")
    assert code == 0
    assert "speakers were not found" in output
    assert "llasa[diarize]" in output
    assert names(folder) == ["talk.json", "talk.wav"]


def test_a_number_of_speakers_needs_the_search(folder: Path) -> None:
    """Before anything is done."""
    assert run("whisper", folder / "talk.wav", "--speakers", "2")[0] == 2
    assert names(folder) == ["talk.wav"]


def test_without_a_tool_it_says_how_to_get_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that were looked for are named."""
    monkeypatch.setenv("PATH", "/nowhere")
    code, output = run("whisper", folder / "talk.wav")
    assert code == 3
    assert "No Whisper tool can be used" in output
    assert "Install one: " in output
