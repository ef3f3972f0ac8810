"""llasactl add: a file that lies outside the watched folders, or that should not wait."""

from __future__ import annotations

import os
import shlex
from typing import Final

import click

from daemon.control.session import Session, home_option
from daemon.errors import SourceError
from daemon.files.source import read_snapshot
from daemon.files.spelling import resolved
from daemon.home import make_folders
from daemon.lock import holder
from daemon.terminal import safe
from state.job import Offer, Origin

EXIT_REFUSED: Final = 1


@click.command(
    short_help="Queue transcripts from anywhere.",
    epilog="Example: llasactl add ~/Downloads/talk.json",
)
@home_option
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
@click.pass_context
def add(context: click.Context, files: tuple[str, ...]) -> None:
    """Queue transcripts, wherever they lie; the outputs are written beside them.

    A file that is unchanged since its last job is not done again. Exits with 1 when a file
    cannot be taken.
    """
    session = context.ensure_object(Session)
    make_folders(session.home)
    click.echo(session.name_home())
    refused = 0
    with session.writing(create=True) as book:
        for name in files:
            try:
                offer = _offer(name, session.config.max_bytes)
            except SourceError as error:
                refused += 1
                click.echo(f"not taken: {safe(name)}: {safe(error)}", err=True)
                continue
            job = book.queue.offer(offer)
            if job is not None:
                click.echo(f"queued: {job.id}  {session.place(job.path)}")
                continue
            known = book.queue.job_by_path(os.fspath(offer.path))
            told = f"job {known.id} is {known.status}" if known is not None else "known"
            click.echo(f"unchanged: {safe(name)} ({told})")
    if holder(session.home.lock) is None:
        place = safe(shlex.quote(str(session.home.path)))
        click.echo(f"No daemon runs; start it with: llasad --home {place}")
    if refused:
        context.exit(EXIT_REFUSED)


def _offer(name: str, max_bytes: int) -> Offer:
    from engine import sidecars  # late: `status` need not wait for it

    # A person may name a file through a link; the job is for what it leads to.
    path = str(resolved(os.path.expanduser(name)))
    if sidecars.is_ours(os.path.basename(path)):
        raise SourceError("This is one of our own outputs.", reason="ours")
    snapshot = read_snapshot(path, max_bytes=max_bytes)
    if sidecars.is_ours_content(snapshot.data):
        raise SourceError("This is one of our own outputs.", reason="ours")
    return Offer(
        path=path,
        sha256=snapshot.sha256,
        fingerprint=snapshot.fingerprint,
        origin=Origin.MANUAL,
    )


COMMANDS: Final = (add,)
