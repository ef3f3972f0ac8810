"""llasactl backup: what only this home knows, in one file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from daemon.control.session import TerminalSession, home_option
from daemon.control.text import count, size
from daemon.terminal import safe


@click.command(
    short_help="Copy queue, settings and speakers' names to a file.",
    epilog="Example: llasactl backup --to ~/Backups/llasa.zip",
)
@home_option
@click.option(
    "--to",
    "target",
    metavar="FILE.zip|DIR",
    type=click.Path(path_type=Path),
    help="Where to; a zip file with the date, here or in the folder.",
)
@click.pass_obj
def backup(session: TerminalSession, *, target: Path | None) -> None:
    """Copy what only this home knows to a zip file: queue, conversations, settings, names.

    Works while a daemon runs. Transcripts and outputs are not in it, nor are models. To restore it,
    stop the daemon, move var/state of the home away, and unpack the file in the home.
    """
    from daemon.operations.backup import back_up  # late: zipfile takes time to import

    made = back_up(session, (target or Path()).expanduser().absolute())
    click.echo(session.home_line())
    for what, names in made.kinds.items():
        number = f"  ({len(names):,} files)" if len(names) > 1 else ""
        click.echo(f"  {what:24} {safe(names[0] if len(names) == 1 else places(names))}{number}")
    click.echo(f"written: {safe(made.path)} ({count(len(made.names), 'file')}, {size(made.bytes)})")


def places(names: Sequence[str]) -> str:
    """Return the folders that the files lie in, at most three by name."""
    folders = sorted({f"{os.path.dirname(name) or '.'}/" for name in names})
    more = f" and {len(folders) - 3:,} more folders" if len(folders) > 3 else ""
    return ", ".join(folders[:3]) + more


COMMANDS: Final = (backup,)
