"""What a home is doing, in one line for a prompt, a status bar or a menu bar."""

from __future__ import annotations

import os
from typing import Final

from daemon.control.text import count, span
from daemon.operations.reasons import meaning
from daemon.operations.status_records import CurrentJob, StatusReport
from daemon.terminal import safe
from state.job import Reason

NAME: Final = 32  # characters of a file's name
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
    if report.lent:
        return f"lent to {safe(report.lent.who)}"
    if report.waits and report.queue.jobs:
        return _RULES.get(report.waits.rule, "waits")
    return "idle"


def _current(current: CurrentJob) -> str:
    name = safe(os.path.basename(current.path))
    if len(name) > NAME:
        name = name[: NAME - 1] + "…"
    if not current.words_total:
        return name
    return f"{name} {100 * current.words_done // current.words_total}%"
