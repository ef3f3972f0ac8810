"""llasactl render: outputs written anew from the finished parts, without the model."""

from __future__ import annotations

from typing import Final

import click

from daemon.control import words
from daemon.control.session import Session, complete_job, home_option
from daemon.errors import DaemonError, SourceError
from daemon.operations import rerender as naming
from daemon.terminal import safe
from engine.errors import EngineError
from state.errors import JobMoved
from state.job import TERMINAL, Job
from state.queue import Queue

EXIT_NOT_RENDERED: Final = 1


@click.command(
    short_help="Write outputs anew, without the model.",
    epilog="Example: llasactl render talk.json   or: llasactl render --all",
)
@home_option
@click.option("--all", "everything", is_flag=True, help="Every finished file.")
@click.argument("names", metavar="[JOB]...", shell_complete=complete_job, nargs=-1)
@click.pass_context
def render(context: click.Context, *, names: tuple[str, ...], everything: bool) -> None:
    """Write outputs anew from the finished parts: after a change of `outputs` or of names.

    No model runs and no word is decided again. JOB is an id or a file. An output that you have
    edited is kept, and the new one is written beside it. Works while a daemon runs.
    """
    session = context.ensure_object(Session)
    if everything == bool(names):
        raise click.UsageError("Name one or more files or jobs, or give --all.")
    written = failed = gone = 0
    with session.writing() as book:
        click.echo(session.name_home())
        named = [session.find(book.queue, name) for name in names]
        for job in _finished(book.queue) if everything else named:
            try:
                _render(session, book.queue, job)
                written += 1
            except (DaemonError, EngineError, JobMoved) as error:
                if everything and isinstance(error, SourceError) and error.reason == "source_gone":
                    gone += 1
                    continue
                failed += 1
                click.echo(
                    f"not written anew: {job.id}  {session.place(job.path)}: "
                    f"{safe(error)} {safe(error.hint.replace('JOB', str(job.id)))}",
                    err=True,
                )
    if everything:
        left = f"; {words.count(gone, 'transcript')} no longer there" if gone else ""
        click.echo(f"written anew: {words.count(written, 'file')}{left}")
    if failed:
        context.exit(EXIT_NOT_RENDERED)


def _finished(queue: Queue) -> list[Job]:
    """Return the jobs whose text lies beside their files; of files that wait, none."""
    latest: dict[str, Job] = {}
    for job in queue.jobs():
        latest.setdefault(job.path, job)
    found = (naming.finished(queue, job) for job in latest.values() if job.status in TERMINAL)
    return [job for job in found if job is not None]


def _render(session: Session, queue: Queue, named: Job) -> None:
    """Write the outputs of one file and say so; of one that is not done yet, say that."""
    latest = queue.job_by_path(named.path) or named
    if latest.status not in TERMINAL:
        click.echo(f"Job {latest.id} is not done yet: its outputs are written when it is.")
        return
    job = naming.finished(queue, latest) or latest
    names = naming.names_of(job, session.config)
    for output in naming.render_again(queue, job, session.config, names):
        click.echo(words.written(session.place(output.path), displaced=output.displaced))


COMMANDS: Final = (render,)
