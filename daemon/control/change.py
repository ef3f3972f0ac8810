"""llasactl redo, cancel, prioritize, forget: what the user changes about single jobs."""

from __future__ import annotations

from typing import Final

import click

from daemon.control.session import TerminalSession, complete_job, home_option, usage_errors
from daemon.control.text import count
from daemon.operations import actions, sounds, writings


@click.command(
    short_help="Do files again, with another model or profile if you like.",
    epilog="Example: llasactl redo talk.json --profile interviews",
)
@home_option
@click.option("--model", metavar="M", help="Use this model: a name or a folder, as in llasa.toml.")
@click.option("--profile", metavar="P", help="Use this profile of llasa.toml.")
@click.option("--all", "everything", is_flag=True, help="Every file that was done or failed.")
@click.option(
    "--stage",
    type=click.Choice(["text", "metadata", "music"]),
    default="text",
    show_default=True,
    help="The text stays, and: metadata: the chat model writes about it again; music: the music "
    "service is asked again.",
)
@click.argument("names", metavar="[FILE|JOB]...", shell_complete=complete_job, nargs=-1)
@click.pass_obj
def redo(
    session: TerminalSession,
    *,
    names: tuple[str, ...],
    everything: bool,
    stage: str,
    model: str | None,
    profile: str | None,
) -> None:
    """Do files again, with the current model and settings or with others.

    The old outputs stay until the new ones are complete. One that you have edited is kept, and
    the new one is written beside it. With --all, new files go first.
    """
    if everything == bool(names):
        raise click.UsageError("Name one or more files or jobs, or give --all, not both.")
    if stage != "text":
        if model is not None or profile is not None:
            raise click.UsageError(f"--stage {stage} takes no --model and no --profile.")
        (_write_again if stage == "metadata" else _hear_again)(session, names)
        return
    with usage_errors():
        actions.check_choice(session, model=model, profile=profile)
    with session.writing() as book:
        click.echo(session.home_line())
        if everything:
            made = actions.redo_all(book, model=model, profile=profile)
            click.echo(f"queued again: {count(made, 'file')}")
        for name in names:
            job = actions.redo(book, name, model=model, profile=profile)
            click.echo(f"queued again: {job.id}  {session.shown_path(job.path)}")


def _write_again(session: TerminalSession, names: tuple[str, ...]) -> None:
    """Have the metadata of these files written again, of all if there are none."""
    with session.writing() as book:
        click.echo(session.home_line())
        if not names:
            made = writings.write_all_again(book)
            click.echo(f"to be written again: metadata of {count(made, 'file')}")
        for name in names:
            job = writings.write_again(book, name)
            click.echo(f"to be written again: metadata of {job.id}  {session.shown_path(job.path)}")


def _hear_again(session: TerminalSession, names: tuple[str, ...]) -> None:
    """Have the music of these files described again, of all if there are none."""
    with session.writing() as book:
        click.echo(session.home_line())
        if not names:
            made = sounds.hear_all_again(book)
            click.echo(f"to be described again: music of {count(made, 'file')}")
        for name in names:
            job = sounds.hear_again(book, name)
            click.echo(f"to be described again: music of {job.id}  {session.shown_path(job.path)}")


@click.command(short_help="Cancel jobs that wait or run.", epilog="Example: llasactl cancel 12")
@home_option
@click.argument("names", metavar="JOB...", shell_complete=complete_job, nargs=-1, required=True)
@click.pass_obj
def cancel(session: TerminalSession, *, names: tuple[str, ...]) -> None:
    """Cancel jobs that wait or run; a running one stops within two seconds.

    Nothing is written for a cancelled job. `retry` queues it again and keeps its finished parts.
    """
    with session.writing() as book:
        click.echo(session.home_line())
        for name in names:
            job = actions.cancel(book, name)
            click.echo(f"cancelled: {job.id}  {session.shown_path(job.path)}")


@click.command(
    short_help="Put waiting jobs first.", epilog="Example: llasactl prioritize talk.json"
)
@home_option
@click.option("--priority", type=int, help="Give this priority; 0 is usual, higher goes first.")
@click.argument("names", metavar="JOB...", shell_complete=complete_job, nargs=-1, required=True)
@click.pass_obj
def prioritize(session: TerminalSession, *, names: tuple[str, ...], priority: int | None) -> None:
    """Put waiting jobs before all others, in the order in which they are named."""
    with session.writing() as book:
        click.echo(session.home_line())
        for job in actions.prioritize(book, names, priority=priority):
            click.echo(f"priority {job.priority}: {job.id}  {session.shown_path(job.path)}")


@click.command(
    short_help="Remove files from the queue's records; touches no file.",
    epilog="Example: llasactl forget old.json",
)
@home_option
@click.argument(
    "names", metavar="FILE|JOB...", shell_complete=complete_job, nargs=-1, required=True
)
@click.pass_obj
def forget(session: TerminalSession, *, names: tuple[str, ...]) -> None:
    """Remove files from the queue's records: all their jobs and what is known about them.

    No file is touched. A file that still lies in a watched folder is new to the next scan and is
    done again; its old outputs then count as yours, and new ones are written beside them.
    """
    with session.writing() as book:
        click.echo(session.home_line())
        for name in names:
            gone = actions.forget(book, name)
            path = session.shown_path(gone.path)
            click.echo(f"forgotten: {count(gone.jobs, 'job')} of {path}")


COMMANDS: Final = (redo, cancel, prioritize, forget)
