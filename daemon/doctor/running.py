"""Examine what runs and what it has recorded: watcher, database, service, queue."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Iterator
from typing import Final

from daemon.config import Config
from daemon.doctor.findings import Finding, failure, ok, warning
from daemon.home import Home
from daemon.intake.canary import Canary
from daemon.intake.inbox import Inbox
from daemon.intake.watch import HEALTHY, POLL_S, RootWatch
from daemon.operations.status_records import StatusReport
from launchd.agent import ServiceState, manager
from launchd.errors import ServiceError
from state.database import open_readonly
from state.errors import StateError

SAFE_SQLITE: Final = (3, 51, 3)  # in older ones a reset of the log could lose a write
WAL_BYTES: Final = 64_000_000  # a larger log is a warning
EVENT_S: Final = 5.0  # within which a new file must be noticed
_LOOK_S: Final = 0.05


def database(home: Home) -> Iterator[Finding]:
    """Check the database: undamaged, with a short log, of a SQLite that is known to be safe."""
    if not home.database.exists():
        yield ok("database", "none yet; the daemon creates it")
        return
    try:
        with open_readonly(home.database) as opened:
            found, number, wal = opened.check(), opened.sqlite_version, opened.wal_bytes()
    except StateError as error:
        yield failure("database", str(error), error.hint)
        return
    if found:
        yield failure(
            "database",
            f"damaged: {found[0]}",
            "Run: llasactl restart. The database is set aside and rebuilt from the folders.",
        )
    else:
        yield ok("database", f"undamaged; SQLite {number}, log of {wal / 1e6:.1f} MB")
    if wal > WAL_BYTES:
        yield warning(
            "database",
            f"its log has grown to {wal / 1e6:.0f} MB",
            "A process holds a read open. To empty the log, run: llasactl restart",
        )
    if tuple(int(part) for part in re.findall(r"\d+", number)) < SAFE_SQLITE:
        yield warning(
            "database",
            f"SQLite {number} can lose a write when two processes reset its log at the same time "
            "(fixed in 3.51.3)",
            "In llasa only the daemon resets it, so it is safe here; a newer Python brings a "
            "newer SQLite.",
        )


def watcher(config: Config, *, wait: Callable[[float], None] = time.sleep) -> Iterator[Finding]:
    """Write a file into each watched folder and wait for its event, through a real watcher."""
    for folder in config.watch:
        if not folder.is_dir():
            continue  # reported by `machine.watched`
        inbox = Inbox()
        root = RootWatch(folder, inbox, lambda path: False)
        canary = Canary(inbox)
        try:
            root.check()
            yield _hears(root, canary, wait)
        finally:
            canary.close()
            root.close()


def _hears(root: RootWatch, canary: Canary, wait: Callable[[float], None]) -> Finding:
    if root.state not in HEALTHY:
        return failure("watcher", f"{root.root}: {root.detail or root.state}".rstrip("."))
    polled = root.state == "polling"
    patience_s = 2 * POLL_S + EVENT_S if polled else EVENT_S
    begun = time.monotonic()
    while (spent := time.monotonic() - begun) < patience_s:
        if canary.tick(spent, [root]).heard:
            how = "by polling" if polled else "by an event of the system"
            return ok("watcher", f"a new file in {root.root} was noticed {how} in {spent:.1f} s")
        wait(_LOOK_S)
    return failure(
        "watcher",
        f"a new file in {root.root} was not noticed in {patience_s:.0f} s",
        "New files are still found by the scan every `rescan_s`.",
    )


def service(report: StatusReport, found: ServiceState | None = None) -> Iterator[Finding]:
    """Check whether the daemon is installed, runs and makes progress."""
    if found is None:
        try:
            found = manager().state()
        except ServiceError as error:
            yield warning("service", str(error), error.hint)
            found = ServiceState(installed=False, running=False, pid=None, detail=str(error))
    if report.parked:
        yield failure(
            "service",
            f"parked after {report.parked.failed_starts} failed starts: {report.parked.reason}",
            "Fix it, then run: llasactl start",
        )
    elif found.installed:
        yield (
            ok("service", f"installed: {found.detail}")
            if found.running
            else warning("service", f"installed, but {found.detail}", "llasactl start")
        )
    else:
        yield warning("service", "not installed: it does not start at login", "llasactl install")
    yield from _running(report)


def _running(report: StatusReport) -> Iterator[Finding]:
    if not report.running:
        yield warning(
            "daemon", "no daemon runs on this home", f"llasad --home {shlex.quote(report.home)}"
        )
    elif report.stalled:
        yield failure("daemon", "it runs, but makes no progress", "llasactl restart")
    else:
        yield ok("daemon", f"runs (pid {report.pid}), {report.phase}")
    if report.held:
        yield failure("queue", f"held: {report.held.reason}", report.held.hint)
    for hook in report.hooks:
        if hook.problem:
            lost = f"; {hook.lost:,} files were not told" if hook.lost else ""
            yield warning(
                "hooks",
                f"{hook.name} does not work: {hook.problem}{lost}",
                f"Correct it in llasa.toml, then: llasactl hooks --try {_event_of(hook.name)}",
            )
        else:
            yield ok("hooks", f"{hook.name}" + ("" if hook.known else " (not used yet)"))
    if report.paused:
        yield warning("queue", "paused", "llasactl resume")
    failed = report.jobs["failed"] + report.jobs["invalid"]
    if failed:
        yield warning(
            "queue",
            f"failed or invalid jobs: {failed:,}",
            "llasactl jobs --status failed --status invalid",
        )


def _event_of(hook: str) -> str:
    """Return the event of a hook's name: done or trouble."""
    return hook.partition(".")[0].removeprefix("on_")
