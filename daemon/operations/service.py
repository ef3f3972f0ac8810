"""The daemon as a service of the system: install it, start it, stop it, and wait until it is so."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon import config as settings
from daemon import parking
from daemon.errors import AlreadyRunning
from daemon.home import Home, make_folders, recorded_home_file
from daemon.lock import holder
from daemon.operations.errors import NotPossible
from launchd.agent import AgentSpec, Manager, Step, manager
from launchd.errors import ServiceError
from launchd.spec import THROTTLE_S

PATIENCE_S: Final = 10.0  # for a daemon to end
# For a daemon to start: launchd may wait before it starts again what has just ended.
START_PATIENCE_S: Final = PATIENCE_S + (THROTTLE_S if sys.platform == "darwin" else 0.0)
LOOK_S: Final = 0.1
# What the daemon must know of the terminal's environment: where models and the record lie.
PASSED_ON: Final = ("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")


@dataclass(frozen=True, slots=True)
class Started:
    """How a start was asked for."""

    steps: tuple[Step, ...]  # that the service manager took
    forgot_failures: bool  # whether failed starts were counted before


@dataclass(frozen=True, slots=True)
class Stopping:
    """How a stop was asked for; nothing to stop where both are empty."""

    steps: tuple[Step, ...]  # that the service manager took
    pid: int | None  # of a daemon without a service manager, which was sent SIGTERM


def install(home: Home, *, dry_run: bool = False) -> tuple[Step, ...]:
    """Start the daemon now and at every login, and record the home; return what was done.

    Raises ConfigError for a mistake in the settings, AlreadyRunning, HomeError and ServiceError.
    Each refusal comes before anything has been made.
    """
    service, spec, record = manager(), _spec(home), recorded_home_file()
    settings.load(home)  # report a mistake in it now, not after five failed starts
    _refuse_beside_another(home, service)
    steps = service.install(spec, dry_run=True)
    if not dry_run:
        make_folders(home)
        parking.clear()
        steps = service.install(spec)
        _record(record, home)
        parking.clear()
    return (*steps, Step("write", str(record)))


def uninstall(*, dry_run: bool = False) -> tuple[Step, ...]:
    """Stop the daemon, no longer start it at login, and forget the home; return what was done."""
    steps = manager().uninstall(dry_run=dry_run)
    record = recorded_home_file()
    if record.exists():
        steps = (*steps, Step("remove", str(record)))
    if steps and not dry_run:
        record.unlink(missing_ok=True)
        parking.clear()
    return steps


def start(home: Home) -> Started:
    """Start the installed daemon and forget its failed starts.

    Raises NotPossible beside a daemon that was started by hand, and ServiceError.
    """
    forgot = parking.clear()
    _refuse_by_hand(home)
    return Started(manager().start(), forgot)


def restart(home: Home) -> tuple[Step, ...]:
    """End the installed daemon and start it again; return what was done.

    Raises NotPossible beside a daemon that was started by hand, and ServiceError.
    """
    _refuse_by_hand(home)
    parking.clear()
    return manager().restart()


def stop(home: Home) -> Stopping:
    """Stop the daemon until `start` or the next login, also one that was started by hand."""
    steps = manager().stop()
    pid = holder(home.lock)
    if steps or not pid:
        return Stopping(steps, None)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    return Stopping((), pid)


def wait_until_running(home: Home, *, not_pid: int | None = None) -> int:
    """Wait until a daemon holds its home and return its pid; `not_pid` is the one before.

    A service manager's word is no proof. Raises NotPossible with the reason of the failed start.
    """
    if wait(lambda: holder(home.lock) not in (None, 0, not_pid), START_PATIENCE_S):
        return holder(home.lock) or 0
    failed = parking.read(home.path)
    places = " and ".join(dict.fromkeys(map(str, (home.logs, early_logs(home)))))
    raise NotPossible(
        f"The daemon did not start within {START_PATIENCE_S:.0f} s."
        + (f" The last start failed: {failed.reason}" if failed is not None else ""),
        hint=f"Read the logs in {places}, or start it in a terminal: "
        f"llasad --home {shlex.quote(str(home.path))}",
    )


def wait_until_stopped(home: Home) -> None:
    """Wait until no daemon holds the home; raises NotPossible where it takes too long."""
    if not wait(lambda: holder(home.lock) is None, 4 * PATIENCE_S):
        raise NotPossible(
            "The daemon has not ended yet.",
            hint="It finishes its part first. See what it does: llasactl status",
        )


def runs_as_service(pid: int | None) -> bool:
    """Return whether the service manager runs this process; a manager may not know its pid."""
    try:
        state = manager().state()
    except ServiceError:
        return False
    return state.installed and state.running and state.pid in (None, pid)


def _spec(home: Home) -> AgentSpec:
    return AgentSpec(
        program_arguments=(*_program(), "--service", "--quiet", "--home", str(home.path)),
        home=home.path,
        log_dir=early_logs(home),
        environment={name: os.environ[name] for name in PASSED_ON if os.environ.get(name)},
    )


def early_logs(home: Home) -> Path:
    """Return the folder for messages that come before our own log is open.

    launchd opens that file itself, before the program, and starts nothing where it cannot: on a
    disk that is away, in a folder that macOS guards.
    """
    return Path.home() / "Library/Logs/llasa" if sys.platform == "darwin" else home.logs


def _program() -> tuple[str, ...]:
    """Return the command that starts llasad from the environment that this process runs in."""
    script = Path(sysconfig.get_path("scripts")) / "llasad"
    if script.is_file():
        return (str(script),)
    return (sys.executable, "-P", "-m", "daemon.start")


def _refuse_beside_another(home: Home, service: Manager) -> None:
    """Raise AlreadyRunning where a daemon without a service manager holds the home."""
    pid = holder(home.lock)
    if pid is not None and not service.state().running:
        raise AlreadyRunning(
            f"A llasad that was started by hand already works on this home (pid {pid}).",
            hint="Stop it with `llasactl stop`, then run `llasactl install`.",
        )


def _refuse_by_hand(home: Home) -> None:
    """Raise NotPossible where the user started a daemon by hand and there is no service."""
    pid = holder(home.lock)
    if pid is not None and not manager().state().installed:
        raise NotPossible(
            f"The llasad of this home (pid {pid}) was started in a terminal.",
            hint="Stop it there, or with `llasactl stop`, and start it again; `llasactl install` "
            "has the system start it.",
        )


def _record(record: Path, home: Home) -> None:
    record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temp = record.with_name(f"{record.name}.{os.getpid()}.tmp")
    temp.write_text(f"{home.path}\n", encoding="utf-8")
    temp.replace(record)


def wait(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so, for so many seconds; return whether it is."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_S)
    return True
