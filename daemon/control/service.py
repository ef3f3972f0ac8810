"""llasactl install, uninstall, start, stop, restart: the daemon in the hands of the system."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import sysconfig
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click

from daemon import config as settings
from daemon import parking
from daemon.control.session import Session, home_option
from daemon.errors import AlreadyRunning, DaemonError
from daemon.home import Home, find_home, make_folders, recorded_home_file
from daemon.lock import holder
from daemon.terminal import safe
from launchd.agent import AgentSpec, Manager, Step, manager
from launchd.spec import THROTTLE_S

PATIENCE_S: Final = 10.0  # for a daemon to go
# And to come: launchd may wait before it starts anew what has just ended.
START_PATIENCE_S: Final = PATIENCE_S + (THROTTLE_S if sys.platform == "darwin" else 0.0)
LOOK_S: Final = 0.1
# What the daemon must know of the terminal's environment: where models and the record lie.
PASSED_ON: Final = ("HF_HOME", "HF_HUB_CACHE", "XDG_CONFIG_HOME")


class Refused(DaemonError):
    """That cannot be done as things stand."""


_dry = click.option("--dry-run", is_flag=True, help="Say what would be done and do nothing.")


@click.command(
    short_help="Start llasad now and at every login.",
    epilog="Example: llasactl install --home ~/llasa",
)
@home_option
@_dry
@click.pass_context
def install(context: click.Context, *, dry_run: bool) -> None:
    """Start llasad now and at every login, by launchd (macOS) or systemd (Linux).

    The home is made if it is not there, and recorded: from then on every command finds it without
    --home. Installing again what runs unchanged does not restart it.
    """
    session = context.ensure_object(Session)
    home = find_home(session.option)
    service, spec, record = manager(), _spec(home), recorded_home_file()
    settings.load(home)  # a mistake in it is told here, not five failed starts later
    _refuse_beside_another(home, service)
    steps = service.install(spec, dry_run=True)  # refuses before anything has been made
    click.echo(f"home  {safe(home.path)}  (by {home.origin})")
    if not dry_run:
        make_folders(home)
        parking.clear()
        steps = service.install(spec)
        _record(record, home)
    _tell([*steps, Step("write", str(record))], dry_run=dry_run)
    if dry_run:
        return
    parking.clear()
    _say_whether_it_runs(home)
    click.echo("Undo all of it with: llasactl uninstall")


@click.command(
    short_help="Stop it and no longer start it at login.",
    epilog="Example: llasactl uninstall --dry-run",
)
@home_option
@_dry
@click.pass_context
def uninstall(context: click.Context, *, dry_run: bool) -> None:
    """Stop llasad and no longer start it at login.

    The home, its transcripts, outputs, queue and log stay where they are.
    """
    home = find_home(context.ensure_object(Session).option)
    steps = list(manager().uninstall(dry_run=dry_run))
    record = recorded_home_file()
    if record.exists():
        steps.append(Step("remove", str(record)))
    if not steps:
        click.echo("Nothing is installed.")
        return
    _tell(steps, dry_run=dry_run)
    if dry_run:
        return
    record.unlink(missing_ok=True)
    parking.clear()
    click.echo(f"Your files are untouched: {safe(home.path)}")
    click.echo(f"Install again with: llasactl install --home {safe(shlex.quote(str(home.path)))}")


@click.command(short_help="Start the installed llasad.", epilog="Example: llasactl start")
@home_option
@click.pass_context
def start(context: click.Context) -> None:
    """Start the installed llasad; five failed starts before are forgotten."""
    home = find_home(context.ensure_object(Session).option)
    if parking.clear():
        click.echo("Forgotten: the failed starts.")
    _refuse_by_hand(home)
    _tell(manager().start())
    _say_whether_it_runs(home)


@click.command(short_help="End it and start it anew.", epilog="Example: llasactl restart")
@home_option
@click.pass_context
def restart(context: click.Context) -> None:
    """End llasad and start it anew; after a change of llasa.toml, for instance.

    A running job goes on at the part where it was.
    """
    home = find_home(context.ensure_object(Session).option)
    before = holder(home.lock)
    _refuse_by_hand(home)
    parking.clear()
    _tell(manager().restart())
    _say_whether_it_runs(home, not_pid=before)


@click.command(
    short_help="Stop it until `start` or the next login.", epilog="Example: llasactl stop"
)
@home_option
@click.pass_context
def stop(context: click.Context) -> None:
    """Stop llasad until `start` or the next login; a daemon in a terminal is stopped too.

    A running job goes back to the queue with its finished parts. For a rest that outlasts the next
    login there is `llasactl pause`.
    """
    home = find_home(context.ensure_object(Session).option)
    steps = manager().stop()
    _tell(steps)
    pid = holder(home.lock)
    if not steps and pid:
        click.echo(f"Asked process {pid} to stop; no service manager has started it.")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    elif not steps:
        click.echo(f"No daemon runs on {safe(home.path)}.")
        return
    if not _wait(lambda: holder(home.lock) is None, 4 * PATIENCE_S):
        raise Refused(
            "It has not ended yet.", hint="It ends its part first; look with `llasactl status`."
        )
    click.echo("Stopped.")


def _spec(home: Home) -> AgentSpec:
    return AgentSpec(
        program_arguments=(*_program(), "--service", "--quiet", "--home", str(home.path)),
        home=home.path,
        log_dir=_early_logs(home),
        environment={name: os.environ[name] for name in PASSED_ON if os.environ.get(name)},
    )


def _early_logs(home: Home) -> Path:
    """Return where what is said before our own log is open goes.

    launchd opens that file itself, before the program, and starts nothing where it cannot: a disk
    that is away, a folder that macOS guards.
    """
    return Path.home() / "Library/Logs/llasa" if sys.platform == "darwin" else home.logs


def _program() -> tuple[str, ...]:
    """Return how llasad is started from the environment that we run in."""
    script = Path(sysconfig.get_path("scripts")) / "llasad"
    if script.is_file():
        return (str(script),)
    return (sys.executable, "-P", "-m", "daemon.start")


def _refuse_beside_another(home: Home, service: Manager) -> None:
    pid = holder(home.lock)
    if pid is not None and not service.state().running:
        raise AlreadyRunning(
            f"A llasad that no service manager has started works on this home (pid {pid}).",
            hint="End it with `llasactl stop`, then install.",
        )


def _refuse_by_hand(home: Home) -> None:
    """Say so where there is no service to start, because somebody has started a daemon himself."""
    pid = holder(home.lock)
    if pid is not None and not manager().state().installed:
        raise Refused(
            f"The llasad of this home (pid {pid}) was started in a terminal.",
            hint="End it there, or with `llasactl stop`, and start it again; `llasactl install` "
            "has the system start it.",
        )


def _record(record: Path, home: Home) -> None:
    record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temp = record.with_name(f"{record.name}.{os.getpid()}.tmp")
    temp.write_text(f"{home.path}\n", encoding="utf-8")
    temp.replace(record)


def _tell(steps: Sequence[Step], *, dry_run: bool = False) -> None:
    for step in steps:
        if step.action == "note":
            click.echo(f"note: {safe(step)}")
        else:
            click.echo(f"{'would ' if dry_run else 'done: '}{safe(step)}")


def _say_whether_it_runs(home: Home, *, not_pid: int | None = None) -> None:
    """Wait until the daemon holds its home; a service manager's word is not proof of that."""
    found = _wait(lambda: holder(home.lock) not in (None, 0, not_pid), START_PATIENCE_S)
    if found:
        click.echo(f"Running (pid {holder(home.lock)}). See what it does: llasactl status")
        return
    failed = parking.read(home.path)
    places = " and ".join(dict.fromkeys(map(str, (home.logs, _early_logs(home)))))
    raise Refused(
        f"It has not begun to work after {START_PATIENCE_S:.0f} s."
        + (f" The last start failed: {failed.reason}" if failed is not None else ""),
        hint=f"Look into {places}, or start it in a terminal: "
        f"llasad --home {shlex.quote(str(home.path))}",
    )


def _wait(is_so: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_S)
    return True


COMMANDS: Final = (install, uninstall, start, stop, restart)
