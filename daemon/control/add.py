"""llasactl add: queue a file that lies outside the watched folders, or that should not wait."""

from __future__ import annotations

import shlex
from typing import Final

import click

from daemon.control.session import TerminalSession, home_option
from daemon.errors import SourceError
from daemon.home import make_folders
from daemon.lock import holder
from daemon.operations import actions
from daemon.terminal import safe

EXIT_REFUSED: Final = 1


@click.command(
    short_help="Queue transcripts from anywhere.",
    epilog="Example: llasactl add ~/Downloads/talk.json",
)
@home_option
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.pass_context
def add(context: click.Context, files: tuple[str, ...]) -> None:
    """Queue transcripts from anywhere; the outputs are written beside them.

    A file that has not changed since its last job is not queued again. Exits with 1 when a file
    cannot be queued.
    """
    session = context.ensure_object(TerminalSession)
    make_folders(session.home)
    click.echo(session.home_line())
    refused = 0
    with session.writing(create=True) as book:
        for name in files:
            try:
                added = actions.add(book, name)
            except SourceError as error:
                refused += 1
                click.echo(f"not queued: {safe(name)}: {safe(error)}", err=True)
                continue
            if added.job is not None and added.is_new:
                click.echo(f"queued: {added.job.id}  {session.shown_path(added.job.path)}")
                continue
            job = added.job
            known = f"job {job.id} is {job.status}" if job is not None else "known"
            click.echo(f"unchanged: {safe(name)} ({known})")
    if holder(session.home.lock) is None:
        home = safe(shlex.quote(str(session.home.path)))
        click.echo(f"No daemon is running; start it with: llasad --home {home}")
    if refused:
        context.exit(EXIT_REFUSED)


COMMANDS: Final = (add,)
