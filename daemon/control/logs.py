"""llasactl logs: the daemon's log, one event a line, harmless to a terminal."""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import IO, Final

import click

from daemon.control.session import TerminalSession, home_option
from daemon.log import KEPT, short_line
from daemon.terminal import safe

SHOWN: Final = 50
LOOK_S: Final = 0.5


@click.command(
    short_help="Show the daemon's log, or follow it.", epilog="Example: llasactl logs -f"
)
@home_option
@click.option("--follow", "-f", is_flag=True, help="Show new lines as they come, until Ctrl-C.")
@click.option(
    "--lines",
    "-n",
    type=click.IntRange(min=0),
    default=SHOWN,
    show_default=True,
    help="How many lines to show; 0 is all.",
)
@click.option("--job", type=int, metavar="ID", help="Only the lines of this job.")
@click.pass_obj
def logs(session: TerminalSession, *, follow: bool, lines: int, job: int | None) -> None:
    """Show the last lines of the log: time (UTC), event, fields.

    The log holds no text of transcripts. The file itself is var/log/llasad.log of the home: JSON,
    one event a line.
    """
    path = session.home.log
    found = last_lines(path, lines, job)
    for line in found:
        click.echo(line)
    if not follow:
        if not path.exists():
            click.echo(f"There is no log yet: {safe(path)}", err=True)
        elif not found and job is not None:
            click.echo(f"The log has no line of job {job}: {safe(path)}", err=True)
        return
    try:
        for line in followed(path, job, wait=lambda: time.sleep(LOOK_S)):
            click.echo(line)
    except KeyboardInterrupt:
        return


def last_lines(path: Path, most: int, job: int | None) -> list[str]:
    """Return the last lines of the log and, where it is short, of the rotated files before it."""
    rotated = [path.with_name(f"{path.name}.{number}") for number in range(KEPT, 0, -1)]
    found: deque[str] = deque(maxlen=most or None)
    for file in (*rotated, path):
        try:
            with file.open(encoding="utf-8", errors="replace") as opened:
                found.extend(filter(None, (shown(line, job) for line in opened)))
        except OSError:
            continue
    return list(found)


def followed(
    path: Path, job: int | None, *, wait: Callable[[], None]
) -> Generator[str, None, None]:
    """Yield the lines added to the log from now on, also after a rotation; never ends."""
    opened = _open(path, at_end=True)
    try:
        while True:
            if opened is None:
                opened = _open(path, at_end=False)
            if opened is not None:
                yield from _added(opened, job)
                if _was_replaced(opened, path):
                    opened.close()
                    opened = None
                    continue
            wait()
    finally:
        if opened is not None:
            opened.close()


def _added(opened: IO[str], job: int | None) -> Iterator[str]:
    """Yield the complete lines; a line that is only partly written waits for the next call."""
    while line := opened.readline():
        if not line.endswith("\n"):
            opened.seek(opened.tell() - len(line))
            return
        if (text := shown(line, job)) is not None:
            yield text


def shown(line: str, job: int | None) -> str | None:
    """Return a line of the log as it is shown, None for an empty one or one of another job."""
    if not line.strip():
        return None
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        return safe(line.rstrip("\n")) if job is None else None
    if job is not None and event.get("job_id") != job:
        return None
    return f"{safe(str(event.get('at', ''))[:10])} {short_line(event)}"


def _open(path: Path, *, at_end: bool) -> IO[str] | None:
    try:
        opened = path.open(encoding="ascii", errors="replace", newline="\n")
    except OSError:
        return None
    if at_end:
        opened.seek(0, os.SEEK_END)
    return opened


def _was_replaced(opened: IO[str], path: Path) -> bool:
    try:
        return not os.path.samestat(os.fstat(opened.fileno()), os.stat(path))
    except OSError:
        return True


COMMANDS: Final = (logs,)
