"""llasactl speakers: who speaks in a transcript, and its outputs written again with their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from daemon.control.session import (
    TerminalSession,
    complete_job,
    home_option,
    json_option,
    print_json,
    usage_errors,
)
from daemon.control.text import span, written_line
from daemon.operations.errors import InvalidRequest
from daemon.operations.lending import Waiting
from daemon.operations.rerender import Speaker
from daemon.operations.session import Book
from daemon.operations.speaker_search import count_of, find_speakers, undo_search
from daemon.operations.speakers import SpeakersReport, name_speakers
from daemon.terminal import safe
from engine.cli.progress import clock_bar
from engine.diarize.records import Count
from engine.render.clock import clock as clock_time
from engine.text.prose import UNKNOWN

if TYPE_CHECKING:
    from rich.table import Table

EXIT_NOT_RENDERED: Final = 1


@click.command(
    short_help="Show who speaks, and name them in the outputs.",
    epilog='Example: llasactl speakers talk.json SPEAKER_00=Ada SPEAKER_01="Grace H."',
)
@home_option
@json_option
@click.option("--find", "finds", is_flag=True, help="Find out from the recording who speaks.")
@click.option("--speakers", "number", type=int, metavar="N", help="How many there are, for --find.")
@click.option(
    "--between", type=int, nargs=2, metavar="N M", help="How many at least and at most, for --find."
)
@click.option("--undo", is_flag=True, help="Take the last --find back.")
@click.option("--clear", is_flag=True, help="Remove this file's own names.")
@click.option("--apply", is_flag=True, help="Write the outputs again after you edited names.")
@click.argument("job", shell_complete=complete_job)
@click.argument("names", metavar="[LABEL=NAME]...", nargs=-1)
@click.pass_context
def speakers(
    context: click.Context,
    job: str,
    names: tuple[str, ...],
    *,
    as_json: bool,
    finds: bool,
    number: int | None,
    between: tuple[int, int] | None,
    undo: bool,
    clear: bool,
    apply: bool,
) -> None:
    """Show the speakers of a file, or name them and write its outputs again, without the model.

    JOB is an id or a file. The names go into a small file beside the transcript
    (talk.speakers.toml), which you can edit too; LABEL= removes a name. Works while a daemon runs.

    With --find, who speaks when is found in the recording beside the transcript. It goes into
    talk.speakers.json; the words stay as they are. Without a number, that of the names in the
    nearest speakers.toml counts.
    """
    session = context.ensure_object(TerminalSession)
    with usage_errors(), session.writing() as book:
        _refuse_mixture(finds=finds, undo=undo, other=bool(names) or clear or apply)
        count = count_of(number, between or None)
        if count is not None and not finds:
            raise InvalidRequest("--speakers and --between are for --find.")
        if finds:
            report = _find(book, job, count)
        elif undo:
            report = undo_search(book, job)
        else:
            report = name_speakers(book, job, names, clear=clear, apply=apply)
    if as_json:
        print_json(report.to_json())
    else:
        _show(session, report)
    if report.problem:
        context.exit(EXIT_NOT_RENDERED)


def _refuse_mixture(*, finds: bool, undo: bool, other: bool) -> None:
    if finds + undo + other > 1:
        raise InvalidRequest("--find, --undo and names are separate steps.")


def _find(book: Book, job: str, count: Count | None) -> SpeakersReport:
    said: list[str] = []

    def wait(waiting: Waiting) -> None:
        if waiting.reason not in said:
            said.append(waiting.reason)
            click.echo(safe(f"Waiting for the model: {waiting.in_words}."), err=True)

    with clock_bar("finding speakers") as progress:
        report, kept_aside = find_speakers(book, job, count, progress=progress, on_wait=wait)
    if kept_aside is not None:
        name = safe(kept_aside.name)
        click.echo(f"The turns there were edited and stay; the new ones are in {name}.", err=True)
    return report


def _show(session: TerminalSession, report: SpeakersReport) -> None:
    click.echo(session.home_line())
    click.echo(f"file  {session.shown_path(report.path)}")
    if any(speaker.label != UNKNOWN for speaker in report.speakers):
        session.console.print(_table(report.speakers))
    else:
        click.echo("The transcript names no speakers.")
    if report.not_found is not None:
        click.echo(f"Speakers were looked for and not found: {safe(report.not_found)}")
    for proposal in report.proposals:
        when = "" if proposal.at_s is None else f" at {clock_time(proposal.at_s)}"
        click.echo(
            f"{safe(proposal.label)} may be {safe(proposal.name)}: "
            f"\N{LEFT DOUBLE QUOTATION MARK}{safe(proposal.quote)}"
            f"\N{RIGHT DOUBLE QUOTATION MARK}{when}"
        )
    for output in report.outputs:
        path = session.shown_path(output.path)
        click.echo(written_line(path, displaced=output.displaced))
    if report.waits_for is not None:
        click.echo(f"Job {report.waits_for} is not done yet: it uses the names when it is.")
    if report.problem:
        click.echo(f"Not written again: {safe(report.problem)}", err=True)


def _table(found: Sequence[Speaker]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("label", "name"):
        table.add_column(column, overflow="fold")
    for column in ("words", "time"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("begins", overflow="fold")
    for speaker in found:
        table.add_row(
            Text(safe(speaker.label)),
            Text(safe(speaker.name or "")),
            f"{speaker.words:,}",
            "" if speaker.seconds is None else span(speaker.seconds),
            Text(safe(speaker.quote)),
        )
    return table


COMMANDS: Final = (speakers,)
