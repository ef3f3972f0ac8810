"""llasactl jobs, show, retry: the list, one of it, and once more."""

from __future__ import annotations

from typing import Any, Final

import click

from daemon.control.session import Session, complete_job, home_option, json_option, print_json
from daemon.control.words import (
    STYLES,
    advice,
    clock,
    count,
    meaning,
    rate,
    reason_of,
    remark,
    shorten,
    size,
    span,
)
from daemon.operations.figures import job_of
from daemon.terminal import safe
from state.errors import IllegalMove
from state.job import Job, Move, PartRow, Reason, Status
from state.queue import Queue

SHOWN: Final = 50
_ID: Final = 6
_STATUS: Final = 10


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
    "--limit", type=click.IntRange(min=0), default=None, help="Most jobs to list; 0 is all."
)
@click.pass_obj
def jobs(session: Session, *, as_json: bool, statuses: tuple[str, ...], limit: int | None) -> None:
    """List jobs, the newest first: one for every version of every file.

    The screen shows 50 unless told otherwise, --json all.
    """
    wanted = [Status(status) for status in dict.fromkeys(statuses)] or None
    most = (0 if as_json else SHOWN) if limit is None else limit
    found, total = _found(session, wanted, most)
    if as_json:
        print_json([job_of(job) for job in found])
        return
    click.echo(session.name_home())
    if not found:
        click.echo("no jobs" + (" of that status" if wanted else " yet"))
        return
    session.console.print(_table(session, found))
    if total > len(found):
        click.echo(f"{len(found):,} of {total:,}; --limit 0 shows all")


def _found(session: Session, wanted: list[Status] | None, most: int) -> tuple[list[Job], int]:
    if not session.has_database:
        return [], 0
    with session.reading() as book:
        counts = book.queue.counts()
        total = sum(counts[status] for status in wanted or Status)
        return book.queue.jobs(status=wanted, limit=most or None), total


def _table(session: Session, found: list[Job]) -> Any:
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
        name = Text(shorten(session.place(job.path), width))
        if told := remark(job):
            name.append(f"\n{told}", style="dim")
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
def show(session: Session, *, job: str, as_json: bool) -> None:
    """Show one job: why it stands where it stands, its parts, outputs and history.

    JOB is an id, or a file (then its latest job).
    """
    with session.reading() as book:
        found = session.find(book.queue, job)
        parts, history = book.queue.parts(found.id), book.queue.history(found.id)
    if as_json:
        print_json(
            {
                **job_of(found),
                "meaning": meaning(reason_of(found)),
                "advice": advice(reason_of(found), found.id),
                "figures": found.figures,
                "parts": [_part_of(part) for part in parts],
                "history": [_move_of(move) for move in history],
            }
        )
        return
    click.echo(session.name_home())
    session.console.print(_one(found, parts, history))


def _one(job: Job, parts: list[PartRow], history: list[Move]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("job", str(job.id))
    table.add_row("file", f"{safe(job.path)}  ({size(job.size)})")
    status = Text(str(job.status), style=STYLES[job.status])
    reason = reason_of(job)
    if reason:
        status.append(f"  {reason}: {meaning(reason)}", style="default")
    table.add_row("status", status)
    if job.detail:
        table.add_row("detail", Text(safe(job.detail)))
    if what := advice(reason, job.id):
        table.add_row("next", Text(what, style="bold"))
    if job.parts_total is not None:
        table.add_row("parts", _parts(job, parts))
    if speed := _speed(parts):
        table.add_row("speed", speed)
    for line in _coverage(job.figures):
        table.add_row("changes", line)
    if job.recipe:
        table.add_row("recipe", Text(safe(job.recipe)))
    for number, output in enumerate(job.outputs):
        beside = "  (beside a file that was edited)" if output.displaced else ""
        table.add_row("outputs" if number == 0 else "", Text(safe(output.path) + beside))
    for number, move in enumerate(history):
        table.add_row("history" if number == 0 else "", Text(_line(move)))
    return table


def _parts(job: Job, parts: list[PartRow]) -> str:
    kinds = [part.status for part in parts if part.status not in (None, "enhanced")]
    tried = sum(part.attempts for part in parts)
    text = f"{job.parts_done} of {job.parts_total}"
    for kind in sorted({kind for kind in kinds if kind}):
        text += f", {kinds.count(kind)} {kind}"
    return text + (f", {count(tried, 'failed try', 'failed tries')}" if tried else "")


def _speed(parts: list[PartRow]) -> str:
    """Return how fast the model decoded what it did decode, "" where that is nothing."""
    decoded = [part for part in parts if part.decode_s > 0]
    words, decode_s = sum(part.words for part in decoded), sum(part.decode_s for part in decoded)
    return f"{rate(words / decode_s)}, {span(decode_s)} of decoding" if words else ""


def _coverage(figures: dict[str, Any]) -> list[str]:
    coverage = figures.get("coverage")
    if not isinstance(coverage, dict):
        return []
    changes, removed = coverage.get("changes", {}), coverage.get("removed", {})
    lines = [
        f"{coverage.get('words_in', 0):,} words in, {coverage.get('words_out', 0):,} out; "
        + ", ".join(f"{number:,} {kind}" for kind, number in changes.items())
    ]
    told = [f"{number:,} {kind}" for kind, number in removed.items() if number]
    return [f"{lines[0]}; removed words: {', '.join(told)}"] if told else lines


def _line(move: Move) -> str:
    reason = f"  {move.reason}" if move.reason else ""
    tried = f"  attempt {move.attempt}" if move.status is Status.RUNNING else ""
    return f"{clock(move.at)}  {move.status}{reason}{tried}"


def _part_of(part: PartRow) -> dict[str, Any]:
    return {
        "index": part.index,
        "status": part.status,
        "words": part.words,
        "decode_s": round(part.decode_s, 3),
        "attempts": part.attempts,
    }


def _move_of(move: Move) -> dict[str, Any]:
    reason: Reason | None = move.reason
    return {
        "at": move.at,
        "status": str(move.status),
        "reason": str(reason) if reason else None,
        "attempt": move.attempt,
    }


@click.command(
    short_help="Queue failed jobs again.",
    epilog="Example: llasactl retry 12   or: llasactl retry --failed",
)
@home_option
@click.option("--failed", is_flag=True, help="All failed jobs.")
@click.argument("names", metavar="[JOB]...", shell_complete=complete_job, nargs=-1)
@click.pass_obj
def retry(session: Session, *, names: tuple[str, ...], failed: bool) -> None:
    """Queue jobs again that failed, were invalid, ignored or cancelled, or are partial.

    JOB is an id, or a file (then its latest job). Parts that were enhanced are kept.
    """
    if failed == bool(names):
        raise click.UsageError("Name one or more jobs, or give --failed.")
    with session.writing() as book:
        click.echo(session.name_home())
        if failed:
            click.echo(f"queued again: {count(book.queue.retry_failed(), 'job')}")
            if left := _left(book.queue):
                click.echo(f"not among them: {left}; name those that are to be tried again")
        for name in names:
            job = _retried(book.queue, session.find(book.queue, name))
            click.echo(f"queued again: {job.id}  {session.place(job.path)}")


def _left(queue: Queue) -> str:
    """Return how many jobs ended badly without having failed, in words."""
    counts = queue.counts()
    return ", ".join(
        f"{counts[status]:,} {status}"
        for status in (Status.INVALID, Status.PARTIAL)
        if counts[status]
    )


def _retried(queue: Queue, job: Job) -> Job:
    try:
        return queue.retry(job.id)
    except IllegalMove as error:
        if error.status is Status.DONE:
            error.hint = f"`llasactl redo {job.id}` does it anew."
        raise


COMMANDS: Final = (jobs, show, retry)
