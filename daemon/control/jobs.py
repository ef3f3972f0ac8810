"""llasactl jobs, show, retry: list jobs, show one of them, queue it again."""

from __future__ import annotations

from typing import Any, Final

import click

from daemon.control.session import (
    TerminalSession,
    complete_job,
    home_option,
    json_option,
    print_json,
)
from daemon.control.text import (
    BESIDE,
    STYLES,
    clock,
    count,
    rate,
    remark,
    shorten,
    size,
    span,
)
from daemon.operations import actions
from daemon.operations.jobs import (
    JobDetails,
    details_to_json,
    job_details,
    job_to_json,
    list_jobs,
)
from daemon.operations.reasons import advice, meaning
from daemon.terminal import safe
from state.job import Job, Move, PartRow, Status
from state.sounds import SoundSearch
from state.writings import WritingRow

SHOWN: Final = 50  # jobs on a screen, unless --limit says otherwise


@click.command(
    short_help="List jobs, the newest first.", epilog="Example: llasactl jobs --status failed"
)
@home_option
@json_option
@click.option(
    "--status",
    "statuses",
    type=click.Choice([str(status) for status in Status]),
    multiple=True,
    help="Only jobs of this status; may be given several times.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=None,
    help=f"List at most so many jobs; 0 is all. Without it {SHOWN}, with --json all.",
)
@click.pass_obj
def jobs(
    session: TerminalSession, *, as_json: bool, statuses: tuple[str, ...], limit: int | None
) -> None:
    """List jobs, the newest first: one for every version of every file."""
    wanted = [Status(status) for status in dict.fromkeys(statuses)]
    most = (0 if as_json else SHOWN) if limit is None else limit
    found = list_jobs(session, wanted, most)
    if as_json:
        print_json([job_to_json(job) for job in found.jobs])
        return
    click.echo(session.home_line())
    if not found.jobs:
        click.echo("no jobs" + (" of that status" if wanted else " yet"))
        return
    session.console.print(_table(session, found.jobs))
    if found.total > len(found.jobs):
        click.echo(f"{len(found.jobs):,} of {found.total:,}; --limit 0 shows all")


def _table(session: TerminalSession, found: tuple[Job, ...]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("parts", justify="right", no_wrap=True)
    table.add_column("when", no_wrap=True)
    table.add_column("file", overflow="fold")
    width = max(20, session.console.width - 48)
    for job in found:
        name = Text(shorten(session.shown_path(job.path), width))
        if note := remark(job):
            name.append(f"\n{note}", style="dim")
        table.add_row(
            str(job.id),
            Text(str(job.status), style=STYLES[job.status]),
            f"{job.parts_done}/{job.parts_total}" if job.parts_total is not None else "",
            clock(job.finished_at or job.started_at or job.created_at),
            name,
        )
    return table


@click.command(
    short_help="Show one job: why, parts, changes, outputs, history.",
    epilog="Example: llasactl show 12   or: llasactl show talk.json",
)
@home_option
@json_option
@click.argument("job", shell_complete=complete_job)
@click.pass_obj
def show(session: TerminalSession, *, job: str, as_json: bool) -> None:
    """Show one job: its status and the reason, what to do, its parts, outputs and history.

    JOB is an id, or a file (then its latest job).
    """
    with session.reading() as book:
        details = job_details(book, job)
    if as_json:
        print_json(details_to_json(details))
        return
    click.echo(session.home_line())
    session.console.print(_details(details))


def _details(details: JobDetails) -> Any:
    from rich.table import Table
    from rich.text import Text

    job, parts = details.job, details.parts
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("job", str(job.id))
    table.add_row("file", f"{safe(job.path)}  ({size(job.size)})")
    status = Text(str(job.status), style=STYLES[job.status])
    if job.reason:
        status.append(f"  {job.reason}: {meaning(job.reason)}", style="default")
    table.add_row("status", status)
    if job.detail:
        table.add_row("detail", Text(safe(job.detail)))
    if step := advice(job.reason, job.id):
        table.add_row("next", Text(step, style="bold"))
    if job.parts_total is not None:
        table.add_row("parts", _parts(job, parts))
    if speed := _speed(parts):
        table.add_row("speed", speed)
    if details.writing:
        table.add_row("metadata", Text(_writing(details.writing)))
    if details.music:
        table.add_row("music", Text(_music(details.music)))
    if line := _coverage(job.figures):
        table.add_row("changes", line)
    if job.recipe:
        table.add_row("recipe", Text(safe(job.recipe)))
    for number, output in enumerate(job.outputs):
        beside = f"  ({BESIDE})" if output.displaced else ""
        table.add_row("outputs" if number == 0 else "", Text(safe(output.path) + beside))
    for number, move in enumerate(details.history):
        table.add_row("history" if number == 0 else "", Text(_line(move)))
    return table


def _parts(job: Job, parts: tuple[PartRow, ...]) -> str:
    kinds = [part.status for part in parts if part.status not in (None, "enhanced")]
    tried = sum(part.attempts for part in parts)
    text = f"{job.parts_done} of {job.parts_total}"
    for kind in sorted({kind for kind in kinds if kind}):
        text += f", {kinds.count(kind)} {kind}"
    return text + (f", {count(tried, 'failed try', 'failed tries')}" if tried else "")


def _writing(row: WritingRow) -> str:
    """Return how far the metadata is that a model writes."""
    if row.status == "done":
        return "written by a model"
    if row.status == "failed":
        again = f"llasactl redo --stage metadata {row.job_id}"
        return f"not written ({row.reason}): {safe(row.detail or '')} Again: {again}"
    total = f", {row.done} of {row.total} requests done" if row.total is not None else ""
    return f"waits to be written{total}"


def _music(row: SoundSearch) -> str:
    """Return what became of the music of a file."""
    if row.status == "done":
        return "described by the music service"
    if row.status == "failed":
        again = f"llasactl redo --stage music {row.job_id}"
        return f"not described ({row.reason}): {safe(row.detail or '')} Again: {again}"
    return "waits to be described"


def _speed(parts: tuple[PartRow, ...]) -> str:
    """Return how fast the model decoded, "" where it decoded nothing."""
    decoded = [part for part in parts if part.decode_s > 0]
    words, decode_s = sum(part.words for part in decoded), sum(part.decode_s for part in decoded)
    return f"{rate(words / decode_s)}, {span(decode_s)} of decoding" if words else ""


def _coverage(figures: dict[str, Any]) -> str:
    """Return what was changed and removed, "" where nothing is recorded."""
    coverage = figures.get("coverage")
    if not isinstance(coverage, dict):
        return ""
    changes, removed = coverage.get("changes", {}), coverage.get("removed", {})
    line = f"{coverage.get('words_in', 0):,} words in, {coverage.get('words_out', 0):,} out; "
    line += ", ".join(f"{number:,} {kind}" for kind, number in changes.items())
    kinds = [f"{number:,} {kind}" for kind, number in removed.items() if number]
    return f"{line}; removed words: {', '.join(kinds)}" if kinds else line


def _line(move: Move) -> str:
    reason = f"  {move.reason}" if move.reason else ""
    attempt = f"  attempt {move.attempt}" if move.status is Status.RUNNING else ""
    return f"{clock(move.at)}  {move.status}{reason}{attempt}"


@click.command(
    short_help="Queue failed jobs again.",
    epilog="Example: llasactl retry 12   or: llasactl retry --failed",
)
@home_option
@click.option("--failed", is_flag=True, help="All failed jobs.")
@click.argument("names", metavar="[JOB]...", shell_complete=complete_job, nargs=-1)
@click.pass_obj
def retry(session: TerminalSession, *, names: tuple[str, ...], failed: bool) -> None:
    """Queue jobs again that are failed, invalid, ignored, cancelled or partial.

    JOB is an id, or a file (then its latest job). Parts that were enhanced are kept.
    """
    if failed == bool(names):
        raise click.UsageError("Name one or more jobs, or give --failed, not both.")
    with session.writing() as book:
        click.echo(session.home_line())
        if failed:
            done = actions.retry_failed(book)
            click.echo(f"queued again: {count(done.queued, 'job')}")
            if left := ", ".join(f"{number:,} {status}" for status, number in done.left.items()):
                click.echo(f"not among them: {left}; to try those again, name them")
        for name in names:
            job = actions.retry(book, name)
            click.echo(f"queued again: {job.id}  {session.shown_path(job.path)}")


COMMANDS: Final = (jobs, show, retry)
