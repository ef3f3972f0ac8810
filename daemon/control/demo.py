"""llasactl demo: show the whole product in a minute, in a home of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from daemon import samples
from daemon.control.session import TerminalSession
from daemon.control.text import STYLES, count, rate, span
from daemon.errors import DaemonError
from daemon.home import Home, make_folders
from daemon.terminal import safe, safe_block
from state.database import open_readonly
from state.errors import DatabaseError
from state.job import TERMINAL, Job, Status
from state.queue import Queue
from state.service import ServiceRow

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PATIENCE_S: Final = 120.0
LOOK_S: Final = 0.15
SHOWN: Final = "allotment"  # the sample that is shown before and after
_SETTINGS: Final = (
    "# The demo's home; settle_s is short, because nothing writes slowly here.\nsettle_s = 0.5\n"
)
_ABOUT: Final = {
    "allotment.json": "whisper.cpp, no punctuation",
    "the-car.json": "WhisperX, two speakers",
    "kitchen-note.json": "openai-whisper, a loop at its end",
}


class DemoFailed(DaemonError):
    """The demo could not be shown."""


@click.command(
    short_help="See it work in a minute, in a folder of its own.",
    epilog="Example: llasactl demo",
)
@click.option(
    "--into", type=click.Path(path_type=Path), metavar="DIR", help="Create the demo's home here."
)
@click.option("--model", metavar="NAME", help="Use this model instead of llasa's own.")
@click.pass_context
def demo(context: click.Context, into: Path | None, model: str | None) -> None:
    """Show how llasa works: a home, a daemon, three transcripts and their results.

    It takes less than a minute and touches nothing but a folder of its own.
    """
    console = context.ensure_object(TerminalSession).console
    home = _make_home(into, model)
    begun = time.monotonic()
    console.print(f"home  {safe(home.path)}  (created for this demo)\n")
    daemon = _start(home)
    try:
        _wait_until_watching(home, daemon)
        console.print(f"A daemon runs (pid {daemon.pid}) and watches var/transcripts.")
        console.print(f"Dropping {count(len(_ABOUT), 'transcript')} there:\n")
        _drop(home)
        found = _follow(console, home, daemon)
    finally:
        _stop(daemon)
    _show_results(console, home, found, time.monotonic() - begun)
    if any(job.status is not Status.DONE for job in found):
        context.exit(1)


def _make_home(into: Path | None, model: str | None) -> Home:
    path = Path(tempfile.mkdtemp(prefix="llasa-demo-")) if into is None else into.absolute()
    if path.is_symlink() or path.exists():
        _refuse_used(path)
    home = Home(path.resolve(), "--home")
    make_folders(home)
    chosen = f"model = {json.dumps(model)}\n" if model else ""
    home.settings.write_text(_SETTINGS + chosen, encoding="utf-8")
    return home


def _refuse_used(path: Path) -> None:
    """Refuse an existing home, and any folder in which something could be lost."""
    try:
        if not any(path.iterdir()):
            return
    except OSError as error:
        why = f"{path} cannot be used: {error.strerror}."
        raise DemoFailed(why, hint="Name a new folder with --into.") from error
    raise DemoFailed(f"{path} is not empty.", hint="Name a new folder with --into.")


def _start(home: Home) -> subprocess.Popen[bytes]:
    # -P: no folder of the caller goes before our own modules.
    command = [sys.executable, "-P", "-m", "daemon.start", "--quiet", "--home", str(home.path)]
    environment = {key: value for key, value in os.environ.items() if key != "LLASA_HOME"}
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, cwd=home.path)


def _wait_until_watching(home: Home, daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        _refuse_dead(home, daemon)
        try:
            with open_readonly(home.database) as database:
                if ServiceRow(database).read().last_scan_at is not None:
                    return
        except DatabaseError:
            pass  # the daemon is creating it at this moment
        time.sleep(LOOK_S)
    raise DemoFailed("The daemon did not start to watch.", hint=f"Its log: {home.log}")


def _refuse_dead(home: Home, daemon: subprocess.Popen[bytes]) -> None:
    if daemon.poll() is not None:
        raise DemoFailed(
            f"The daemon ended with exit code {daemon.returncode}.", hint=f"Its log: {home.log}"
        )


def _drop(home: Home) -> None:
    for name in _ABOUT:
        data = resources.files(samples).joinpath(name).read_bytes()
        (home.transcripts / name).write_bytes(data)


def _follow(console: Console, home: Home, daemon: subprocess.Popen[bytes]) -> list[Job]:
    """Show the work until all jobs are done; return them in the order of the samples."""
    from rich.live import Live

    deadline = time.monotonic() + PATIENCE_S
    printed: list[str] = []
    with open_readonly(home.database) as database, contextlib.ExitStack() as stack:
        queue, row = Queue(database), ServiceRow(database)
        live = Live(console=console, auto_refresh=False)
        if console.is_terminal:
            stack.enter_context(live)
        while time.monotonic() < deadline:
            found = [queue.job_by_path(str(home.transcripts / name)) for name in _ABOUT]
            if console.is_terminal:
                live.update(_progress(found, row.read().words_per_s), refresh=True)
            else:
                _print_changes(console, found, printed)
            done = [job for job in found if job is not None and job.status in TERMINAL]
            if len(done) == len(found):
                return done
            if (held := queue.held()) is not None:
                raise DemoFailed(f"The queue is held: {held.reason}.", hint=held.hint)
            _refuse_dead(home, daemon)
            time.sleep(LOOK_S)
    raise DemoFailed(
        f"The transcripts were not done within {PATIENCE_S:.0f} s.", hint=f"The log: {home.log}"
    )


def _print_changes(console: Console, found: list[Job | None], printed: list[str]) -> None:
    """Print a line for each change, where no screen can be redrawn."""
    for (name, about), job in zip(_ABOUT.items(), found, strict=True):
        line = f"  {name:18} {job.status if job is not None else 'settling':8} {about}"
        if line not in printed:
            printed.append(line)
            console.print(line)


def _progress(found: list[Job | None], words_per_s: float | None) -> Table:
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2, 0, 0))
    for width in (20, 10, 8, 33):  # fixed, so that nothing moves while it is redrawn
        table.add_column(min_width=width)
    for (name, about), job in zip(_ABOUT.items(), found, strict=True):
        status, done, whole = "settling", 0, 1
        if job is not None:
            status, done, whole = str(job.status), job.words_done, job.words_total or 1
        if job is not None and job.status in TERMINAL:
            note = Text(about, style="dim")
        elif job is not None and job.status is Status.RUNNING:
            note = Text(rate(words_per_s) if words_per_s else "loading the model")
        else:
            note = Text("waiting", style="dim")
        style = STYLES[Status(status)] if job is not None else "dim"
        bar = ProgressBar(total=whole, completed=done, width=10, complete_style="cyan")
        table.add_row(f"  {name}", bar, Text(status, style=style), note)
    return table


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.send_signal(signal.SIGTERM)
    try:
        daemon.wait(timeout=20)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _show_results(console: Console, home: Home, found: list[Job], spent_s: float) -> None:
    transcripts = home.transcripts
    _show_before_and_after(console, transcripts / f"{SHOWN}.json")
    for job in found:
        if job.outputs:
            _show_metadata(console, Path(job.path))
    console.print(f"\nThe files are in {safe(transcripts)}:")
    for path in sorted(transcripts.iterdir()):
        mark = "   " if path.name in _ABOUT else " + "
        console.print(f" {mark}{safe(path.name)}")
    console.print(
        f"\n{count(len(found), 'transcript')}, {_speed(found, spent_s)}; "
        "nothing left this machine.\n\n"
        "Next: start a daemon on a home of your own, `llasad --home ~/llasa` in a terminal or\n"
        "`llasactl install --home ~/llasa` for every login, and put a transcript into its\n"
        "var/transcripts. `llasactl --help` lists the commands."
    )


def _speed(found: list[Job], spent_s: float) -> str:
    """Return words and seconds of the whole demo, and the rate of its decoding alone."""
    words = sum(job.words_total or 0 for job in found)
    decode_s = sum(job.decode_s for job in found)
    alone = f" (decoding alone: {rate(words / decode_s)})" if decode_s else ""
    return f"{words:,} words in {span(spent_s)}{alone}"


def _show_before_and_after(console: Console, source: Path) -> None:
    from rich.table import Table
    from rich.text import Text

    try:
        raw = json.loads(source.read_bytes())
        after = source.with_name(f"{SHOWN}.enhanced.txt").read_text(encoding="utf-8").strip()
    except OSError:
        return
    before = "".join(str(item["text"]) for item in raw["transcription"]).strip()
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True, header_style="bold")
    table.add_column(f"{SHOWN}.json", ratio=1)
    table.add_column(f"{SHOWN}.enhanced.txt", ratio=1)
    table.add_row(Text(safe(before), style="dim"), Text(safe_block(after)))
    console.print()
    console.print(table)


def _show_metadata(console: Console, source: Path) -> None:
    from rich.table import Table
    from rich.text import Text

    path = source.with_name(f"{source.stem}.metadata.json")
    metadata = json.loads(path.read_bytes())
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for key in ("title", "description"):
        if metadata.get(key):
            table.add_row(key, Text(safe(metadata[key])))
    if metadata.get("tags"):
        table.add_row("tags", Text(safe(", ".join(map(str, metadata["tags"])))))
    if metadata.get("speakers"):
        table.add_row("speakers", Text(_speakers(metadata["speakers"])))
    table.add_row("kept", Text(_kept(metadata["coverage"])))
    console.print()
    console.print(Text(safe(path.name), style="bold"))
    console.print(table)


def _speakers(speakers: list[dict[str, Any]]) -> str:
    return ", ".join(f"{safe(s['label'] or 'UNKNOWN')} ({s['words']} words)" for s in speakers)


def _kept(coverage: dict[str, Any]) -> str:
    text = f"{coverage['words_out']} of {coverage['words_in']} words"
    removed = [
        f"{removal['count']} removed as {removal['kind']} (“{_clip(removal['text'])}”)"
        for removal in coverage["removals"]
    ]
    return "; ".join([text, *removed])


def _clip(text: str, length: int = 24) -> str:
    return safe(text if len(text) <= length else text[: length - 1] + "…")


COMMANDS: Final = (demo,)
