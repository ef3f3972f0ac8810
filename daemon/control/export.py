"""llasactl export: finished texts in a folder or a zip file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import click

from daemon.control.session import TerminalSession, home_option, usage_errors
from daemon.control.text import count
from daemon.operations.results import KINDS
from daemon.terminal import safe


@click.command(
    short_help="Copy finished texts to a folder or a zip file.",
    epilog="Example: llasactl export --since 7d --to week.zip",
)
@home_option
@click.option("--since", metavar="WHEN", help="Finished since 2026-11-29, 2026-11-29T18:00 or 7d.")
@click.option(
    "--to",
    "target",
    metavar="DIR|FILE.zip",
    type=click.Path(path_type=Path),
    help="Where to; a zip file with the date by default.",
)
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only this kind.")
@click.pass_context
def export(
    context: click.Context, *, since: str | None, target: Path | None, kinds: tuple[str, ...]
) -> None:
    """Copy the outputs of finished files, with the folders that they lie in.

    An output that you have edited is copied as you left it. In a folder, a file that is there is
    not replaced; a zip file must not exist yet. Exits with 1 when a file could not be copied.
    """
    from daemon.operations import exporting  # late: zipfile takes time to import

    session: TerminalSession = context.obj
    now = datetime.now().astimezone()
    with usage_errors():
        moment = exporting.since_of(since, now) if since is not None else None
    place = (target or Path(f"llasa-{now:%Y-%m-%d-%H%M%S}.zip")).expanduser().absolute()
    files: set[int] = set()
    copied = failed = 0
    with session.reading() as book:
        click.echo(session.home_line())
        for found in exporting.export(book, place, since=moment, kinds=kinds):
            if found.problem is None:
                files.add(found.job.id)
                copied += 1
            else:
                failed += 1
                click.echo(f"not copied: {safe(found.output)}: {safe(found.problem)}", err=True)
    shown = f"{count(copied, 'output')} of {count(len(files), 'file')}"
    click.echo(f"copied: {shown} to {safe(place)}" if copied or failed else "nothing to copy")
    context.exit(int(failed > 0))


COMMANDS: Final = (export,)
