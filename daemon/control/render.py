"""llasactl render: write outputs again from the finished parts, without the model."""

from __future__ import annotations

from typing import Final

import click

from daemon.control.session import TerminalSession, complete_job, home_option
from daemon.control.text import count, written_line
from daemon.operations import rendering
from daemon.operations.rendering import Rendered
from daemon.terminal import safe

EXIT_NOT_RENDERED: Final = 1


@click.command(
    short_help="Write outputs again, without the model.",
    epilog="Example: llasactl render talk.json   or: llasactl render --all",
)
@home_option
@click.option("--all", "everything", is_flag=True, help="Every finished file.")
@click.argument("names", metavar="[JOB]...", shell_complete=complete_job, nargs=-1)
@click.pass_context
def render(context: click.Context, *, names: tuple[str, ...], everything: bool) -> None:
    """Write outputs again from the finished parts, after a change of `outputs` or of names.

    No model runs, and the words and marks stay as they were decided. JOB is an id or a file. An
    output that you have edited is kept, and the new one is written beside it. Works while a
    daemon runs.
    """
    session = context.ensure_object(TerminalSession)
    if everything == bool(names):
        raise click.UsageError("Name one or more files or jobs, or give --all, not both.")
    written = failed = gone = 0
    with session.writing() as book:
        click.echo(session.home_line())
        named = [book.find(name) for name in names]
        for found in rendering.render(book, rendering.finished_jobs(book) if everything else named):
            if everything and found.is_gone:
                gone += 1
                continue
            failed += found.error is not None
            written += found.error is None
            _show(session, found)
    if everything:
        left = f"; {count(gone, 'transcript')} no longer there" if gone else ""
        click.echo(f"written again: {count(written, 'file')}{left}")
    if failed:
        context.exit(EXIT_NOT_RENDERED)


def _show(session: TerminalSession, found: Rendered) -> None:
    if found.error is not None:
        job, error = found.job, found.error
        click.echo(
            f"not written again: {job.id}  {session.shown_path(job.path)}: "
            f"{safe(error)} {safe(error.hint.replace('JOB', str(job.id)))}",
            err=True,
        )
    if found.waits_for is not None:
        click.echo(f"Job {found.waits_for} is not done yet: its outputs are written when it is.")
    for output in found.outputs:
        path = session.shown_path(output.path)
        click.echo(written_line(path, displaced=output.displaced))


COMMANDS: Final = (render,)
