"""llasactl open and diff: look at the result of a job."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import click

from daemon.control.session import TerminalSession, complete_job, home_option
from daemon.operations import results
from daemon.operations.results import KINDS
from daemon.terminal import safe
from engine.text.changes import Operation

_KINDS: Final = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
WIDTH: Final = 100  # characters of a line of `diff`, at most


@click.command(
    "open",
    short_help="Show an output in the system's viewer.",
    epilog="Example: llasactl open talk.json",
)
@home_option
@click.option("--output", metavar="KIND", type=click.Choice(KINDS), help=f"{_KINDS}.")
@click.argument("job", shell_complete=complete_job)
@click.pass_obj
def open_(session: TerminalSession, *, job: str, output: str | None) -> None:
    """Show an output of a job in the system's viewer; without one, print its path.

    JOB is an id or a file. Of several outputs, HTML goes before Markdown, Markdown before text.
    """
    with session.reading() as book:
        path = results.output_path(book, job, output)
    viewer = viewer_of(sys.platform, os.environ)
    if viewer is None:
        click.echo(safe(path))
        return
    done = subprocess.run(
        [*viewer, path], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode != 0:
        click.echo(safe(path))


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
def diff(session: TerminalSession, *, job: str, plain: bool) -> None:
    """Show word by word what the model changed, over the whole text, in the system's pager.

    Before is red, after is green; a new paragraph is an empty line. `show` and the metadata list
    what cleaning removed. JOB is an id or a file.
    """
    with session.reading() as book:
        changes = results.changes_of(book, job)
    path = session.shown_path(changes.job.path)
    head = f"{session.home_line()}\njob {changes.job.id}  {path}\n\n"
    plain = plain or not sys.stdout.isatty() or bool(os.environ.get("NO_COLOR"))
    if not plain and "R" not in os.environ.get("LESS", ""):
        # Without it `less` shows the codes of colours, and click would then take them out.
        os.environ["LESS"] = f"{os.environ.get('LESS', '-F -X')} -R"
    click.echo_via_pager([head, *_paragraphs(changes.operations, plain=plain)], color=not plain)


def _paragraphs(changes: Iterable[tuple[Operation, str, str]], *, plain: bool) -> Iterator[str]:
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


COMMANDS: Final = (open_, diff)
