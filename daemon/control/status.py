"""llasactl status: one screen that answers what is going on."""

from __future__ import annotations

import shlex
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from daemon.control.jobs import SHOWN
from daemon.control.session import Session, home_option, json_option, print_json
from daemon.control.words import STYLES, clock, count, rate, shorten, size, span
from daemon.operations.figures import status_of
from daemon.terminal import safe
from state.job import Status

if TYPE_CHECKING:
    from rich.table import Table

REFRESH_S: Final = 1.0
_PHASES: Final = {
    "starting": "cyan",
    "idle": "green",
    "working": "bold cyan",
    "held": "bold yellow",
    "paused": "yellow",
    "stopped": "dim",
}


@click.command(
    short_help="What the daemon does, what waits, what went wrong.",
    epilog="Example: llasactl status --watch",
)
@home_option
@json_option
@click.option("--watch", is_flag=True, help="Keep the screen up to date until Ctrl-C.")
@click.pass_obj
def status(session: Session, *, as_json: bool, watch: bool) -> None:
    """Show what the daemon is doing, what waits, and what went wrong.

    Exits with 0 whether or not a daemon runs: `running` in --json tells.
    """
    if as_json:
        print_json(status_of(session))
    elif watch:
        _watch(session)
    else:
        session.console.print(screen(session, status_of(session)))


def _watch(session: Session) -> None:
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


def screen(session: Session, report: dict[str, Any]) -> Table:
    """Return the status screen for a report."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    width = max(30, session.console.width - 12)

    table.add_row("home", Text(f"{safe(report['home'])}  (by {report['home_found_by']})"))
    table.add_row("daemon", _daemon(report))
    for number, folder in enumerate(report["watching"]):
        name = "folders" if report["draining"] else "watching"
        table.add_row(name if number == 0 else "", _folder(folder))
    if report["running"]:
        table.add_row("", Text(_heard(report), style="dim"))
    table.add_row("model", Text(_model(report["model"])))
    if report["settings_changed"]:
        changed = f"changed since the daemon's start; {_anew(session, report['pid'])}"
        table.add_row("settings", Text(changed, style="yellow"))
    if report["held"]:
        table.add_row("held", Text(_hold(report["held"]), style="yellow"))
    if report["paused"]:
        table.add_row("paused", Text(_pause(report["paused"]), style="yellow"))
    table.add_row()
    if report["current"]:
        table.add_row("now", Text(shorten(session.place(report["current"]["path"]), width)))
        table.add_row("", _bar(report["current"]))
    table.add_row("waiting", Text(_queue(report["queue"])))
    table.add_row("jobs", _jobs(report["jobs"]))
    if report["edits_kept"]:
        table.add_row("edited", Text(_edits(report)))
    for number, trouble in enumerate(report["troubles"]):
        table.add_row("trouble" if number == 0 else "", _trouble(session, trouble, width))
    return table


def _daemon(report: dict[str, Any]) -> Any:
    from rich.text import Text

    if report["parked"] and not report["running"]:
        tries = count(report["parked"]["failed_starts"], "failed start")
        return Text.assemble(
            (f"parked after {tries}", "bold red"),
            f"\n{safe(report['parked']['reason'])}\nMend it, then: llasactl start",
        )
    if not report["running"]:
        by_hand = f"llasad --home {safe(shlex.quote(report['home']))}"
        return Text.assemble(
            ("not running", "bold yellow"),
            f"   start it with: {by_hand}\nor for good with: llasactl install",
        )
    phase = "stalled" if report["stalled"] else report["phase"]
    text = Text(phase, style="bold red" if report["stalled"] else _PHASES.get(phase, ""))
    text.append(f"   pid {report['pid']}", style="dim")
    if report["started_at"]:
        text.append(f", up for {span(_age(report['started_at']))}", style="dim")
    if report["draining"]:
        text.append("; ends when done (--drain)", style="dim")
    return text


def _anew(session: Session, pid: int | None) -> str:
    """Return how the daemon comes to read its settings anew: `restart` is for a service."""
    if pid not in session.services:  # asked once: this is drawn every second
        session.services[pid] = _is_service(pid)
    if session.services[pid]:
        return "it reads them anew with: llasactl restart"
    return "end it in its terminal, or with llasactl stop, and start it again"


def _is_service(pid: int | None) -> bool:
    """Tell whether the service manager runs this process; a manager may not name its own."""
    from launchd import agent  # late: only asked when the settings have changed
    from launchd.errors import ServiceError

    try:
        state = agent.manager().state()
    except ServiceError:
        return False
    return state.installed and state.running and state.pid in (None, pid)


def _folder(folder: dict[str, Any]) -> Any:
    from rich.text import Text

    healthy = folder["state"] in {"watching", "polling", "scanned", "unwatched"}
    text = Text(f"{safe(folder['path'])}   ")
    shown = "" if folder["state"] == "unwatched" else folder["state"]
    text.append(shown, style="green" if healthy else "bold red")
    if folder["detail"]:
        text.append(f"\n{safe(folder['detail'])}", style="dim" if healthy else "yellow")
    return text


def _heard(report: dict[str, Any]) -> str:
    heard = report["last_event_at"]
    told = f"event {span(_age(heard))} ago" if heard else "no event yet"
    if report["draining"]:
        told = "not watched"
    elif report["canary_at"]:
        told += f", proved {span(_age(report['canary_at']))} ago"
    scan = report["last_scan"]
    if not scan:
        return f"{told}; first scan on its way"
    cost = f" in {scan['cost_s']:.2g} s" if scan["cost_s"] >= 0.01 else ""
    return f"{told}; scan {span(_age(scan['at']))} ago: {count(scan['files'], 'file')}{cost}"


def _model(model: dict[str, Any]) -> str:
    revision = f" ({safe(model['revision'])[:12]})" if model["revision"] else ""
    if not model["device"]:
        return f"{safe(model['name'])}{revision}, not loaded"
    memory = f", {size(model['memory_bytes'])}" if model["memory_bytes"] else ""
    return f"{safe(model['name'])}{revision} on {safe(model['device'])}{memory}"


def _hold(held: dict[str, Any]) -> str:
    return f"{safe(held['reason'])} for {span(_age(held['since']))}. {safe(held['hint'])}"


def _pause(paused: dict[str, Any]) -> str:
    end = f"until {clock(paused['until'])}" if paused["until"] else "until `llasactl resume`"
    reason = f"{safe(paused['reason'])}; " if paused["reason"] else ""
    return f"{reason}for {span(_age(paused['since']))}, {end}"


def _bar(current: dict[str, Any]) -> Any:
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    total = current["parts_total"]
    if not total:
        return "reading"
    words = [f"part {min(current['parts_done'] + 1, total)} of {total}"]
    if current["words_per_s"]:
        words.append(rate(current["words_per_s"]))
    if current["left_s"] is not None:
        words.append(f"{span(current['left_s'])} left")
    grid = Table.grid(padding=(0, 2))
    done, whole = current["words_done"], current["words_total"] or 1
    grid.add_row(
        ProgressBar(total=whole, completed=done, width=22, complete_style="cyan"), ", ".join(words)
    )
    return grid


def _queue(queue: dict[str, Any]) -> str:
    if not queue["jobs"]:
        return "nothing"
    text = f"{count(queue['jobs'], 'file')}, {size(queue['bytes'])}"
    if queue["words"] is not None:
        text += f", about {queue['words']:,} words"
    return text + (f", {span(queue['left_s'])} for all" if queue["left_s"] is not None else "")


def _edits(report: dict[str, Any]) -> str:
    """Return of how many files an edited output was kept, and where they are shown."""
    listed = sum(report["jobs"].values())
    more = " --limit 0" if listed > SHOWN else ""
    files = count(report["edits_kept"], "file")
    return f"{files} whose edited output was kept; marked in: llasactl jobs{more}"


def _jobs(counts: dict[str, int]) -> Any:
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


def _trouble(session: Session, trouble: dict[str, Any], width: int) -> Any:
    from rich.text import Text

    name = shorten(session.place(trouble["path"]), width - 20)
    text = Text.assemble((f"{trouble['id']}  ", "bold"), name, (f"  {trouble['status']}", "red"))
    text.append(f"\n{safe(trouble['meaning'] or trouble['reason'])}")
    text.append(f"; {trouble['advice']}" if trouble["advice"] else "")
    return text


def _age(iso: str) -> float:
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return 0.0
    return (datetime.now(UTC) - moment.replace(tzinfo=moment.tzinfo or UTC)).total_seconds()


COMMANDS: Final = (status,)
