"""What a home is doing, in one line for a prompt, a status bar or a menu bar."""

from __future__ import annotations

import os
from typing import Final

from daemon.control.text import count, span
from daemon.operations.reasons import meaning
from daemon.operations.status_records import Activity, CurrentJob, StatusReport
from daemon.terminal import safe
from state.job import Reason

NAME: Final = 32  # characters of a file's name
# What is done with a text that is finished, by the kind of the activity.
DOING: Final = {
    "speakers": "finding who speaks",
    "music": "describing the music",
    "metadata": "writing the metadata",
}
_RULES: Final = {"hours": "waits for its hours", "power": "on battery", "idle": "machine in use"}


def line_of(report: StatusReport) -> str:
    """Return the line; its parts are parted by a middle dot, the most important first."""
    parts = [_doing(report)]
    if report.queue.jobs:
        waiting = f"{report.queue.jobs:,} waiting"
        if report.queue.left_s is not None and report.current is not None:
            waiting += f", {span(report.queue.left_s)}"
        parts.append(waiting)
    failed = report.jobs.get("failed", 0) + report.jobs.get("invalid", 0)
    if failed:
        parts.append(f"{count(failed, 'file')} in trouble")
    if any(hook.problem for hook in report.hooks):
        parts.append("a hook fails")
    return " · ".join(parts)


def _doing(report: StatusReport) -> str:
    if not report.running:
        return "parked" if report.parked else "not running"
    if report.stalled:
        return "stalled"
    if report.held:
        known = report.held.reason in Reason.__members__.values()
        return f"held: {meaning(Reason(report.held.reason)) if known else safe(report.held.reason)}"
    if report.paused:
        return "paused"
    if report.current:
        return _current(report.current)
    if report.activity:
        return _activity(report.activity)
    if report.lent:
        return f"lent to {safe(report.lent.who)}"
    if report.waits and report.queue.jobs:
        return _RULES.get(report.waits.rule, "waits")
    return "idle"


def _current(current: CurrentJob) -> str:
    name = _name(current.path)
    if current.heard_s is not None:
        return f"{name} transcribing{_share(current.heard_s, current.length_s)}"
    return f"{name}{_share(current.words_done, current.words_total)}"


def _activity(activity: Activity) -> str:
    """Return what is done with a finished text: "talk.json finding who speaks 40%"."""
    doing = DOING.get(activity.kind, safe(activity.kind))
    return f"{_name(activity.path)} {doing}{_share(activity.done, activity.total)}"


def _name(path: str) -> str:
    name = safe(os.path.basename(path))
    return name if len(name) <= NAME else name[: NAME - 1] + "…"


def _share(done: float, total: float | None) -> str:
    """Return how much is done, "" where nobody knows."""
    return f" {min(100, int(100 * done / total))}%" if total else ""
