"""llasactl status: one screen that shows what is going on."""

from __future__ import annotations

import os
import shlex
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from daemon.control.jobs import SHOWN
from daemon.control.line import DOING, line_of
from daemon.control.session import TerminalSession, home_option, json_option, print_json
from daemon.control.text import STYLES, clock, count, rate, shorten, size, span
from daemon.operations.hooks import HookReport
from daemon.operations.sounds import MusicReport
from daemon.operations.status import status_of
from daemon.operations.status_records import (
    Activity,
    CurrentJob,
    Held,
    Lent,
    LibraryReport,
    Model,
    Paused,
    StatusReport,
    Trouble,
    Waiting,
    Waits,
    WatchedFolder,
)
from daemon.operations.writings import WritingReport
from daemon.terminal import safe
from state.job import Status

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

REFRESH_S: Final = 1.0
_PHASES: Final = {
    "starting": "cyan",
    "idle": "green",
    "working": "bold cyan",
    "held": "bold yellow",
    "paused": "yellow",
    "waiting": "yellow",
    "lent": "yellow",
    "stopped": "dim",
}
_HEALTHY: Final = frozenset({"watching", "polling", "scanned", "unwatched"})


@click.command(
    short_help="Show what the daemon does, what waits, what went wrong.",
    epilog="Example: llasactl status --watch",
)
@home_option
@json_option
@click.option("--watch", is_flag=True, help="Keep the screen up to date until Ctrl-C.")
@click.option("--line", is_flag=True, help="Print one line, for a prompt or a menu bar.")
@click.pass_obj
def status(session: TerminalSession, *, as_json: bool, watch: bool, line: bool) -> None:
    """Show what the daemon is doing, what waits, and what went wrong.

    Exits with 0 whether or not a daemon runs; `running` in --json says which.
    """
    if as_json:
        print_json(status_of(session).to_json())
    elif line:
        click.echo(line_of(status_of(session)))
    elif watch:
        _watch(session)
    else:
        session.console.print(screen(session, status_of(session)))


def _watch(session: TerminalSession) -> None:
    from rich.live import Live

    try:
        with Live(
            screen(session, status_of(session)), console=session.console, auto_refresh=False
        ) as live:
            while True:
                time.sleep(REFRESH_S)
                live.update(screen(session, status_of(session)), refresh=True)
    except KeyboardInterrupt:
        return


def screen(session: TerminalSession, report: StatusReport) -> Table:
    """Return the status screen for a report."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    width = max(30, session.console.width - 12)

    table.add_row("home", Text(f"{safe(report.home)}  (by {report.home_found_by})"))
    table.add_row("daemon", _daemon(report))
    for number, folder in enumerate(report.watching):
        name = "folders" if report.draining else "watching"
        table.add_row(name if number == 0 else "", _folder(folder))
    if report.running:
        table.add_row("", Text(_last_heard(report), style="dim"))
    table.add_row("model", Text(_model(report.model)))
    if report.lent:
        table.add_row("", Text(_lent(report.lent), style="yellow"))
    if report.model.advice:
        table.add_row("", Text(safe(report.model.advice), style="yellow"))
    if report.settings_changed:
        changed = f"changed since the daemon started; {reread_hint(session, report.pid)}"
        table.add_row("settings", Text(changed, style="yellow"))
    if report.held:
        table.add_row("held", Text(_held(report.held), style="yellow"))
    if report.paused:
        table.add_row("paused", Text(_paused(report.paused), style="yellow"))
    if report.waits:
        table.add_row("waits", Text(_waits(report.waits), style="yellow"))
    table.add_row()
    if report.current:
        table.add_row("now", Text(shorten(session.shown_path(report.current.path), width)))
        table.add_row("", _bar(report.current))
    elif report.activity:
        table.add_row("now", Text(shorten(session.shown_path(report.activity.path), width)))
        table.add_row("", _activity_bar(report.activity))
    table.add_row("waiting", Text(_waiting(report.queue)))
    table.add_row("jobs", _jobs(report.jobs))
    if report.edits_kept:
        table.add_row("edited", Text(_edits(report)))
    if report.writing:
        table.add_row("metadata", Text(_writing(report.writing)))
    if report.music:
        style = "yellow" if report.music.failed else ""
        table.add_row("music", Text(_music(report.music), style=style))
    if report.library:
        table.add_row("library", Text(_library(report.library)))
    for hook in report.hooks:
        if hook.problem:
            table.add_row("hook", Text(_hook(hook), style="yellow"))
    for number, trouble in enumerate(report.troubles):
        table.add_row("trouble" if number == 0 else "", _trouble(session, trouble, width))
    return table


def _daemon(report: StatusReport) -> Text:
    from rich.text import Text

    if report.parked and not report.running:
        tries = count(report.parked.failed_starts, "failed start")
        return Text.assemble(
            (f"parked after {tries}", "bold red"),
            f"\n{safe(report.parked.reason)}\nFix it, then run: llasactl start",
        )
    if not report.running:
        by_hand = f"llasad --home {safe(shlex.quote(report.home))}"
        return Text.assemble(
            ("not running", "bold yellow"),
            f"   start it with: {by_hand}\nor now and at every login with: llasactl install",
        )
    phase = "stalled" if report.stalled else report.phase
    style = "bold red" if report.stalled else _PHASES.get(phase, "")
    text = Text.assemble((phase, style))
    text.append(f"   pid {report.pid}", style="dim")
    if report.started_at:
        text.append(f", up for {span(_age(report.started_at))}", style="dim")
    if report.draining:
        text.append("; ends when done (--drain)", style="dim")
    return text


def reread_hint(session: TerminalSession, pid: int | None) -> str:
    """Return how to make the daemon read its settings again: `restart` is for a service."""
    if pid not in session.services:  # asked once: this is drawn every second
        from daemon.operations.service import runs_as_service  # late: rarely needed

        session.services[pid] = runs_as_service(pid)
    if session.services[pid]:
        return "to use them, run: llasactl restart"
    return "to use them, stop it in its terminal or with llasactl stop, and start it again"


def again_hint(session: TerminalSession, pid: int | None) -> str:
    """Return how to start the daemon again, as a sentence of its own."""
    act = reread_hint(session, pid).removeprefix("to use them, ")
    return act[0].upper() + act[1:] + ("" if ": " in act else ".")


def _folder(folder: WatchedFolder) -> Text:
    from rich.text import Text

    healthy = folder.state in _HEALTHY
    text = Text(f"{safe(folder.path)}   ")
    shown = "" if folder.state == "unwatched" else folder.state
    text.append(shown, style="green" if healthy else "bold red")
    if folder.detail:
        text.append(f"\n{safe(folder.detail)}", style="dim" if healthy else "yellow")
    return text


def _last_heard(report: StatusReport) -> str:
    """Return when the system last reported a change, and when the folders were last scanned."""
    heard = report.last_event_at
    events = f"last event {span(_age(heard))} ago" if heard else "no event yet"
    if report.draining:
        events = "not watched"
    elif report.canary_at:
        events += f", watcher tested {span(_age(report.canary_at))} ago"
    scan = report.last_scan
    if scan is None or scan.at is None:
        return f"{events}; first scan not finished yet"
    cost = f" in {scan.cost_s:.2g} s" if scan.cost_s and scan.cost_s >= 0.01 else ""
    return f"{events}; scan {span(_age(scan.at))} ago: {count(scan.files or 0, 'file')}{cost}"


def _model(model: Model) -> str:
    revision = f" ({safe(model.revision)[:12]})" if model.revision else ""
    if not model.device:
        return f"{safe(model.name)}{revision}, not loaded"
    memory = f", {size(model.memory_bytes)}" if model.memory_bytes else ""
    return f"{safe(model.name)}{revision} on {safe(model.device)}{memory}"


def _lent(lent: Lent) -> str:
    return (
        f"lent to {safe(lent.who)} (pid {lent.pid}) for {span(_age(lent.since))};"
        " files wait until it is given back"
    )


def _held(held: Held) -> str:
    return f"{safe(held.reason)} for {span(_age(held.since))}. {safe(held.hint)}"


def _paused(paused: Paused) -> str:
    end = f"until {clock(paused.until)}" if paused.until else "until `llasactl resume`"
    reason = f"{safe(paused.reason)}; " if paused.reason else ""
    return f"{reason}for {span(_age(paused.since))}, {end}"


def _waits(waits: Waits) -> str:
    return f"{safe(waits.text)}" + (f"; until {clock(waits.until)}" if waits.until else "")


def _bar(current: CurrentJob) -> Any:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    total = current.parts_total
    if current.heard_s is not None:
        return _heard_bar(current.heard_s, current.length_s)
    if not total:
        return "reading"
    words = [f"part {min(current.parts_done + 1, total)} of {total}"]
    if current.words_per_s:
        words.append(rate(current.words_per_s))
    if current.left_s is not None:
        words.append(f"{span(current.left_s)} left")
    grid = Table.grid(padding=(0, 2))
    done, whole = current.words_done, current.words_total or 1
    grid.add_row(
        ProgressBar(total=whole, completed=done, width=22, complete_style="cyan"), ", ".join(words)
    )
    return grid


def _heard_bar(heard_s: float, length_s: float | None) -> Any:
    text = f"transcribing, {span(heard_s)}"
    if length_s is None:
        return text
    return _bar_of(heard_s, length_s, f"{text} of {span(length_s)}")


def _bar_of(done: float, total: float, text: str) -> Any:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=total, completed=done, width=22, complete_style="cyan")
    grid.add_row(bar, text)
    return grid


def _activity_bar(activity: Activity) -> Any:
    """Return what is done with a finished text, and how far it is."""
    text = DOING.get(activity.kind, activity.kind)
    done, total = activity.done, activity.total
    if not total:
        return text
    if activity.kind == "speakers":
        return _bar_of(done, total, f"{text}, {span(done)} of {span(total)}")
    unit = "stretch" if activity.kind == "music" else "request"
    return _bar_of(done, total, f"{text}, {unit} {min(done + 1, total):.0f} of {total:.0f}")


def _waiting(queue: Waiting) -> str:
    if not queue.jobs:
        return "nothing"
    text = f"{count(queue.jobs, 'file')}, {size(queue.bytes)}"
    if queue.words is not None:
        text += f", about {queue.words:,} words"
    return text + (f", {span(queue.left_s)} for all" if queue.left_s is not None else "")


def _edits(report: StatusReport) -> str:
    """Return for how many files an edited output was kept, and how to see which."""
    listed = sum(report.jobs.values())
    more = " --limit 0" if listed > SHOWN else ""
    files = count(report.edits_kept, "file")
    return f"{files} whose edited output was kept; see which: llasactl jobs{more}"


def _writing(writing: WritingReport) -> str:
    """Return how much metadata a model has written, and which file it is at."""
    line = f"{count(writing.written, 'file')} written"
    line += f", {writing.waiting:,} waiting" if writing.waiting else ""
    line += f", {writing.failed:,} given up" if writing.failed else ""
    if writing.current is not None:
        name = safe(os.path.basename(writing.current))
        line += f"; {name}: {writing.requests_done} of {writing.requests_total} requests"
    return line


def _music(music: MusicReport) -> str:
    """Return of how many files the music was described, and why not of the others."""
    line = f"{count(music.described, 'file')} described"
    line += f", {music.waiting:,} waiting" if music.waiting else ""
    if music.failed:
        line += f", {music.failed:,} not ({music.reason}): {safe(music.detail or '')}"
        line += " Again: llasactl redo --stage music --all"
    return line


def _library(library: LibraryReport) -> str:
    held = f"{count(library.transcripts, 'transcript')}, {count(library.passages, 'passage')}"
    waits = f"; {count(library.missing, 'transcript')} not in it yet" if library.missing else ""
    lost = f"; {library.problems:,} without a text" if library.problems else ""
    return held + waits + lost


def _hook(hook: HookReport) -> str:
    lost = f"; {hook.lost:,} not told" if hook.lost else ""
    event = hook.name.partition(".")[0].removeprefix("on_")
    return (
        f"{hook.name} does not work: {safe(hook.problem)}{lost}; "
        f"try it: llasactl hooks --try {event}"
    )


def _jobs(counts: dict[str, int]) -> Text:
    from rich.text import Text

    shown = [
        (f"{number:,} {name}", STYLES[Status(name)])
        for name, number in counts.items()
        if number and name not in {Status.QUEUED, Status.RUNNING}
    ]
    if not shown:
        return Text("none yet")
    text = Text()
    for number, (words, style) in enumerate(shown):
        text.append("   " if number else "")
        text.append(words, style=style)
    return text


def _trouble(session: TerminalSession, trouble: Trouble, width: int) -> Text:
    from rich.text import Text

    name = shorten(session.shown_path(trouble.path), width - 20)
    text = Text.assemble((f"{trouble.id}  ", "bold"), name, (f"  {trouble.status}", "red"))
    text.append(f"\n{safe(trouble.meaning or trouble.reason)}")
    text.append(f"; {trouble.advice}" if trouble.advice else "")
    return text


def _age(iso: str) -> float:
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return 0.0
    return (datetime.now(UTC) - moment.replace(tzinfo=moment.tzinfo or UTC)).total_seconds()


COMMANDS: Final = (status,)
