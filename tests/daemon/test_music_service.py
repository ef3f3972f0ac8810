"""llasa-music is installed beside the daemon, here through a fake service manager."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from daemon.doctor import music as examination
from daemon.home import Home, recorded_home_file
from daemon.operations import music_service, service
from daemon.operations.session import Session
from engine.music import licence
from engine.music.settings import ADDRESS_FILE, own_folder, running
from launchd import agent
from launchd.agent import LABEL, MUSIC_LABEL, AgentSpec, ServiceState, Step
from launchd.errors import NotInstalled
from tests.daemon.conftest import Ask

SETTINGS = '[music]\nbackend = "llama-server"\n'


@dataclass
class FakeManager:
    """A service manager whose music service is only the file that a real one would write."""

    starts: bool = True
    installed: AgentSpec | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def place(self) -> Path:
        return own_folder() / ADDRESS_FILE

    def install(self, spec: AgentSpec, *, dry_run: bool = False) -> tuple[Step, ...]:
        if not dry_run:
            self.asked.append("install")
            self.installed = spec
            self._run()
        return (Step("write", "/the/file"),)

    def uninstall(self, *, dry_run: bool = False) -> tuple[Step, ...]:
        if self.installed is None:
            return ()
        if not dry_run:
            self.stop()
            self.installed = None
        return (Step("remove", "/the/file"),)

    def start(self) -> tuple[Step, ...]:
        if self.installed is None:
            raise NotInstalled
        self._run()
        return (Step("run", "manager start"),)

    def stop(self) -> tuple[Step, ...]:
        if not self.place.exists():
            return ()
        self.place.unlink()
        return (Step("run", "manager stop"),)

    def restart(self) -> tuple[Step, ...]:
        return (*self.stop(), *self.start())

    def state(self) -> ServiceState:
        up = self.installed is not None and self.place.exists()
        return ServiceState(self.installed is not None, up, None, "loaded, not running")

    def _run(self) -> None:
        if self.starts:
            self.place.parent.mkdir(parents=True, exist_ok=True)
            # Each start is another process, as a real one would be.
            pid = os.getppid() if self.asked.count("run") % 2 else os.getpid()
            self.asked.append("run")
            self.place.write_text(json.dumps({"address": "", "token": "", "pid": pid}))


@pytest.fixture
def manager(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeManager:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(service, "START_PATIENCE_S", 0.2)
    monkeypatch.setattr(music_service, "missing_packages", tuple)
    found, daemon = FakeManager(), FakeManager()
    monkeypatch.setattr(
        agent, "manager", lambda *, label=LABEL: found if label == MUSIC_LABEL else daemon
    )
    monkeypatch.setattr(service, "manager", lambda: daemon)
    home.settings.write_text(SETTINGS)
    licence.accept("llama-server", own_folder())
    return found


def test_install_starts_the_service_with_the_home_and_without_its_token(
    ask: Ask, home: Home, manager: FakeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of an agent may be read by others; variables that set it are passed on."""
    monkeypatch.setenv("LLASA_MUSIC_PORT", "9000")
    monkeypatch.setenv("LLASA_MUSIC_TOKEN", "secret")
    answer = ask("install", "--music")
    assert answer.code == 0, answer.err
    assert "Undo it with: llasactl uninstall --music" in answer.out
    spec = manager.installed
    assert spec is not None
    assert spec.label == MUSIC_LABEL
    assert spec.program_arguments[-3:] == ("--service", "--home", str(home.path))
    assert spec.environment["LLASA_MUSIC_PORT"] == "9000"
    assert "secret" not in str(spec)
    assert spec.error_log == "llasa-music.err.log"
    assert not recorded_home_file().exists()  # the daemon's alone


def test_a_dry_run_installs_nothing(ask: Ask, manager: FakeManager) -> None:
    """It prints what would be done."""
    assert "would write /the/file" in ask("install", "--music", "--dry-run").out
    assert manager.installed is None


@pytest.mark.parametrize("what", ["licence", "package", "model"])
def test_what_would_end_it_at_each_start_is_refused_first(
    ask: Ask, home: Home, manager: FakeManager, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """With what to do; nothing is made."""
    if what == "licence":
        (own_folder() / "music-licences.json").unlink()
    elif what == "package":
        monkeypatch.setattr(music_service, "missing_packages", lambda: ("uvicorn",))
    else:
        home.settings.write_text('[music]\nmodel = "/nowhere"\n')
    answer = ask("install", "--music")
    assert answer.code != 0
    expected = {"licence": "noncommercial", "package": "llasa[music]", "model": "hf download"}
    assert expected[what] in answer.err
    assert manager.asked == []


def test_a_service_of_a_terminal_is_not_doubled(ask: Ask, manager: FakeManager) -> None:
    """The port is taken."""
    manager._run()
    assert "started by hand" in ask("install", "--music").err
    assert manager.installed is None


def test_a_service_that_does_not_come_up_is_an_error(ask: Ask, manager: FakeManager) -> None:
    """With where its messages are."""
    manager.starts = False
    answer = ask("install", "--music")
    assert answer.code != 0
    assert "did not start" in answer.err
    assert "llasa-music" in answer.err


def test_start_stop_and_restart_leave_the_daemon_alone(ask: Ask, manager: FakeManager) -> None:
    """With --music they are the music service's."""
    ask("install", "--music")
    assert "Running (pid" in ask("restart", "--music").out
    assert "Stopped." in ask("stop", "--music").out
    assert running() is None
    assert "No music service" in ask("stop", "--music").out
    assert "Running (pid" in ask("start", "--music").out


def test_uninstall_ends_it_too_and_alone_with_music(ask: Ask, manager: FakeManager) -> None:
    """No agent is left behind when llasa goes."""
    ask("install", "--music")
    assert "would remove" in ask("uninstall", "--music", "--dry-run").out
    assert ask("uninstall", "--music").code == 0
    assert manager.installed is None
    ask("install", "--music")
    assert ask("uninstall").code == 0
    assert manager.installed is None


def test_the_doctor_says_how_the_service_is(home: Home, manager: FakeManager) -> None:
    """Not installed, installed and silent, wanted and absent; and its licence."""
    session = Session(str(home.path))
    found = [finding.text for finding in examination.music(session)]
    assert any("does not run; start it with `llasa-music`" in text for text in found)
    assert any("licence of llama-server is accepted" in text for text in found)
    manager.starts = False
    music_service.install(home)
    (finding,) = [f for f in examination.music(Session(str(home.path))) if f.state == "failure"]
    assert "installed and does not answer" in finding.text
    manager.uninstall()
    home.settings.write_text(f"describe_music = true\n{SETTINGS}")
    (own_folder() / "music-licences.json").unlink()
    found_bad = [
        (f.state, f.text) for f in examination.music(Session(str(home.path))) if f.state != "ok"
    ]
    assert [state for state, _ in found_bad] == ["failure", "warning"]
    assert "`describe_music` is set (default)" in found_bad[0][1]
    assert "noncommercial" in found_bad[1][1]


def test_the_doctor_knows_every_extra(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the project, and says which are not here."""
    import tomllib

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert set(examination.EXTRAS) == set(project["project"]["optional-dependencies"])
    monkeypatch.setattr(
        examination,
        "interpreter_with",
        lambda *names, named=None: None if "ray" in names else "python",
    )
    assert (
        "not installed: ray; to get one" in examination.extras(Session(str(home.path)).config).text
    )
