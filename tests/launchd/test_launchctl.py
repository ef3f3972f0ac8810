"""launchd's manager: the commands that it runs, their order, and what their answers mean."""

from __future__ import annotations

import plistlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from launchd import plist
from launchd.errors import (
    CommandFailed,
    InvalidSpec,
    NoSession,
    NotInstalled,
    StillStopping,
    TemporaryProgram,
)
from launchd.host import Host
from launchd.launchctl import GONE_TIMEOUT_S, RETRY_DELAYS_S, LaunchdManager
from launchd.records import ServiceState
from launchd.spec import AgentSpec

TARGET = "gui/501/llasa.llasad"
EIO = (5, "Bootstrap failed: 5: Input/output error\nTry re-running the command as root")


@pytest.fixture
def agent(launchd, make_host: Callable[..., Host]) -> LaunchdManager:
    """Return the manager on a fake launchd."""
    return LaunchdManager(make_host(launchd))


@pytest.fixture
def installed(agent: LaunchdManager, spec: AgentSpec, launchd) -> LaunchdManager:
    """Return the manager with our job installed and running."""
    agent.install(spec)
    launchd.calls.clear()
    return agent


def _snapshot(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_install_writes_the_plist_and_starts_the_job(agent, spec, launchd, tmp_path) -> None:
    """The documented commands run in the documented order, and a process runs."""
    steps = agent.install(spec)
    path = tmp_path / "Library/LaunchAgents/llasa.llasad.plist"
    assert launchd.changes == [
        f"launchctl enable {TARGET}",
        f"launchctl bootstrap gui/501 {path}",
        f"launchctl kickstart {TARGET}",
    ]
    assert path.read_bytes() == plist.build(spec)
    assert path.stat().st_mode & 0o777 == 0o644
    assert agent.state() == ServiceState(True, True, 4242, "running as process 4242")
    assert [str(step) for step in steps[:3]] == [
        f"create {spec.log_dir}",
        f"create {path.parent}",
        f"write {path}",
    ]


def test_the_log_folder_is_created_because_launchd_creates_none(agent, spec) -> None:
    """The folder of StandardErrorPath exists before the job is loaded, and is private."""
    agent.install(spec)
    assert spec.log_dir.stat().st_mode & 0o777 == 0o700


def test_fifty_installs_leave_one_running_job_and_never_restart_it(agent, spec, launchd) -> None:
    """An install of an unchanged running job writes nothing and stops nothing."""
    agent.install(spec)
    for _ in range(50):
        steps = agent.install(spec)
        assert [step.action for step in steps if step.action != "note"] == ["run", "run"]
    assert launchd.pid == 4242


def test_a_changed_spec_replaces_the_old_one(installed, spec, launchd) -> None:
    """A loaded job keeps its old definition, so it is unloaded first."""
    installed.install(replace(spec, environment={"A": "1"}))
    verbs = [line.split()[1] for line in launchd.changes]
    assert verbs == ["bootout", "enable", "bootstrap", "kickstart"]
    assert plistlib.loads(installed.path.read_bytes())["EnvironmentVariables"] == {"A": "1"}
    assert launchd.pid == 4243


def test_a_plist_that_others_may_write_is_written_again(installed, spec) -> None:
    """launchd refuses a file with the wrong mode, so a changed mode counts as a change."""
    installed.path.chmod(0o666)
    installed.install(spec)
    assert installed.path.stat().st_mode & 0o777 == 0o644


def test_bootstrap_waits_until_the_old_job_is_gone(installed, spec, launchd, clock) -> None:
    """`bootout` returns early; `bootstrap` runs only once `print` finds no such job."""
    launchd.drain_s = 12.0
    installed.install(replace(spec, environment={"A": "1"}))
    assert clock.seconds == pytest.approx(12.0, abs=0.5)
    assert launchd.changes.count(f"launchctl bootstrap gui/501 {installed.path}") == 1


@pytest.mark.parametrize("failures", range(1, len(RETRY_DELAYS_S) + 1))
def test_the_race_after_bootout_is_retried(agent, spec, launchd, clock, failures: int) -> None:
    """After each error 5 the wait is longer, and the job runs in the end."""
    launchd.answers["bootstrap"] = [EIO] * failures
    agent.install(spec)
    assert clock.slept == list(RETRY_DELAYS_S[:failures])
    assert agent.state().running


def test_the_retries_end(agent, spec, launchd, clock) -> None:
    """If error 5 persists, the error names the command, the code and what to check."""
    launchd.answers["bootstrap"] = [EIO] * 100
    with pytest.raises(CommandFailed, match="failed with 5: Bootstrap failed") as caught:
        agent.install(spec)
    assert clock.slept == list(RETRY_DELAYS_S)
    assert "plutil -lint" in caught.value.hint
    assert "Login Items" in caught.value.hint


def test_a_job_that_something_else_loaded_is_replaced(agent, spec, launchd) -> None:
    """Error 5 also means that a job of our name is loaded: it is unloaded, then ours is loaded."""
    launchd.answers["print gui/501/llasa"] = [(113, "Could not find service")]
    launchd.loaded, launchd.pid = True, 1
    agent.install(spec)
    verbs = [line.split()[1] for line in launchd.changes]
    assert verbs == ["enable", "bootstrap", "bootout", "bootstrap", "kickstart"]
    assert launchd.pid == 4242


def test_another_error_is_not_retried(agent, spec, launchd, clock) -> None:
    """Only the race is worth waiting for."""
    launchd.answers["bootstrap"] = [(1, "Operation not permitted")]
    with pytest.raises(CommandFailed, match="failed with 1"):
        agent.install(spec)
    assert clock.slept == []


def test_a_job_that_was_disabled_is_enabled(agent, spec, launchd) -> None:
    """A service that was disabled once cannot be loaded until it is enabled again."""
    launchd.disabled = True
    agent.install(spec)
    assert agent.state().running


def test_a_job_that_the_user_disallowed_is_explained(agent, spec, launchd) -> None:
    """Error 119 names the switch in System Settings."""
    launchd.answers["bootstrap"] = [(119, "Bootstrap failed: 119: Service is disabled")]
    with pytest.raises(CommandFailed) as caught:
        agent.install(spec)
    assert "Login Items" in caught.value.hint


def test_without_a_login_at_the_screen_nothing_is_touched(agent, spec, launchd, tmp_path) -> None:
    """On a Mac reached over ssh with nobody logged in, the error comes before any change."""
    launchd.session = False
    with pytest.raises(NoSession, match=r"at this Mac's screen.*\(125: ") as caught:
        agent.install(spec)
    assert "Log in at the screen" in caught.value.hint
    assert launchd.changes == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (125, "Bootstrap failed: 125: Domain does not support specified action"),
        (112, "Could not find domain for user gui: 501"),
        (5, "Domain does not support specified action"),
    ],
)
def test_a_session_that_ends_during_the_install_is_explained(
    agent, spec, launchd, code, text
) -> None:
    """`bootstrap` reports it in the same words, with different codes."""
    launchd.answers["bootstrap"] = [(code, text)]
    with pytest.raises(NoSession):
        agent.install(spec)


def test_root_is_refused(make_host, launchd, spec) -> None:
    """Under sudo the agent would belong to no user's login."""
    agent = LaunchdManager(make_host(launchd, uid=0))
    with pytest.raises(NoSession, match="not for root") as caught:
        agent.install(spec)
    assert "without sudo" in caught.value.hint


def test_a_dry_run_returns_the_steps_of_install_and_does_nothing(
    agent, spec, launchd, tmp_path
) -> None:
    """The steps of the dry run are those of the run that follows."""
    planned = agent.install(spec, dry_run=True)
    assert launchd.changes == []
    assert list(tmp_path.iterdir()) == []
    assert planned == agent.install(spec)


def test_a_dry_run_of_uninstall_removes_nothing(installed, launchd, tmp_path) -> None:
    """The steps of the dry run are those of the run that follows."""
    before = _snapshot(tmp_path)
    planned = installed.uninstall(dry_run=True)
    assert launchd.changes == []
    assert _snapshot(tmp_path) == before
    assert planned == installed.uninstall()


def test_uninstall_removes_the_job_and_leaves_the_home(installed, spec, launchd) -> None:
    """Only the plist is removed; the second time there is nothing to do."""
    (spec.home / "talk.json").write_text("{}")
    steps = installed.uninstall()
    assert [str(step) for step in steps] == [
        f"run launchctl bootout {TARGET}",
        f"remove {installed.path}",
    ]
    assert not launchd.loaded
    assert (spec.home / "talk.json").exists()
    assert installed.uninstall() == ()
    assert installed.state() == ServiceState(False, False, None, "not installed")


def test_uninstall_works_without_a_session(installed, launchd) -> None:
    """Over ssh the plist is removed too, so that nothing starts at the next login."""
    launchd.session = False
    installed.uninstall()
    assert not installed.path.exists()


def test_stop_unloads_and_waits_and_start_loads_again(installed, launchd, clock) -> None:
    """After `stop` the process is gone, after `start` a new one runs; both can be repeated."""
    launchd.drain_s = 3.0
    installed.stop()
    assert clock.seconds >= 3.0
    assert installed.state() == ServiceState(True, False, None, "not loaded")
    assert installed.stop() == ()
    installed.start()
    assert installed.state().pid == 4243
    installed.start()
    assert installed.state().pid == 4243


def test_a_process_that_does_not_end_is_an_error(installed, launchd, clock) -> None:
    """The wait is bounded, and longer than launchd's own."""
    launchd.drain_s = 1000.0
    with pytest.raises(StillStopping, match="has not ended in 60 s"):
        installed.stop()
    assert clock.seconds == pytest.approx(GONE_TIMEOUT_S, abs=1)


def test_a_refused_bootout_is_an_error(installed, launchd) -> None:
    """There is no wait after a code that means neither gone nor ending."""
    launchd.answers["bootout"] = [(1, "Boot-out failed: 1: Operation not permitted")]
    with pytest.raises(CommandFailed, match="not permitted"):
        installed.stop()


def test_fifty_restarts_leave_it_running(installed, launchd) -> None:
    """Each restart lets the process end by its signal before the job is loaded again."""
    for _ in range(50):
        installed.restart()
    verbs = [line.split()[1] for line in launchd.changes]
    assert verbs == ["bootout", "enable", "bootstrap", "kickstart"] * 50
    assert installed.state().pid == 4242 + 50


def test_restart_loads_a_job_that_is_not_loaded(installed, launchd) -> None:
    """After `stop`, `restart` does the same as `start`."""
    installed.stop()
    installed.restart()
    assert installed.state().running


def test_a_job_that_vanishes_during_a_restart_is_loaded_again(installed, launchd) -> None:
    """Codes 3 and 113 of `bootout` both mean that there is nothing left to unload."""
    for code in (3, 113):
        launchd.answers["bootout"] = [(code, "Could not find service")]
        launchd.answers["print"] = [(0, ""), (0, ""), (113, "")]
        installed.restart()
        assert installed.state().running


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_a_service_that_is_not_installed_cannot_be_started(agent, launchd, verb: str) -> None:
    """The error says to install first, and no command is run."""
    with pytest.raises(NotInstalled) as caught:
        getattr(agent, verb)()
    assert "llasactl install" in caught.value.hint
    assert launchd.calls == []


def test_the_state_says_why_nothing_runs(installed, launchd) -> None:
    """A loaded job without a process and a missing login have different details."""
    launchd.pid = None
    assert installed.state().detail == "loaded, not running; last exit: 1"
    launchd.session = False
    assert installed.state().detail == "nobody is logged in at the screen"


def test_an_unknown_format_of_print_is_no_error(installed, launchd) -> None:
    """The output of `print` is no interface: if it changes, only the process id is missing."""
    launchd.answers["print"] = [(0, "")]
    assert installed.state() == ServiceState(True, False, None, "loaded, not running")


def test_a_temporary_program_is_refused_before_any_change(agent, spec, launchd, tmp_path) -> None:
    """No file is written and no command is run for a program that would be gone."""
    with pytest.raises(TemporaryProgram):
        agent.install(replace(spec, program_arguments=("/tmp/x/bin/llasad",)))
    assert launchd.calls == []
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_macos_guards_is_pointed_out(agent, spec, tmp_path) -> None:
    """The install succeeds, and names the program that must be allowed and where."""
    home = tmp_path / "Documents/llasa"
    steps = agent.install(replace(spec, home=home, log_dir=home / "var/log"))
    notes = [step.what for step in steps if step.action == "note"]
    (note,) = [note for note in notes if "Full Disk Access" in note]
    assert note.startswith(str(home))
    assert f"allow {Path(sys.executable).resolve()} in" in note


def test_a_program_that_macos_guards_is_pointed_out(agent, spec, monkeypatch) -> None:
    """macOS may not start a checkout in Documents at login, and then no code of ours can say so."""
    program = spec.program_arguments[0]
    monkeypatch.setattr("launchd.launchctl.protected", lambda path, _: path == Path(program))
    (note,) = [s.what for s in agent.install(spec) if "Full Disk Access" in s.what]
    assert note.startswith(program)
    assert "uv tool install" in note


def test_a_home_in_a_temporary_folder_is_pointed_out(agent, spec) -> None:
    """A home may be anywhere, but the user is warned of one that the system may delete."""
    steps = agent.install(replace(spec, home=Path("/tmp/llasa")))
    assert "may delete it" in str(steps[-1])


def test_a_spec_for_another_label_is_refused(agent, spec) -> None:
    """`stop` and `uninstall` would not find a service that was installed under another name."""
    with pytest.raises(InvalidSpec):
        agent.install(replace(spec, label="other"))
