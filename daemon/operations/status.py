"""What a home is doing: one report, gathered once for every face."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from daemon import parking
from daemon.config import Config
from daemon.lock import holder
from daemon.machine import still_runs
from daemon.operations.hooks import hooks_in
from daemon.operations.reasons import advice, meaning
from daemon.operations.session import Book, Session
from daemon.operations.sounds import report_of as music_of
from daemon.operations.status_records import (
    Activity,
    CurrentJob,
    Held,
    Lent,
    LibraryReport,
    Model,
    Parked,
    Paused,
    Scan,
    StatusReport,
    Trouble,
    Waiting,
    Waits,
    WatchedFolder,
)
from daemon.operations.writings import report_of
from engine.records import Profile
from state.errors import LibraryError
from state.job import Job, Kind, Status
from state.lending import LendingRows
from state.library.opening import library_totals
from state.service import ServiceRecord

STALL_S: Final = 100.0  # without a heartbeat, which comes every 30 s
TROUBLES: Final = 5  # that are reported
_AT_REST: Final = (
    "starting",
    "idle",
    "held",
    "paused",
    "waiting",
    "lent",
)  # phases in which no job runs
_EMBEDDED: Final = Profile().model  # `engine.models.catalog` takes time to import
_LAST_S: Final = 253_370_764_800.0  # the year 9999, after which no moment can be written


def status_of(session: Session) -> StatusReport:
    """Return what a home is doing; works whether or not a daemon runs or ever ran."""
    pid = holder(session.home.lock)
    report = StatusReport(
        home=str(session.home.path),
        home_found_by=session.home.origin,
        running=pid is not None,
        pid=pid or None,
        watching=tuple(WatchedFolder(str(path), "unwatched", "") for path in session.config.watch),
        model=Model(session.config.default.model, advice=advice_on_model(session)),
        parked=parked_of(session),
        jobs={str(status): 0 for status in Status},
    )
    if session.has_database:
        with session.reading() as book:
            return _with_queue(report, book)
    return report


def advice_on_model(session: Session) -> str | None:
    """Return what the user should know about the fitness of the default model, in two sentences."""
    name = session.config.default.model
    if name == _EMBEDDED:
        return None
    from engine.errors import ModelError
    from engine.models import calibrations, catalog  # late: `status` need not wait for it

    try:
        found = calibrations.advice(
            session.home.path, catalog.describe(name, base=session.home.path)
        )
    except ModelError:  # the queue is held and says why
        return None
    return None if found is None else f"{found[0]}. {found[1]}"


def parked_of(session: Session) -> Parked | None:
    """Return why the service no longer starts, None where it does."""
    found = parking.read(session.home.path)
    if found is None or not found.parked:
        return None
    return Parked(found.count, found.reason, _moment(found.at))


def _with_queue(report: StatusReport, book: Book) -> StatusReport:
    """Add what the database knows."""
    service = book.row.read()
    backlog = book.queue.backlog()
    held, paused = book.queue.held(), book.queue.paused()
    running = book.queue.jobs(status=Status.RUNNING, limit=1) if report.running else []
    busy = bool(running) or service.activity is not None
    if report.running:
        report = _with_daemon(report, service, book.session.home.settings)
        report = replace(report, waits=_waits(service, book.session.config))
        report = replace(report, phase=_phase(service.phase, working=busy, held=held is not None))
    current = current_of(running[0], service) if running else None
    left_s = _left_s(backlog.words, service.words_per_s, current)
    troubled = book.queue.jobs(status=(Status.FAILED, Status.INVALID), limit=TROUBLES)
    return replace(
        report,
        lent=lent_of(LendingRows(book.row.database)),
        held=Held(held.reason, held.hint, held.since) if held else None,
        paused=Paused(paused.reason, _moment(paused.until), paused.since) if paused else None,
        current=current,
        activity=_activity(book, service) if report.running else None,
        words_per_s=service.words_per_s,
        queue=Waiting(backlog.jobs, backlog.bytes, backlog.words, left_s),
        jobs={str(status): number for status, number in book.queue.counts().items()},
        edits_kept=book.queue.edits_kept(),
        writing=report_of(book),
        music=music_of(book),
        library=_library(book),
        hooks=hooks_in(book),
        troubles=tuple(trouble_of(job) for job in troubled),
    )


def _waits(service: ServiceRecord, config: Config) -> Waits | None:
    """Return the rule for which the daemon takes no job, in words."""
    wait = service.waiting
    if wait is None:
        return None
    words = {
        "hours": f"outside the hours of work ({config.hours})",
        "power": "the machine runs on its battery",
        "idle": f"somebody uses the machine, or did in the last {config.idle_after_s:g} s",
    }
    rule = str(wait.get("rule"))
    return Waits(rule, _moment(wait.get("until")), words.get(rule, rule))


def _library(book: Book) -> LibraryReport | None:
    try:
        totals = library_totals(book.session.home.library)
    except LibraryError:
        return None  # the daemon builds it again and logs why
    missing = max(0, book.queue.finished_count() - totals.transcripts)
    indexed = totals.transcripts - totals.problems
    return LibraryReport(indexed, totals.passages, missing, totals.problems)


def _with_daemon(report: StatusReport, service: ServiceRecord, settings: Path) -> StatusReport:
    """Add what the running daemon reports about itself."""
    age_s = time.time() - service.heartbeat_at if service.heartbeat_at else 0.0
    watching = tuple(
        WatchedFolder(root["path"], root["state"], root["detail"]) for root in service.watching
    )
    scan = Scan(_moment(service.last_scan_at), service.last_scan_files, service.last_scan_s)
    return replace(
        report,
        draining=any(folder.state == "scanned" for folder in watching),
        stalled=age_s > STALL_S or service.phase == "stalled",
        started_at=_moment(service.started_at),
        heartbeat_at=_moment(service.heartbeat_at),
        version=service.version,
        settings_changed=_is_newer(settings, service.started_at),
        watching=watching or report.watching,
        last_event_at=_moment(service.last_event_at),
        canary_at=_moment(service.canary_at),
        last_scan=scan if service.last_scan_at else None,
        model=replace(
            report.model,
            name=service.model,
            revision=service.model_revision,
            device=service.device_path,
            memory_bytes=service.memory_bytes,
        ),
    )


def _phase(reported: str, *, working: bool, held: bool) -> str:
    """Return what the daemon does: it reports its phase a moment later than its job's status."""
    return "working" if working and not held and reported in _AT_REST else reported


def current_of(job: Job, service: ServiceRecord) -> CurrentJob:
    """Return how far the running job is."""
    left_s = None
    if job.words_total is not None and service.words_per_s:
        left_s = max(0, job.words_total - job.words_done) / service.words_per_s
    return CurrentJob(
        id=job.id,
        path=job.path,
        part=service.current_part,
        parts_done=job.parts_done,
        parts_total=job.parts_total,
        words_done=job.words_done,
        words_total=job.words_total,
        words_per_s=service.words_per_s,
        left_s=None if left_s is None else round(left_s, 1),
        heard_s=service.heard_s if job.kind is Kind.RECORDING else None,
        length_s=service.length_s if job.kind is Kind.RECORDING else None,
    )


def _activity(book: Book, service: ServiceRecord) -> Activity | None:
    """Return what the daemon does with a finished text, None where it does nothing there."""
    now = service.activity
    job = book.queue.job(int(now["job_id"])) if now is not None else None
    if now is None or job is None:
        return None
    return Activity(str(now["kind"]), job.id, job.path, float(now["done"]), now["total"])


def lent_of(rows: LendingRows) -> Lent | None:
    """Return the process that the model is lent to, None where it is not."""
    for request in rows.requests():
        if request.granted_at is not None and still_runs(request.pid, request.birth):
            return Lent(request.who, request.pid, request.granted_at)
    return None


def trouble_of(job: Job) -> Trouble:
    """Return what went wrong with a job and what the user can do."""
    return Trouble(
        id=job.id,
        path=job.path,
        status=str(job.status),
        reason=str(job.reason) if job.reason else None,
        meaning=meaning(job.reason),
        detail=job.detail,
        advice=advice(job.reason, job.id),
    )


def _left_s(
    words: int | None, words_per_s: float | None, current: CurrentJob | None
) -> float | None:
    """Return the time left for everything, the running file included; None when unknown."""
    if words is None or not words_per_s:
        return None
    running_s = (current.left_s or 0.0) if current is not None else 0.0
    return round(words / words_per_s + running_s, 1)


def _is_newer(file: Path, moment: float | None) -> bool:
    try:
        return moment is not None and file.stat().st_mtime > moment
    except OSError:
        return False


def _moment(epoch_s: float | None) -> str | None:
    if epoch_s is None:
        return None
    epoch_s = min(epoch_s, _LAST_S)  # earlier versions stored any number
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
