"""Installing, starting and stopping the daemon from llasactl, with a manager that remembers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from daemon import parking
from daemon.control import service
from daemon.home import Home, find_home, recorded_home_file
from daemon.lock import HomeLock
from launchd import agent
from launchd.agent import AgentSpec, ServiceState, Step
from launchd.errors import NotInstalled, TemporaryProgram, UnsupportedPlatform
from state.queue import Queue
from state.service import ServiceRow
from tests.daemon.conftest import Ask


@dataclass
class RememberingManager:
    """A service manager whose daemon is the lock that a real one would hold."""

    lock: HomeLock
    starts: bool = True  # whether what it starts really runs
    installed: AgentSpec | None = None
    running: bool = False
    asked: list[str] = field(default_factory=list)

    def install(self, spec: AgentSpec, *, dry_run: bool = False) -> tuple[Step, ...]:
        if not dry_run:
            self.asked.append("install")
            self.installed = spec
            self._run()
        return (Step("write", "/the/file"), Step("note", "A word of warning."))

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
        if not self.running:
            return ()
        self.running = False
        self.lock.release()
        return (Step("run", "manager stop"),)

    def restart(self) -> tuple[Step, ...]:
        self.stop()
        return self.start()

    def state(self) -> ServiceState:
        return ServiceState(self.installed is not None, self.running, None, "")

    def _run(self) -> None:
        if self.starts and not self.running:
            self.running = True
            self.lock.acquire()


@pytest.fixture
def manager(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RememberingManager]:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(service, "PATIENCE_S", 0.2)
    monkeypatch.setattr(service, "START_PATIENCE_S", 0.2)
    found = RememberingManager(HomeLock(home.lock))
    for module in (service, agent):
        monkeypatch.setattr(module, "manager", lambda: found)
    yield found
    found.lock.release()


def test_install_starts_the_daemon_and_records_the_home(
    ask: Ask, home: Home, manager: RememberingManager
) -> None:
    """It says what was done, that it runs, and how to undo it."""
    answer = ask("install")
    assert answer.code == 0
    assert "done: write /the/file" in answer.out
    assert "note: A word of warning." in answer.out
    assert f"Running (pid {os.getpid()})" in answer.out
    assert "llasactl uninstall" in answer.out
    assert find_home(None, environment={}, record=recorded_home_file()) == Home(
        home.path, "install"
    )


def test_the_service_is_told_home_and_how_to_behave(
    ask: Ask, home: Home, manager: RememberingManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By absolute paths, and with the places of models that the terminal knows."""
    monkeypatch.setenv("HF_HOME", "/models")
    ask("install")
    assert manager.installed is not None
    program, *rest = manager.installed.program_arguments
    assert os.path.isabs(program)
    assert rest[-4:] == ["--service", "--quiet", "--home", str(home.path)]
    assert manager.installed.environment["HF_HOME"] == "/models"


@pytest.mark.parametrize(
    ("platform", "folder"), [("linux", "home/var/log"), ("darwin", "Library/Logs/llasa")]
)
def test_what_is_said_before_our_log_is_open_needs_no_other_disk(
    ask: Ask,
    home: Home,
    manager: RememberingManager,
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    folder: str,
) -> None:
    """launchd starts nothing whose error log it cannot open, and a home's disk may be away."""
    monkeypatch.setattr("sys.platform", platform)
    ask("install")
    assert manager.installed is not None
    assert manager.installed.log_dir in (Path.home() / folder, home.logs)
    assert manager.installed.log_dir.is_relative_to(home.path) is (platform == "linux")


def test_a_dry_run_changes_nothing(ask: Ask, manager: RememberingManager, tmp_path: Path) -> None:
    """Not even the home is made."""
    answer = ask("install", "--dry-run", at=tmp_path / "new")
    assert answer.code == 0
    assert "would write /the/file" in answer.out
    assert "done" not in answer.out
    assert manager.asked == []
    assert not (tmp_path / "new").exists()
    assert not recorded_home_file().exists()


def test_installing_twice_is_fine(ask: Ask, manager: RememberingManager) -> None:
    """What runs goes on."""
    assert ask("install").code == 0
    assert ask("install").code == 0


def test_a_mistake_in_the_settings_is_told_before_anything_is_installed(
    ask: Ask, home: Home, manager: RememberingManager
) -> None:
    """Not five failed starts later."""
    home.settings.write_text("settle = 1\n")
    answer = ask("install")
    assert answer.code == 3
    assert "did you mean `settle_s`" in answer.err
    assert manager.asked == []


def test_a_refusal_of_the_manager_is_told_with_what_to_do(
    ask: Ask, manager: RememberingManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing has been made."""

    def refuse(spec: AgentSpec, *, dry_run: bool = False) -> tuple[Step, ...]:
        raise TemporaryProgram("it would be gone")

    monkeypatch.setattr(manager, "install", refuse)
    answer = ask("install", at=tmp_path / "new")
    assert answer.code == 3
    assert "uv tool install" in answer.err
    assert not (tmp_path / "new").exists()


def test_install_beside_a_daemon_of_a_terminal_is_refused(
    ask: Ask, manager: RememberingManager
) -> None:
    """Two cannot have one home; the first is named with the way to end it."""
    manager.lock.acquire()
    answer = ask("install")
    assert answer.code == 3
    assert f"pid {os.getpid()}" in answer.err
    assert "llasactl stop" in answer.err


def test_uninstall_leaves_the_home_alone(ask: Ask, home: Home, manager: RememberingManager) -> None:
    """The record goes, the files stay, and a second time there is nothing to do."""
    (home.transcripts / "talk.json").write_text("{}")
    ask("install")
    shown = ask("uninstall", "--dry-run")
    assert "would remove /the/file" in shown.out
    assert manager.installed is not None
    answer = ask("uninstall")
    assert answer.code == 0
    assert manager.installed is None
    assert not recorded_home_file().exists()
    assert (home.transcripts / "talk.json").exists()
    assert f"llasactl install --home {home.path}" in answer.out
    assert ask("uninstall").out == "Nothing is installed.\n"


def test_start_stop_and_restart_say_what_came_of_it(
    ask: Ask, home: Home, manager: RememberingManager
) -> None:
    """Running is what holds the home, stopped what no longer does."""
    assert "llasactl install" in ask("start").err
    ask("install")
    assert ask("stop").out.endswith("Stopped.\n")
    assert ask("stop").out == f"No daemon runs on {home.path}.\n"
    assert "Running" in ask("start").out


def test_stop_ends_a_daemon_of_a_terminal_too(
    ask: Ask, manager: RememberingManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the signal that a Ctrl-C would be."""
    sent: list[tuple[int, int]] = []

    def end(pid: int, number: int) -> None:
        sent.append((pid, number))
        manager.lock.release()

    monkeypatch.setattr(os, "kill", end)
    manager.lock.acquire()
    assert ask("stop").code == 0
    assert sent == [(os.getpid(), signal.SIGTERM)]


def test_a_daemon_that_does_not_come_up_is_an_error_with_its_reason(
    ask: Ask, home: Home, manager: RememberingManager
) -> None:
    """Whatever the service manager says."""
    ask("install")
    ask("stop")
    manager.starts = False
    answer = ask("start")
    assert answer.code == 3
    assert "not begun to work" in answer.err
    assert f"llasad --home {home.path}" in answer.err


def test_a_parked_service_is_shown_and_start_clears_it(
    ask: Ask, home: Home, manager: RememberingManager
) -> None:
    """With the reason, in the screen and for programs."""
    ask("install")
    ask("stop")
    for _ in range(parking.LIMIT):
        starts = parking.Starts(home.path)
        starts.count_start()
        starts.record_failure("The \x1b[31mdisk is away.")
    report, screen = ask("status", "--json").json, ask("status").out
    assert set(report["parked"]) == {"failed_starts", "reason", "since"}
    assert report["parked"]["failed_starts"] == parking.LIMIT
    assert "parked after 5 failed starts" in screen
    assert "\\x1b[31mdisk is away." in screen
    assert "llasactl start" in screen
    assert "Forgotten" in ask("start").out
    assert ask("status", "--json").json["parked"] is None


def test_a_daemon_of_a_terminal_is_not_restarted(ask: Ask, manager: RememberingManager) -> None:
    """It is named, with the way to do it."""
    manager.lock.acquire()
    for command in ("start", "restart"):
        answer = ask(command)
        assert answer.code == 3
        assert f"(pid {os.getpid()}) was started in a terminal" in answer.err
        assert "llasactl stop" in answer.err


def test_settings_newer_than_the_daemon_are_told(
    ask: Ask, home: Home, manager: RememberingManager, queue: Queue
) -> None:
    """So that nobody wonders why a mended line changes nothing."""
    home.settings.write_text("settle_s = 1\n")
    ask("install")
    row = ServiceRow(queue.database)
    for started, changed in ((home.settings.stat().st_mtime + 5, False), (5.0, True)):
        row.update(started_at=started)
        assert ask("status", "--json").json["settings_changed"] is changed
        shown = " ".join(ask("status").out.split())
        assert ("reads them anew with: llasactl restart" in shown) is changed


@pytest.mark.parametrize("elsewhere", ["absent", "stopped", "other"])
def test_settings_of_a_daemon_of_a_terminal_are_read_by_starting_it_again(
    ask: Ask,
    home: Home,
    manager: RememberingManager,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: str,
) -> None:
    """`restart` would be refused, or would start another one: it is not advised."""
    home.settings.write_text("settle_s = 1\n")
    manager.lock.acquire()
    ServiceRow(queue.database).update(started_at=5.0)
    state = ServiceState(elsewhere != "absent", elsewhere == "other", os.getpid() + 1, "")
    monkeypatch.setattr(manager, "state", lambda: state)
    shown = " ".join(ask("status").out.split())
    assert "end it in its terminal, or with llasactl stop, and start it again" in shown
    assert "llasactl restart" not in shown


def test_where_no_manager_can_be_asked_status_is_shown_all_the_same(
    ask: Ask,
    home: Home,
    manager: RememberingManager,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A container has none, and a daemon in its terminal."""

    def refuse() -> ServiceState:
        raise UnsupportedPlatform

    home.settings.write_text("settle_s = 1\n")
    manager.lock.acquire()
    ServiceRow(queue.database).update(started_at=5.0)
    monkeypatch.setattr(manager, "state", refuse)
    answer = ask("status")
    assert answer.code == 0
    assert "and start it again" in " ".join(answer.out.split())
