"""llasactl hooks: what is told to you and your programs, and whether it arrives."""

from __future__ import annotations

from typing import Final

import click

from daemon.control.session import TerminalSession, home_option, json_option, print_json
from daemon.control.text import clock, count
from daemon.errors import NoSuchJob
from daemon.operations.hooks import HookReport, hooks_of
from daemon.terminal import safe
from state.job import Job, Status

_SAMPLES: Final = {
    "done": (Status.DONE, Status.PARTIAL),
    "trouble": (Status.FAILED, Status.INVALID),
}


@click.command(
    short_help="Show what tells you that a file is done, and try it.",
    epilog="Example: llasactl hooks --try done",
)
@home_option
@json_option
@click.option(
    "--try",
    "event",
    type=click.Choice(("done", "trouble")),
    help="Tell it now, with the newest file that is done or in trouble.",
)
@click.pass_context
def hooks(context: click.Context, *, as_json: bool, event: str | None) -> None:
    """Show the hooks of `[on_done]` and `[on_trouble]` in llasa.toml and how each of them is.

    Exits with 1 when a hook does not work.
    """
    session: TerminalSession = context.obj
    if event is not None:
        context.exit(_try(session, event))
    reports = hooks_of(session)
    if as_json:
        print_json([report.to_json() for report in reports])
    else:
        click.echo(session.home_line())
        for report in reports:
            click.echo(f"{report.name:20} {safe(hook_line(report))}")
        if not reports:
            click.echo("none; [on_done] and [on_trouble] in llasa.toml name them")
    context.exit(int(any(report.problem for report in reports)))


def hook_line(report: HookReport) -> str:
    """Return how a hook is, as one line."""
    if not report.known:
        return "not used yet; a daemon that starts now uses it"
    told = f"{count(report.files, 'file')} told" + (
        f", the last at {clock(report.told_at)}" if report.told_at else ""
    )
    lost = f"; {report.lost:,} could not be told" if report.lost else ""
    return f"{told}{lost}" + (f"; does not work: {report.problem}" if report.problem else "")


def _try(session: TerminalSession, event: str) -> int:
    from daemon.announce import trial  # late: rarely needed

    config = session.config
    hook = config.on_done if event == "done" else config.on_trouble
    click.echo(session.home_line())
    if not any(hook.channels):
        click.echo(f"[on_{event}] in llasa.toml names nothing to do")
        return 1
    failed = False
    for channel, problem in trial.tell(event, hook, _sample(session, event), home=config.home.path):
        failed = failed or bool(problem)
        click.echo(f"on_{event}.{channel}: {safe(problem) or 'told'}")
    return int(failed)


def _sample(session: TerminalSession, event: str) -> Job:
    with session.reading() as book:
        found = book.queue.jobs(status=_SAMPLES[event], limit=1)
    if not found:
        which = "is done" if event == "done" else "went wrong"
        raise NoSuchJob(f"No file {which} yet, so there is nothing to tell.")
    return found[0]


COMMANDS: Final = (hooks,)
