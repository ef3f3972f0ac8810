"""llasactl pause and resume: the daemon rests because a person said so, until told otherwise."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Final

import click

from daemon.control.session import Session, home_option
from daemon.home import make_folders

_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_FURTHEST_S: Final = 100 * 365 * 86400.0  # far from the last year that can be written


@click.command(
    short_help="Work on nothing until `resume`, or until a moment.",
    epilog='Example: llasactl pause --until 18:00 "meeting"',
)
@home_option
@click.option("--until", metavar="WHEN", help="18:00, 2026-12-24, 2026-12-24T18:00, or 90min, 2h.")
@click.argument("reason", default="")
@click.pass_obj
def pause(session: Session, *, reason: str, until: str | None) -> None:
    """Work on nothing until `resume`, or until a moment; it outlasts restarts.

    A running job goes back to the queue after the part in hand and goes on from there later.
    Files are still watched and queued.
    """
    moment = _moment(until, datetime.now().astimezone()) if until is not None else None
    make_folders(session.home)
    with session.writing(create=True) as book:
        book.queue.pause(reason, until=moment)
    click.echo(session.name_home())
    end = "until `llasactl resume`"
    if moment is not None:
        end = f"until {datetime.fromtimestamp(moment).astimezone():%Y-%m-%d %H:%M}"
    click.echo(f"paused {end}")


@click.command(short_help="End a pause.", epilog="Example: llasactl resume")
@home_option
@click.pass_obj
def resume(session: Session) -> None:
    """End a pause."""
    click.echo(session.name_home())
    if session.has_database:
        with session.writing() as book:
            if book.queue.resume():
                click.echo("goes on")
                return
    click.echo("was not paused")


def _moment(text: str, now: datetime) -> float:
    """Return the moment that a person means, in seconds since the epoch; always in the future.

    Raises click.BadParameter for what is no moment, has passed, or is too far to be shown.
    """
    try:
        found = _understood(text.strip(), now)
    except (ValueError, OverflowError):
        raise _misunderstood(text) from None
    if found <= now.timestamp():
        raise click.BadParameter(f"{text} has passed.", param_hint="--until")
    if found > now.timestamp() + _FURTHEST_S:
        raise click.BadParameter(
            f"{text} is more than a hundred years away; without --until it lasts until `resume`.",
            param_hint="--until",
        )
    return found


def _understood(text: str, now: datetime) -> float:
    """Return a moment; raise ValueError or OverflowError for what is none."""
    if span := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)", text):
        return time.time() + float(span[1]) * _UNITS[span[2]]
    if hour := re.fullmatch(r"(\d{1,2}):(\d{2})", text):
        found = now.replace(hour=int(hour[1]), minute=int(hour[2]), second=0, microsecond=0)
        return (found if found > now else found + timedelta(days=1)).timestamp()
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.astimezone()).timestamp()


def _misunderstood(text: str) -> click.BadParameter:
    return click.BadParameter(
        f"{text!r} is no moment: 18:00, 2026-12-24, 2026-12-24T18:00, 90min, 2h.",
        param_hint="--until",
    )


COMMANDS: Final = (pause, resume)
