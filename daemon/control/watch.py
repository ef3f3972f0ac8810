"""llasactl watch: which folders are watched, and a change of that."""

from __future__ import annotations

from typing import Final

import click

from daemon.control.session import TerminalSession, home_option, usage_errors
from daemon.control.status import again_hint
from daemon.operations import watching
from daemon.operations.status import status_of
from daemon.terminal import safe


@click.group(
    short_help="List, add and remove watched folders.",
    epilog="Example: llasactl watch add ~/Recordings",
)
def watch() -> None:
    """List, add and remove watched folders: `watch` in llasa.toml."""


@watch.command("list", short_help="List them.", epilog="Example: llasactl watch list")
@home_option
@click.pass_obj
def list_(session: TerminalSession) -> None:
    """List the watched folders, and how the daemon finds each."""
    report = status_of(session)
    click.echo(session.home_line())
    states = {folder.path: folder for folder in report.watching}
    for path in session.config.watch:
        known = states.pop(str(path), None)
        if not report.running:
            state = "watched when llasad runs"
        else:
            state = known.state if known is not None else "watched when llasad starts again"
        detail = f"  {safe(known.detail)}" if known is not None and known.detail else ""
        click.echo(f"{safe(path)}  {state}{detail}")
    for gone in states:
        click.echo(f"{safe(gone)}  watched until llasad starts again")


@watch.command(short_help="Watch one more folder.", epilog="Example: llasactl watch add ~/Calls")
@home_option
@click.argument("folder", type=click.Path())
@click.pass_obj
def add(session: TerminalSession, folder: str) -> None:
    """Watch one more folder, with everything below it; the rest of llasa.toml stays as it is."""
    with usage_errors():
        added = watching.add(session, folder)
    click.echo(session.home_line())
    click.echo(f"added: {safe(added)}")
    _say_when(session, "watches it when it starts again", "watched when llasad runs")


@watch.command(
    short_help="Watch a folder no longer.", epilog="Example: llasactl watch remove ~/Calls"
)
@home_option
@click.argument("folder", type=click.Path())
@click.pass_obj
def remove(session: TerminalSession, folder: str) -> None:
    """Watch a folder no longer; its files, their outputs and their jobs stay."""
    with usage_errors():
        removed = watching.remove(session, folder)
    click.echo(session.home_line())
    click.echo(f"taken out: {safe(removed)}")
    _say_when(session, "watches it until it starts again", "")


def _say_when(session: TerminalSession, running: str, stopped: str) -> None:
    """Say from when on the change holds: a daemon reads the settings when it starts."""
    report = status_of(session)
    if report.running:
        click.echo(f"The daemon that runs {running}.")
        click.echo(f"{again_hint(session, report.pid)}")
    elif stopped:
        click.echo(stopped)


COMMANDS: Final = (watch,)
