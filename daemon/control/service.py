"""llasactl install, uninstall, start, stop, restart: our services as services of the system."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

import click

from daemon.control.session import TerminalSession, home_option
from daemon.home import Home, find_home
from daemon.lock import holder
from daemon.operations import music_service, service
from daemon.terminal import safe
from launchd.agent import Step

_music = click.option("--music", is_flag=True, help="Of llasa-music, which hears music, alone.")
_dry_run = click.option("--dry-run", is_flag=True, help="Print what would be done and do nothing.")


@click.command(
    short_help="Start llasad now and at every login.",
    epilog="Example: llasactl install --home ~/llasa",
)
@home_option
@_music
@_dry_run
@click.pass_context
def install(context: click.Context, *, music: bool, dry_run: bool) -> None:
    """Start llasad now and at every login, by launchd (macOS) or systemd (Linux).

    The home is made if it does not exist, and recorded: from then on every command finds it
    without --home. Installing again what runs unchanged does not restart it. --music does the
    same for the service that hears music, llasa-music.
    """
    home = find_home(context.ensure_object(TerminalSession).option)
    if music:
        _show_steps(music_service.install(home, dry_run=dry_run), dry_run=dry_run)
        if not dry_run:
            _wait_for_music(home)
            click.echo("Undo it with: llasactl uninstall --music")
        return
    steps = service.install(home, dry_run=dry_run)
    click.echo(f"home  {safe(home.path)}  (by {home.origin})")
    _show_steps(steps, dry_run=dry_run)
    if dry_run:
        return
    _wait_until_running(home)
    click.echo("Undo all of it with: llasactl uninstall")


@click.command(
    short_help="Stop llasad and no longer start it at login.",
    epilog="Example: llasactl uninstall --dry-run",
)
@home_option
@_music
@_dry_run
@click.pass_context
def uninstall(context: click.Context, *, music: bool, dry_run: bool) -> None:
    """Stop llasad and no longer start it at login, and llasa-music if it is installed.

    The home, its transcripts, outputs, queue and log stay where they are. With --music, llasad
    stays too.
    """
    home = find_home(context.ensure_object(TerminalSession).option)
    steps = music_service.uninstall(dry_run=dry_run)
    if not music:
        steps = (*service.uninstall(dry_run=dry_run), *steps)
    if not steps:
        click.echo("Nothing is installed.")
        return
    _show_steps(steps, dry_run=dry_run)
    if dry_run:
        return
    if music:
        return
    click.echo(f"Your files are untouched: {safe(home.path)}")
    click.echo(f"Install again with: llasactl install --home {safe(shlex.quote(str(home.path)))}")


@click.command(short_help="Start the installed llasad.", epilog="Example: llasactl start")
@home_option
@_music
@click.pass_context
def start(context: click.Context, *, music: bool) -> None:
    """Start the installed llasad, also after it was parked by five failed starts."""
    home = find_home(context.ensure_object(TerminalSession).option)
    if music:
        _show_steps(music_service.start())
        _wait_for_music(home)
        return
    started = service.start(home)
    if started.forgot_failures:
        click.echo("The failed starts are forgotten.")
    _show_steps(started.steps)
    _wait_until_running(home)


@click.command(short_help="Stop llasad and start it again.", epilog="Example: llasactl restart")
@home_option
@_music
@click.pass_context
def restart(context: click.Context, *, music: bool) -> None:
    """Stop llasad and start it again, for instance after a change of llasa.toml.

    A running job goes on at the part where it was.
    """
    home = find_home(context.ensure_object(TerminalSession).option)
    if music:
        gone = music_service.state().pid
        _show_steps(music_service.restart())
        _wait_for_music(home, not_pid=gone)
        return
    before = holder(home.lock)
    _show_steps(service.restart(home))
    _wait_until_running(home, not_pid=before)


@click.command(
    short_help="Stop llasad until `start` or the next login.", epilog="Example: llasactl stop"
)
@home_option
@_music
@click.pass_context
def stop(context: click.Context, *, music: bool) -> None:
    """Stop llasad until `start` or the next login, also one that was started in a terminal.

    A running job goes back to the queue with its finished parts. To stop work beyond the next
    login, use `llasactl pause`.
    """
    home = find_home(context.ensure_object(TerminalSession).option)
    if music:
        steps = music_service.stop()
        _show_steps(steps)
        click.echo("Stopped." if steps else "No music service of the system runs.")
        return
    stopping = service.stop(home)
    _show_steps(stopping.steps)
    if stopping.pid:
        click.echo(f"Asked process {stopping.pid} to stop; no service manager started it.")
    elif not stopping.steps:
        click.echo(f"No daemon runs on {safe(home.path)}.")
        return
    service.wait_until_stopped(home)
    click.echo("Stopped.")


def _show_steps(steps: Sequence[Step], *, dry_run: bool = False) -> None:
    for step in steps:
        if step.action == "note":
            click.echo(f"note: {safe(step)}")
        else:
            click.echo(f"{'would ' if dry_run else 'done: '}{safe(step)}")


def _wait_until_running(home: Home, *, not_pid: int | None = None) -> None:
    pid = service.wait_until_running(home, not_pid=not_pid)
    click.echo(f"Running (pid {pid}). See what it does: llasactl status")


def _wait_for_music(home: Home, *, not_pid: int | None = None) -> None:
    pid = music_service.wait_until_running(home, not_pid=not_pid)
    click.echo(f"Running (pid {pid}). See how it is: llasactl doctor --no-model")


COMMANDS: Final = (install, uninstall, start, stop, restart)
