"""llasactl speakers: who is who in a transcript, and its outputs written anew with their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table
from rich.text import Text

from daemon.control.session import Session, complete_job, home_option, json_option, print_json
from daemon.control.words import span, written
from daemon.errors import CannotRender, ConfigError
from daemon.files.source import read_snapshot
from daemon.operations import rerender as naming
from daemon.operations.rerender import Speaker
from daemon.terminal import safe
from engine import reading, sidecars
from engine import speakers as files
from engine.errors import EngineError, TranscriptError
from engine.records import EnhancedWord
from engine.text.prose import UNKNOWN
from state.job import TERMINAL, Job, Output
from state.queue import Queue

EXIT_NOT_RENDERED: Final = 1


@click.command(
    short_help="Who speaks, and their names in the outputs.",
    epilog='Example: llasactl speakers talk.json SPEAKER_00=Ada "SPEAKER_01=Grace Hopper"',
)
@home_option
@json_option
@click.option("--clear", is_flag=True, help="Take this file's own names back.")
@click.option("--apply", "anew", is_flag=True, help="Write the outputs anew after editing names.")
@click.argument("job", shell_complete=complete_job)
@click.argument("names", metavar="[LABEL=NAME]...", nargs=-1)
@click.pass_context
def speakers(
    context: click.Context,
    job: str,
    names: tuple[str, ...],
    *,
    as_json: bool,
    clear: bool,
    anew: bool,
) -> None:
    """Show the speakers of a file, or name them and write its outputs anew, without the model.

    JOB is an id or a file. The names go into a small file beside the transcript
    (talk.speakers.toml), which you can edit too; LABEL= takes one back. Works while a daemon runs.
    """
    session = context.ensure_object(Session)
    try:
        report, found = _speakers(session, job, names, clear=clear, anew=anew)
    except EngineError as error:
        raise ConfigError(str(error), hint=error.hint) from error
    if as_json:
        print_json(report)
    else:
        _show(session, report, found)
    if report["problem"]:
        context.exit(EXIT_NOT_RENDERED)


def _speakers(
    session: Session, name: str, assignments: tuple[str, ...], *, clear: bool, anew: bool
) -> tuple[dict[str, Any], list[Speaker]]:
    with session.writing() as book:
        latest = session.find(book.queue, name)
        latest = book.queue.job_by_path(latest.path) or latest
        done = naming.finished(book.queue, latest)
        source = Path(latest.path)
        config = session.config
        words, problem = _words(session, book.queue, done or latest)
        changes = _changes(assignments, {s.label for s in naming.found_in(words, {})})
        file = files.file_for(source)
        if clear or changes:
            _save(file, changes, source, clear=clear)
        named = naming.names_of(done or latest, config)
        outputs: list[Output] = []
        waits = latest.status not in TERMINAL
        asked = clear or bool(changes) or anew
        if asked and not waits and done is not None and not problem:
            outputs = naming.render_again(book.queue, done, config, named)
    found = naming.found_in(words, named)
    report = {
        "id": (done or latest).id,
        "path": latest.path,
        "speakers": [
            {
                "label": speaker.label,
                "name": speaker.name,
                "words": speaker.words,
                "seconds": speaker.seconds,
                "quote": speaker.quote,
            }
            for speaker in found
        ],
        "names_file": str(file) if file.exists() else None,
        "outputs": [
            {"path": o.path, "sha256": o.sha256, "displaced": o.displaced} for o in outputs
        ],
        "waits_for": latest.id if asked and waits else None,
        "problem": problem if asked and not waits else None,
    }
    return report, found


def _words(session: Session, queue: Queue, job: Job) -> tuple[list[Any], str | None]:
    """Return the words of a file as enhanced, or as they came, and why they are not enhanced."""
    try:
        kept = naming.restore(queue, job, session.config)
        return [word for part in kept.parts for word in part.words], None
    except CannotRender as error:
        problem = f"{error} {error.hint}"
    source = read_snapshot(job.path, max_bytes=session.config.max_bytes)
    try:
        raw = reading.read(source.data, name=Path(job.path).name)
    except TranscriptError as error:
        raise CannotRender(str(error), hint=error.hint) from error
    return [EnhancedWord(word, word.text) for word in raw.words], problem


def _changes(assignments: tuple[str, ...], labels: set[str]) -> dict[str, str | None]:
    """Return what LABEL=NAME arguments ask for; raises a usage error for a label not there."""
    changes: dict[str, str | None] = {}
    for assignment in assignments:
        label, separator, name = assignment.partition("=")
        label, name = label.strip(), " ".join(name.split())
        if not separator or not label:
            raise click.UsageError(f"{safe(assignment)}: LABEL=NAME is wanted.")
        if label not in labels:
            known = ", ".join(safe(known) for known in sorted(labels)) or "none at all"
            raise click.UsageError(f"The file knows no {safe(label)}. Its speakers: {known}.")
        if name and not files.is_name(name):
            raise click.UsageError(
                f"{safe(name)} is no name: at most {files.LONGEST_NAME} characters, on one line."
            )
        changes[label] = name or None
    return changes


def _save(file: Path, changes: dict[str, str | None], source: Path, *, clear: bool) -> None:
    before = None if clear else files.read_text(file)
    if before is not None:
        files.parse(before, path=str(file))
    if clear:
        file.unlink(missing_ok=True)
    if any(changes.values()) or before is not None:
        start = "# Who is who; `llasactl speakers` reads and writes this.\n"
        text = files.edited(before if before is not None else start, changes)
        sidecars.write_file(file, text, mode=source.stat().st_mode & 0o777)


def _show(session: Session, report: dict[str, Any], found: list[Speaker]) -> None:
    click.echo(session.name_home())
    click.echo(f"file  {session.place(report['path'])}")
    if any(speaker.label != UNKNOWN for speaker in found):
        session.console.print(_table(found))
    else:
        click.echo("The transcript names no speakers.")
    for output in report["outputs"]:
        click.echo(written(session.place(output["path"]), displaced=output["displaced"]))
    if report["waits_for"] is not None:
        click.echo(f"Job {report['waits_for']} is not done yet: it takes the names when it is.")
    if report["problem"]:
        click.echo(f"Not written anew: {safe(report['problem'])}", err=True)


def _table(found: list[Speaker]) -> Table:
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
