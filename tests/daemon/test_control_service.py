"""llasactl installs, starts and stops the daemon, here through a fake service manager."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from daemon import parking
from daemon.home import Home, find_home, recorded_home_file
from daemon.lock import HomeLock
from daemon.operations import service
from launchd import agent
from launchd.agent import LABEL, AgentSpec, ServiceState, Step
from launchd.errors import NotInstalled, TemporaryProgram, UnsupportedPlatform
from state.queue import Queue
from state.service import ServiceRow
from tests.daemon.conftest import Ask


@dataclass
class RememberingManager:
    """A service manager whose running daemon is only the lock that a real one would hold."""

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
    absent = RememberingManager(HomeLock(tmp_path / "unused.lock"))  # of the music service

    def manager_of(*, label: str = LABEL) -> RememberingManager:
        return found if label == LABEL else absent

    for module in (service, agent):
        monkeypatch.setattr(module, "manager", manager_of)
    yield found
    found.lock.release()


def test_install_starts_the_daemon_and_records_the_home(
    ask: Ask, home: Home, manager: RememberingManager
) -> None:
    """It prints what was done, that the daemon runs, and how to undo it."""
    answer = ask("install")
    assert answer.code == 0
    assert "done: write /the/file" in answer.out
    assert "note: A word of warning." in answer.out
    assert f"Running (pid {os.getpid()})" in answer.out
    assert "llasactl uninstall" in answer.out
    assert find_home(None, environment={}, record=recorded_home_file()) == Home(
        home.path, "install"
    )


def test_the_service_gets_the_home_and_its_options(
    ask: Ask, home: Home, manager: RememberingManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are absolute, and the terminal's folders of models are passed on."""
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
def test_messages_before_our_log_is_open_need_no_other_disk(
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
    """It does not even make the home."""
    answer = ask("install", "--dry-run", at=tmp_path / "new")
    assert answer.code == 0
    assert "would write /the/file" in answer.out
    assert "done" not in answer.out
    assert manager.asked == []
    assert not (tmp_path / "new").exists()
    assert not recorded_home_file().exists()


def test_installing_twice_is_fine(ask: Ask, manager: RememberingManager) -> None:
    """The second time is no error."""
    assert ask("install").code == 0
    assert ask("install").code == 0


def test_a_mistake_in_the_settings_is_reported_before_anything_is_installed(
    ask: Ask, home: Home, manager: RememberingManager
) -> None:
    """It is not found only after five failed starts."""
    home.settings.write_text("settle = 1\n")
    answer = ask("install")
    assert answer.code == 3
    assert "did you mean `settle_s`" in answer.err
    assert manager.asked == []


def test_a_refusal_of_the_manager_is_reported_with_what_to_do(
    ask: Ask, manager: RememberingManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has been made then."""

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
    """Two daemons cannot share a home; the message names the first and how to stop it."""
    manager.lock.acquire()
    answer = ask("install")
    assert answer.code == 3
    assert f"pid {os.getpid()}" in answer.err
    assert "llasactl stop" in answer.err


def test_uninstall_leaves_the_home_alone(ask: Ask, home: Home, manager: RememberingManager) -> None:
    """The record is removed, the files stay, and a second time there is nothing to do."""
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


def test_start_and_stop_report_the_result(
    ask: Ask, home: Home, manager: RememberingManager
) -> None:
    """A daemon runs while it holds the home's lock."""
    assert "llasactl install" in ask("start").err
    ask("install")
    assert ask("stop").out.endswith("Stopped.\n")
    assert ask("stop").out == f"No daemon runs on {home.path}.\n"
    assert "Running" in ask("start").out


def test_stop_ends_a_daemon_of_a_terminal_too(
    ask: Ask, manager: RememberingManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends SIGTERM, on which llasad ends cleanly."""
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
    """The service manager's own answer does not count."""
    ask("install")
    ask("stop")
    manager.starts = False
    answer = ask("start")
    assert answer.code == 3
    assert "did not start within" in answer.err
    assert f"llasad --home {home.path}" in answer.err


def test_a_parked_service_is_shown_and_start_clears_it(
    ask: Ask, home: Home, manager: RememberingManager
) -> None:
    """The screen and the JSON give the reason."""
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
    assert "failed starts are forgotten" in ask("start").out
    assert ask("status", "--json").json["parked"] is None


def test_a_daemon_of_a_terminal_is_not_restarted(ask: Ask, manager: RememberingManager) -> None:
    """The message names it and says what to do."""
    manager.lock.acquire()
    for command in ("start", "restart"):
        answer = ask(command)
        assert answer.code == 3
        assert f"(pid {os.getpid()}) was started in a terminal" in answer.err
        assert "llasactl stop" in answer.err


def test_settings_newer_than_the_daemon_are_reported(
    ask: Ask, home: Home, manager: RememberingManager, queue: Queue
) -> None:
    """Otherwise the user would not know why a corrected line changes nothing."""
    home.settings.write_text("settle_s = 1\n")
    ask("install")
    row = ServiceRow(queue.database)
    for started, changed in ((home.settings.stat().st_mtime + 5, False), (5.0, True)):
        row.update(started_at=started)
        assert ask("status", "--json").json["settings_changed"] is changed
        shown = " ".join(ask("status").out.split())
        assert ("to use them, run: llasactl restart" in shown) is changed


@pytest.mark.parametrize("elsewhere", ["absent", "stopped", "other"])
def test_settings_of_a_daemon_of_a_terminal_are_read_by_starting_it_again(
    ask: Ask,
    home: Home,
    manager: RememberingManager,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: str,
) -> None:
    """`restart` is not advised: it would be refused, or start another daemon."""
    home.settings.write_text("settle_s = 1\n")
    manager.lock.acquire()
    ServiceRow(queue.database).update(started_at=5.0)
    state = ServiceState(elsewhere != "absent", elsewhere == "other", os.getpid() + 1, "")
    monkeypatch.setattr(manager, "state", lambda: state)
    shown = " ".join(ask("status").out.split())
    assert "stop it in its terminal or with llasactl stop, and start it again" in shown
    assert "llasactl restart" not in shown


def test_status_works_without_a_service_manager(
    ask: Ask,
    home: Home,
    manager: RememberingManager,
    queue: Queue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A container has none, and its daemon runs in a terminal."""

    def refuse() -> ServiceState:
        raise UnsupportedPlatform

    home.settings.write_text("settle_s = 1\n")
    manager.lock.acquire()
    ServiceRow(queue.database).update(started_at=5.0)
    monkeypatch.setattr(manager, "state", refuse)
    answer = ask("status")
    assert answer.code == 0
    assert "and start it again" in " ".join(answer.out.split())
