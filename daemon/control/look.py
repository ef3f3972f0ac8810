"""llasactl open and diff: look at what became of a file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import click

from daemon.control.session import Session, complete_job, home_option
from daemon.control.words import meaning, reason_of
from daemon.errors import CannotRender, DaemonError, SourceError
from daemon.terminal import safe
from engine.changes import Operation
from engine.records import EnhancedWord
from state.job import Job
from state.queue import Queue

# What is opened when nothing is said: what reads best.
PREFERRED: Final = ("enhanced.html", "enhanced.md", "enhanced.txt")
KINDS: Final = ("txt", "srt", "vtt", "md", "html", "metadata")
_KINDS: Final = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
WIDTH: Final = 100


class NothingToShow(DaemonError):
    """There is nothing to look at."""


@click.command(
    "open",
    short_help="Show an output in the system's viewer.",
    epilog="Example: llasactl open talk.json",
)
@home_option
@click.option("--output", metavar="KIND", type=click.Choice(KINDS), help=f"{_KINDS}.")
@click.argument("job", shell_complete=complete_job)
@click.pass_obj
def open_(session: Session, *, job: str, output: str | None) -> None:
    """Show an output of a job in the system's viewer; without one, print its path.

    JOB is an id or a file. Where there are several outputs, HTML goes before Markdown, Markdown
    before text.
    """
    with session.reading() as book:
        found = _with_outputs(book.queue, session.find(book.queue, job))
    path = choose(found, output)
    viewer = viewer_of(sys.platform, os.environ)
    if viewer is None:
        click.echo(safe(path))
        return
    done = subprocess.run(
        [*viewer, path], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        click.echo(safe(path))


def choose(job: Job, kind: str | None) -> str:
    """Return the path of the output that is asked for; raises NothingToShow."""
    there = {output.suffix: output.path for output in job.outputs if os.path.exists(output.path)}
    wanted = PREFERRED if kind is None else (f"enhanced.{kind}", f"{kind}.json")
    for suffix in (*wanted, *(there if kind is None else ())):
        if suffix in there:
            return there[suffix]
    kinds = ", ".join(suffix.split(".")[-2 if "metadata" in suffix else -1] for suffix in there)
    raise NothingToShow(
        f"Job {job.id} has no {kind or 'output'} that is still there.",
        hint=f"There is: {kinds}." if kinds else _see(job),
    )


def viewer_of(platform: str, environment: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the command that shows a file, None where there is no screen for it."""
    if platform == "darwin":
        return ("/usr/bin/open",)
    screen = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    found = shutil.which("xdg-open") if screen else None
    return (found,) if found else None


@click.command(
    short_help="Show word by word what the model changed.",
    epilog="Example: llasactl diff talk.json",
)
@home_option
@click.option("--plain", is_flag=True, help="Without colours: [-before-]{+after+}.")
@click.argument("job", shell_complete=complete_job)
@click.pass_obj
def diff(session: Session, *, job: str, plain: bool) -> None:
    """Show word by word what the model changed, over the whole text, in the system's pager.

    Before is red, after green; a paragraph that was put in is an empty line. What cleaning
    removed is in `show` and in the metadata.
    """
    from daemon.operations import rerender as speakers  # late: `open` need not wait for the engine
    from engine import changes as report
    from engine.text import paragraphs

    with session.reading() as book:
        found = _with_outputs(book.queue, session.find(book.queue, job))
        try:
            kept = speakers.restore(book.queue, found, session.config)
        except (CannotRender, SourceError) as error:
            raise NothingToShow(str(error), hint=error.hint) from error
    words: Iterable[EnhancedWord] = (
        word for paragraph in paragraphs.settle(kept.parts) for word in paragraph
    )
    head = f"{session.name_home()}\njob {found.id}  {session.place(found.path)}\n\n"
    plain = plain or not sys.stdout.isatty() or bool(os.environ.get("NO_COLOR"))
    if not plain and "R" not in os.environ.get("LESS", ""):
        # Without it `less` shows the codes of colours, and click would then take them out.
        os.environ["LESS"] = f"{os.environ.get('LESS', '-F -X')} -R"
    click.echo_via_pager([head, *_shown(report.diff(words), plain=plain)], color=not plain)


def _shown(changes: Iterable[tuple[Operation, str, str]], *, plain: bool) -> Iterator[str]:
    """Yield the text paragraph by paragraph, wrapped, changes marked."""
    width = min(WIDTH, max(40, shutil.get_terminal_size().columns))
    pieces: list[str] = []
    for kind, before, after in changes:
        if kind == "paragraph":
            yield _wrapped(pieces, width)
            pieces = []
        elif kind == "same":
            pieces += safe(before).split(" ")
        else:
            pieces.append(_changed(safe(before), safe(after), plain=plain))
    if pieces:
        yield _wrapped(pieces, width)


def _changed(before: str, after: str, *, plain: bool) -> str:
    if plain:
        return f"[-{before}-]{{+{after}+}}"
    return click.style(before, fg="red", strikethrough=True) + " " + click.style(after, fg="green")


def _wrapped(pieces: Iterable[str], width: int) -> str:
    """Break lines between words; colour codes take no room."""
    lines, line, room = [], "", 0
    for piece in filter(None, pieces):
        length = len(click.unstyle(piece))
        if line and room + 1 + length > width:
            lines.append(line)
            line, room = "", 0
        line, room = (f"{line} {piece}", room + 1 + length) if line else (piece, length)
    return "\n".join([*lines, line, "", ""])


def _with_outputs(queue: Queue, job: Job) -> Job:
    """Return the job, or the newest of its file that has a result; raises NothingToShow."""
    for candidate in (job, *queue.jobs_of_path(job.path)):
        if candidate.outputs:
            return candidate
    why = meaning(reason_of(job))
    told = f"Job {job.id} is {job.status}" + (f": {why}." if why else ".")
    raise NothingToShow(told, hint=_see(job))


def _see(job: Job) -> str:
    return f"`llasactl show {job.id}` says where it stands."


COMMANDS: Final = (open_, diff)
