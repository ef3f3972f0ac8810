"""llasactl redo, cancel, prioritize, forget: what a person changes about single jobs."""

from __future__ import annotations

from typing import Final

import click

from daemon.control.session import Session, complete_job, home_option
from daemon.control.words import count
from daemon.errors import DaemonError
from daemon.terminal import safe
from state.job import Status
from state.queue import Queue


class NotPossible(DaemonError):
    """That cannot be done with this job."""


@click.command(
    short_help="Do files anew, with another model or profile perhaps.",
    epilog="Example: llasactl redo talk.json --profile interviews",
)
@home_option
@click.option("--model", metavar="M", help="With this model: a name or a folder, as in llasa.toml.")
@click.option("--profile", metavar="P", help="With this profile of llasa.toml.")
@click.option("--all", "everything", is_flag=True, help="Every file that has been done or failed.")
@click.argument("names", metavar="[FILE|JOB]...", shell_complete=complete_job, nargs=-1)
@click.pass_obj
def redo(
    session: Session,
    *,
    names: tuple[str, ...],
    everything: bool,
    model: str | None,
    profile: str | None,
) -> None:
    """Do files anew, with the model and settings of today or with others.

    The outputs that are there stay until the new ones are complete. One that you have edited is
    kept, and the new one is written beside it. With --all, files that appear meanwhile go first.
    """
    if everything == bool(names):
        raise click.UsageError("Name one or more files or jobs, or give --all.")
    _refuse_unknown(session, model, profile)
    with session.writing() as book:
        click.echo(session.name_home())
        if everything:
            made = book.queue.redo_all(model=model, profile=profile)
            click.echo(f"queued anew: {count(made, 'file')}")
        for name in names:
            found = session.find(book.queue, name)
            job = book.queue.redo(found.id, model=model, profile=profile)
            click.echo(f"queued anew: {job.id}  {session.place(job.path)}")


def _refuse_unknown(session: Session, model: str | None, profile: str | None) -> None:
    """Raise now for what would otherwise hold or fail every job."""
    if profile is not None and session.config.profile_named(profile) is None:
        rules = (session.config.default, *(rule.profile for rule in session.config.rules))
        known = ", ".join(rule.name for rule in rules)
        raise click.UsageError(
            f"There is no profile {profile!r} in {session.home.settings}. Known: {known}."
        )
    if model is not None:
        from engine.errors import ModelError
        from engine.models import catalog  # late: `cancel` need not wait for it

        try:
            catalog.describe(model, base=session.home.path)
        except ModelError as error:
            raise NotPossible(str(error), hint=error.hint) from error


@click.command(short_help="Take jobs back that wait or run.", epilog="Example: llasactl cancel 12")
@home_option
@click.argument("names", metavar="JOB...", shell_complete=complete_job, nargs=-1, required=True)
@click.pass_obj
def cancel(session: Session, *, names: tuple[str, ...]) -> None:
    """Take jobs back that wait or run; a running one stops within two seconds.

    Nothing is written for it. `retry` takes it up again, with the parts that were finished.
    """
    with session.writing() as book:
        click.echo(session.name_home())
        for name in names:
            job = book.queue.cancel(session.find(book.queue, name).id)
            click.echo(f"cancelled: {job.id}  {session.place(job.path)}")


@click.command(
    short_help="Let waiting jobs go first.", epilog="Example: llasactl prioritize talk.json"
)
@home_option
@click.option("--priority", type=int, help="A figure instead: 0 is usual, higher goes first.")
@click.argument("names", metavar="JOB...", shell_complete=complete_job, nargs=-1, required=True)
@click.pass_obj
def prioritize(session: Session, *, names: tuple[str, ...], priority: int | None) -> None:
    """Let waiting jobs go before all others, in the order in which they are named."""
    with session.writing() as book:
        click.echo(session.name_home())
        found = [session.find(book.queue, name) for name in names]
        # The last named is moved first: each one then goes before those after it.
        for job in reversed(found) if priority is None else found:
            book.queue.prioritize(job.id, priority)
        for job in found:
            moved = book.queue.job(job.id)
            figure = moved.priority if moved is not None else 0
            click.echo(f"priority {figure}: {job.id}  {session.place(job.path)}")


@click.command(
    short_help="Strike files from the books; touches no file.",
    epilog="Example: llasactl forget old.json",
)
@home_option
@click.argument(
    "names", metavar="FILE|JOB...", shell_complete=complete_job, nargs=-1, required=True
)
@click.pass_obj
def forget(session: Session, *, names: tuple[str, ...]) -> None:
    """Strike files from the books: all their jobs and what is known of them.

    No file is touched. One that still lies in a watched folder is new to the next scan and done
    again; its outputs are then taken for yours, and new ones written beside them.
    """
    with session.writing() as book:
        click.echo(session.name_home())
        for name in names:
            job = session.find(book.queue, name)
            _refuse_running(book.queue, job.path)
            gone = book.queue.forget(job.id)
            click.echo(f"forgotten: {count(gone, 'job')} of {session.place(job.path)}")


def _refuse_running(queue: Queue, path: str) -> None:
    for job in queue.jobs_of_path(path):
        if job.status is Status.RUNNING:
            raise NotPossible(
                f"Job {job.id} of {safe(path)} is running.",
                hint=f"First: llasactl cancel {job.id}",
            )


COMMANDS: Final = (redo, cancel, prioritize, forget)
