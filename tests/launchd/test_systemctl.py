"""systemd's manager: the commands that it runs, their order, and what their answers mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from launchd import systemd as unit_text
from launchd.errors import CommandFailed, InvalidSpec, ManagerMissing, NoSession, NotInstalled
from launchd.host import Host
from launchd.records import ServiceState
from launchd.spec import AgentSpec
from launchd.systemctl import SystemdManager

UNIT = "llasad.service"


@pytest.fixture
def service(systemd, make_host: Callable[..., Host]) -> SystemdManager:
    """Return the manager on a fake systemd."""
    return SystemdManager(make_host(systemd))


@pytest.fixture
def installed(service: SystemdManager, spec: AgentSpec, systemd) -> SystemdManager:
    """Return the manager with our unit installed and running."""
    service.install(spec)
    systemd.calls.clear()
    return service


def _missing(argv: object) -> object:
    raise ManagerMissing("`systemctl` is not on this machine")


def test_install_writes_the_unit_and_starts_it(service, spec, systemd, tmp_path) -> None:
    """The documented commands run in the documented order, and a process runs."""
    service.install(spec)
    path = tmp_path / ".config/systemd/user" / UNIT
    assert path.read_text() == unit_text.build(spec)
    assert path.stat().st_mode & 0o777 == 0o644
    assert systemd.changes == [
        "systemctl --user daemon-reload",
        f"systemctl --user enable {UNIT}",
        f"systemctl --user reset-failed {UNIT}",
        f"systemctl --user restart {UNIT}",
    ]
    assert service.state() == ServiceState(True, True, 77, "running as process 77")


def test_installing_again_starts_and_never_restarts(installed, spec, systemd) -> None:
    """An unchanged running unit is left alone."""
    steps = installed.install(spec)
    assert f"systemctl --user start {UNIT}" in systemd.changes
    assert f"systemctl --user restart {UNIT}" not in systemd.changes
    assert "write" not in [step.action for step in steps]


def test_a_changed_spec_restarts_the_unit(installed, spec, systemd) -> None:
    """The new command line is used at once, not from the next login on."""
    installed.install(replace(spec, environment={"A": "1"}))
    assert systemd.changes[-1] == f"systemctl --user restart {UNIT}"


def test_the_units_folder_follows_xdg(systemd, make_host, tmp_path) -> None:
    """XDG_CONFIG_HOME is used only if it is absolute, as its specification says."""
    moved = SystemdManager(make_host(systemd, environment={"XDG_CONFIG_HOME": "/cfg"}))
    assert moved.path == Path("/cfg/systemd/user") / UNIT
    odd = SystemdManager(make_host(systemd, environment={"XDG_CONFIG_HOME": "cfg"}))
    assert odd.path == tmp_path / ".config/systemd/user" / UNIT


def test_lingering_is_suggested_if_it_is_off(service, spec, systemd) -> None:
    """A note tells how to keep the service after a logout; with lingering there is no note."""
    notes = [str(step) for step in service.install(spec) if step.action == "note"]
    assert any("loginctl enable-linger 501" in note for note in notes)
    systemd.linger = True
    notes = [str(step) for step in service.install(spec) if step.action == "note"]
    assert not any("enable-linger" in note for note in notes)


def test_without_a_bus_nothing_is_touched(service, spec, systemd, tmp_path) -> None:
    """The error quotes systemd, and says what to do under su or in a container."""
    systemd.bus = False
    with pytest.raises(NoSession, match="No medium found") as caught:
        service.install(spec)
    assert "enable-linger 501" in caught.value.hint
    assert "container" in caught.value.hint
    assert systemd.changes == []
    assert list(tmp_path.iterdir()) == []


def test_sudo_is_refused(systemd, make_host, spec) -> None:
    """Under sudo the unit would belong to root; the root user of a container is accepted."""
    host = make_host(systemd, uid=0, environment={"SUDO_USER": "ada"})
    with pytest.raises(NoSession, match="for root"):
        SystemdManager(host).install(spec)
    SystemdManager(make_host(systemd, uid=0)).install(spec)
    assert systemd.active


def test_a_machine_without_systemctl_is_reported(make_host, spec) -> None:
    """Install raises an error, the state says it in one line, and uninstall still cleans up."""
    service = SystemdManager(make_host(_missing))
    with pytest.raises(ManagerMissing) as caught:
        service.install(spec)
    assert "llasad" in caught.value.hint
    assert service.state() == ServiceState(False, False, None, "systemctl is not on this machine")
    assert service.uninstall() == ()


def test_a_dry_run_returns_the_steps_of_install_and_does_nothing(
    service, spec, systemd, tmp_path
) -> None:
    """The steps of the dry run are those of the run that follows."""
    planned = service.install(spec, dry_run=True)
    assert systemd.changes == []
    assert list(tmp_path.iterdir()) == []
    assert planned == service.install(spec)


def test_a_dry_run_of_uninstall_removes_nothing(installed, systemd) -> None:
    """The steps of the dry run are those of the run that follows."""
    planned = installed.uninstall(dry_run=True)
    assert systemd.changes == []
    assert installed.path.exists()
    assert planned == installed.uninstall()


def test_uninstall_disables_and_removes_the_unit(installed, spec, systemd) -> None:
    """The unit is removed, the home stays; the second time there is nothing to do."""
    (spec.home / "talk.json").write_text("{}")
    installed.uninstall()
    assert systemd.changes == [
        f"systemctl --user disable --now {UNIT}",
        "systemctl --user daemon-reload",
        f"systemctl --user reset-failed {UNIT}",
    ]
    assert not systemd.active
    assert not installed.path.exists()
    assert (spec.home / "talk.json").exists()
    assert installed.uninstall() == ()


def test_uninstall_without_a_bus_removes_the_files_that_systemd_reads(installed, systemd) -> None:
    """The file and the link made by `enable` are removed, so that nothing starts at login."""
    link = installed.path.parent / "default.target.wants" / UNIT
    link.parent.mkdir()
    link.symlink_to(installed.path)
    systemd.bus = False
    installed.uninstall()
    assert not link.is_symlink()
    assert not installed.path.exists()


def test_a_unit_whose_file_was_deleted_is_stopped_and_unlinked(installed, systemd) -> None:
    """A process whose unit file is gone still has to be stopped."""
    link = installed.path.parent / "default.target.wants" / UNIT
    link.parent.mkdir()
    link.symlink_to(installed.path)
    installed.path.unlink()
    installed.uninstall()
    assert systemd.changes[0] == f"systemctl --user stop {UNIT}"
    assert not link.is_symlink()


def test_start_resets_the_count_of_failed_starts(installed, systemd) -> None:
    """systemd refuses to start after five failures until the count is reset."""
    systemd.active, systemd.failed = False, True
    assert installed.state().detail == "failed (failed); last result: exit-code"
    installed.start()
    assert installed.state().running


def test_stop_and_restart_are_single_commands(installed, systemd) -> None:
    """A second stop does nothing; a restart starts a stopped unit."""
    installed.stop()
    assert installed.stop() == ()
    assert installed.state().detail == "inactive (dead)"
    installed.restart()
    assert systemd.changes[0] == f"systemctl --user stop {UNIT}"
    assert systemd.changes[-1] == f"systemctl --user restart {UNIT}"


def test_a_refused_start_points_to_the_journal(installed, systemd) -> None:
    """The error has the first line from systemd and the command that shows the rest."""
    systemd.answers["user start"] = [(1, "Job for llasad.service failed.\nSee more.")]
    with pytest.raises(CommandFailed, match=r"failed with 1: Job for llasad\.service") as caught:
        installed.start()
    assert "journalctl --user -u llasad.service" in caught.value.hint


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_a_service_that_is_not_installed_cannot_be_started(service, systemd, verb: str) -> None:
    """The error says to install first, and no command is run."""
    with pytest.raises(NotInstalled):
        getattr(service, verb)()
    assert systemd.calls == []


def test_the_state_without_a_bus_is_a_sentence(installed, systemd) -> None:
    """`status` does not fail if systemd does not run."""
    systemd.bus = False
    expected = ServiceState(True, False, None, "systemd does not run for this user")
    assert installed.state() == expected


def test_a_spec_for_another_label_is_refused(service, spec) -> None:
    """`stop` and `uninstall` would not find a service that was installed under another name."""
    with pytest.raises(InvalidSpec):
        service.install(replace(spec, label="other"))
