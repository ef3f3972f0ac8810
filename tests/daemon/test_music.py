"""Music in a home: the settings, the tools of a chat, and the service's own process."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daemon import config
from daemon.errors import ConfigError
from daemon.home import Home
from daemon.operations import music
from daemon.operations.errors import NothingToShow
from daemon.operations.session import Session
from engine.music import client, measure
from engine.music.errors import MusicUnavailable
from engine.music.settings import MusicSettings, WrongSetting, own_folder, with_environment
from tests.engine.music import running, sounds


def parsed(text: str, folder: Path) -> MusicSettings:
    """Return the settings of a llasa.toml."""
    return config.parse(text, Home(folder, "--home")).music


def test_the_section_sets_what_it_names(tmp_path: Path) -> None:
    """The rest stays as it is."""
    made = parsed('[music]\nbackend = "llama-server"\nwindow_s = 60\n', tmp_path)
    assert made == MusicSettings(backend="llama-server", window_s=60)


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ('policy = "guess"', '"truncate", "window", "refuse"'),
        ("window_s = true", "a number from 5 to 3600"),
        ('modell = "x"', "is unknown"),
        ('server = "http://example.org:80"', "an address of this machine"),
    ],
)
def test_a_mistake_in_the_section_names_what_is_allowed(
    line: str, allowed: str, tmp_path: Path
) -> None:
    """As everywhere in llasa.toml."""
    with pytest.raises(ConfigError, match=allowed):
        parsed(f"[music]\n{line}\n", tmp_path)


def test_the_environment_goes_before_the_file() -> None:
    """Its values are checked as well."""
    made = with_environment(MusicSettings(), {"LLASA_MUSIC_PORT": "9000"})
    assert made.port == 9000
    with pytest.raises(WrongSetting, match="port = a number from 1 to 65535"):
        with_environment(MusicSettings(), {"LLASA_MUSIC_PORT": "none"})


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Return a home with a recording, for a user without a music service."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    folder = tmp_path / "home"
    watched = folder / "var" / "transcripts"
    watched.mkdir(parents=True)
    (folder / "llasa.toml").write_text("")
    sounds.write(watched / "song.wav", sounds.tone(440, 1.0))
    (folder / "secret.wav").write_bytes((watched / "song.wav").read_bytes())
    return Session(str(folder))


def ask(session: Session, name: str, **given: Any) -> dict[str, Any]:
    """Run a tool as a chat does."""
    tool = next(tool for tool in music.tools(session) if tool.name == name)
    made = tool.run(given)
    assert isinstance(made, dict)
    return made


def test_an_absent_service_is_an_absent_answer(session: Session) -> None:
    """The chat goes on, and its model can say what to do."""
    made = ask(session, "analyze_music", recording="song.wav")
    assert (made["available"], made["name"]) == (False, "service_missing")
    assert "llasa-music" in made["what_to_do"]


def test_a_recording_is_not_measured_without_librosa(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer says how to get it."""
    monkeypatch.setattr(measure, "interpreter_with", lambda *names, named=None: None)
    made = ask(session, "measure_audio", recording="song.wav")
    assert (made["available"], made["name"]) == (False, "measurer_missing")


@pytest.mark.parametrize("name", ["../../secret.wav", "none.wav", "/etc/hostname"])
def test_only_recordings_of_the_watched_folders_are_heard(session: Session, name: str) -> None:
    """A model names no other file of the machine."""
    for tool in ("measure_audio", "analyze_music"):
        with pytest.raises(NothingToShow):
            ask(session, tool, recording=name)


@pytest.fixture
def service(session: Session, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run `llasa-music` beside a light llama-server."""
    with running.light_service(tmp_path, port=18766) as process:
        yield process


def test_a_chat_asks_the_running_service(
    session: Session, service: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds it by itself; when the service ends, nothing of it is left."""
    made = ask(session, "analyze_music", recording="song.wav", question="which key?")
    assert made["available"], made
    assert made["text"] == "heard 1s asked which key? at 72 BPM"
    assert client.find().health()["uploads"] == 0
    service.send_signal(signal.SIGTERM)
    assert service.wait(30) == 0
    assert not (own_folder() / "music.json").exists()
    with pytest.raises(MusicUnavailable):
        client.find()
