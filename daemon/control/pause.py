"""llasactl pause and resume: the daemon works on nothing until the user says so."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import click

from daemon.control.session import TerminalSession, home_option
from daemon.operations import pausing
from daemon.operations.errors import InvalidMoment


@click.command(
    short_help="Work on nothing until `resume`, or until a moment.",
    epilog='Example: llasactl pause --until 18:00 "meeting"',
)
@home_option
@click.option("--until", metavar="WHEN", help="18:00, 2026-12-24, 2026-12-24T18:00, or 90min, 2h.")
@click.argument("reason", default="")
@click.pass_obj
def pause(session: TerminalSession, *, reason: str, until: str | None) -> None:
    """Work on nothing until `resume`, or until a moment; a pause outlasts restarts.

    A running job goes back to the queue after its current part and goes on from there later.
    Files are still watched and queued.
    """
    moment = _moment(until) if until is not None else None
    pausing.pause(session, reason, until=moment)
    click.echo(session.home_line())
    end = "until `llasactl resume`"
    if moment is not None:
        end = f"until {datetime.fromtimestamp(moment).astimezone():%Y-%m-%d %H:%M}"
    click.echo(f"paused {end}")


def _moment(text: str) -> float:
    try:
        return pausing.moment_of(text, datetime.now().astimezone())
    except InvalidMoment as error:
        raise click.BadParameter(str(error), param_hint="--until") from error


@click.command(short_help="End a pause.", epilog="Example: llasactl resume")
@home_option
@click.pass_obj
def resume(session: TerminalSession) -> None:
    """End a pause; the daemon takes the next job."""
    click.echo(session.home_line())
    click.echo("resumed" if pausing.resume(session) else "was not paused")


COMMANDS: Final = (pause, resume)
