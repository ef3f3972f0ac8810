"""Which Whisper tool is taken with which model, and what is missing where none is."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from engine.audio import backends, models
from engine.audio.backends import Request, Setup, choose
from engine.audio.prepare import Sound
from engine.audio.transcribe import transcribe
from engine.errors import ToolFailed, TranscriberMissing
from tests import light_whisper


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of programs and home of a machine that has no tool at all."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(backends, "interpreter_with", lambda *names, named=None: None)
    (tmp_path / "bin").mkdir()
    return tmp_path


def program(folder: Path, name: str, help_text: str = "") -> None:
    """Put a program on the path that prints its help."""
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n/bin/echo '{help_text}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def mlx_model(folder: Path, name: str) -> Path:
    """Put a model of mlx-whisper into the Hugging Face cache."""
    place = folder / "hub" / f"models--{name.replace('/', '--')}" / "snapshots" / "abc"
    place.mkdir(parents=True)
    (place / "config.json").write_text(json.dumps({"n_audio_state": 512, "n_mels": 80}))
    (place / "weights.npz").write_bytes(b"x")
    return place


def test_without_any_tool_it_says_what_to_install(bare: Path) -> None:
    """Each tool that was looked for is named."""
    with pytest.raises(TranscriberMissing) as raised:
        choose(Setup())
    assert all(name in str(raised.value) for name in backends.BACKENDS)
    assert raised.value.hint.startswith("Install one: ")


def test_a_tool_without_a_model_says_how_to_get_one(bare: Path) -> None:
    """It is never downloaded by itself."""
    program(bare, "whisper-cli")
    with pytest.raises(TranscriberMissing) as raised:
        choose(Setup())
    assert "whisper.cpp is here, but no model of its kind" in str(raised.value)
    assert "ggml" in raised.value.hint


def test_the_best_model_that_is_here_is_taken(bare: Path) -> None:
    """The larger one before the smaller, one of all languages before one of English alone."""
    program(bare, "mlx_whisper")
    program(bare, "ffmpeg")
    for name in ("whisper-tiny", "whisper-large-v3-turbo", "whisper-large-v3-turbo.en"):
        mlx_model(bare, f"mlx-community/{name}")
    chosen = choose(Setup())
    assert chosen.backend.name == "mlx_whisper"
    assert chosen.model.name == "mlx-community/whisper-large-v3-turbo"
    tiny = choose(Setup(model="tiny"))
    assert tiny.model.name == "mlx-community/whisper-tiny"
    assert choose(Setup(model="mlx-community/whisper-tiny")).model == tiny.model


def test_a_model_of_another_kind_is_not_taken(bare: Path) -> None:
    """Each tool has models of its own."""
    program(bare, "whisper-cli")
    mlx_model(bare, "mlx-community/whisper-tiny")
    with pytest.raises(TranscriberMissing):
        choose(Setup(transcriber="whisper.cpp", model="tiny"))


def test_models_of_the_home_are_found(bare: Path) -> None:
    """In its var/models, by their names or by a relative path."""
    light_whisper.install(bare / "bin", bare / "models", bare / "plan.json")
    setup = Setup(model_folders=(bare / "models",))
    assert choose(setup).model == models.WhisperModel(
        "base", bare / "models" / "ggml-base.bin", "ggml"
    )
    assert choose(Setup(model="base", model_folders=(bare / "models",))).model.name == "base"
    with pytest.raises(TranscriberMissing, match="no model large"):
        choose(Setup(model="large", model_folders=(bare / "models",)))


@pytest.mark.parametrize(
    ("help_text", "words"),
    [
        ("--word-timestamps WORD_TIMESTAMPS", ["--word-timestamps", "True"]),
        ("--word-timestamps  Extract word-level timestamps", ["--word-timestamps"]),
    ],
)
def test_versions_of_mlx_whisper_are_asked_as_they_want(
    bare: Path, help_text: str, words: list[str]
) -> None:
    """One takes a value for the times of words, another one does not."""
    program(bare, "mlx_whisper", help_text)
    backends._takes_value.cache_clear()
    request = Request(bare / "sound.wav", 10.0, bare, bare / "model", "de")
    command = backends.MlxWhisper().command(str(bare / "bin" / "mlx_whisper"), request)
    place = command.index("--word-timestamps")
    assert command[place : place + len(words)] == words
    assert command[place + len(words) :] == ["--language", "de"]


def test_progress_is_read_from_what_the_tools_print(tmp_path: Path) -> None:
    """A share, or the end of the segment that is shown; other lines say nothing."""
    request = Request(tmp_path, 200.0, tmp_path, tmp_path, None)
    cpp, mlx = backends.WhisperCpp(), backends.MlxWhisper()
    assert cpp.seconds("whisper_print_progress_callback: progress =  25%", request) == 50.0
    assert mlx.seconds("[00:01.000 --> 01:02.500]  so it goes", request) == 62.5
    assert cpp.seconds("[01:00:00.000 --> 01:00:07.000]  so", request) == 3607.0
    assert mlx.seconds("Detected language: English", request) is None
    assert backends.FasterWhisper().seconds('{"done_s": 12.5}', request) == 12.5
    assert backends.FasterWhisper().seconds("{nonsense", request) is None


def test_a_tool_that_writes_nothing_has_failed(bare: Path) -> None:
    """Some end with 0 all the same."""
    program(bare, "whisper-cli")
    (bare / "models").mkdir()
    (bare / "models" / "ggml-base.bin").write_bytes(bytes(light_whisper.MODEL_BYTES))
    chosen = choose(Setup(model_folders=(bare / "models",)))
    sound = Sound(bare / "sound.wav", 1.0, "wav", None)
    with pytest.raises(ToolFailed, match="it wrote no transcript"):
        transcribe(sound, chosen, bare)


def test_a_transcript_is_what_the_tool_wrote(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte, and checked that it can be read."""
    light_whisper.install(bare / "bin", bare / "models", bare / "plan.json")
    monkeypatch.setenv("PATH", f"{bare / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    path = light_whisper.recording(bare / "sound.wav", 20.0)
    chosen = choose(Setup(model_folders=(bare / "models",)))
    heard: list[float] = []
    made = transcribe(
        Sound(path, 20.0, "wav", None),
        chosen,
        bare,
        progress=lambda done_s, total_s: heard.append(done_s),
    )
    assert made.words == 20
    assert made.data == (bare / "transcript.json").read_bytes()
    assert heard == [10.0]
