"""What `status` and `jobs` report: gathered once, for the screen and for `--json` alike."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from daemon import parking
from daemon.control.session import Book, Session
from daemon.control.words import advice, meaning, reason_of
from daemon.lock import holder
from state.job import Job, Status
from state.service import ServiceRecord

STALL_S: Final = 100.0  # without a heartbeat, which comes every 30 s
TROUBLES: Final = 5
_AT_REST: Final = ("starting", "idle", "held", "paused")  # phases in which no job runs
_LAST_S: Final = 253_370_764_800.0  # the year 9999, after which no moment can be written


def status_of(session: Session) -> dict[str, Any]:
    """Return everything that `status` tells; the keys are documented in docs/commands.md."""
    pid = holder(session.home.lock)
    report: dict[str, Any] = {
        "home": str(session.home.path),
        "home_found_by": session.home.origin,
        "running": pid is not None,
        "pid": pid or None,
        "phase": "stopped",
        "draining": False,
        "stalled": False,
        "started_at": None,
        "heartbeat_at": None,
        "version": None,
        "settings_changed": False,
        "watching": [
            {"path": str(path), "state": "unwatched", "detail": ""} for path in session.config.watch
        ],
        "last_event_at": None,
        "canary_at": None,
        "last_scan": None,
        "model": {
            "name": session.config.default.model,
            "revision": None,
            "device": None,
            "memory_bytes": None,
        },
        "parked": parked_of(session),
        "held": None,
        "paused": None,
        "current": None,
        "words_per_s": None,
        "queue": {"jobs": 0, "bytes": 0, "words": None, "left_s": None},
        "jobs": {str(status): 0 for status in Status},
        "edits_kept": 0,
        "troubles": [],
    }
    if session.has_database:
        with session.reading() as book:
            _fill(report, book, session)
    return report


def parked_of(session: Session) -> dict[str, Any] | None:
    """Return why the service no longer starts, None when it does."""
    found = parking.read(session.home.path)
    if found is None or not found.parked:
        return None
    return {"failed_starts": found.count, "reason": found.reason, "since": _moment(found.at)}


def _fill(report: dict[str, Any], book: Book, session: Session) -> None:
    service = book.row.read()
    backlog = book.queue.backlog()
    held, paused = book.queue.held(), book.queue.paused()
    running = book.queue.jobs(status=Status.RUNNING, limit=1) if report["running"] else []
    report["jobs"] = {str(status): n for status, n in book.queue.counts().items()}
    report["held"] = held and {"reason": held.reason, "hint": held.hint, "since": held.since}
    report["paused"] = paused and {
        "reason": paused.reason,
        "until": _moment(paused.until),
        "since": paused.since,
    }
    if report["running"]:
        _fill_live(report, service)
        report["phase"] = _phase(service.phase, working=bool(running), held=held is not None)
        report["settings_changed"] = _is_newer(session.home.settings, service.started_at)
    report["words_per_s"] = service.words_per_s
    current = current_of(running[0], service) if running else None
    report["current"] = current
    report["queue"] = {
        "jobs": backlog.jobs,
        "bytes": backlog.bytes,
        "words": backlog.words,
        "left_s": _left(backlog.words, service.words_per_s, current),
    }
    report["edits_kept"] = book.queue.edits_kept()
    troubled = book.queue.jobs(status=(Status.FAILED, Status.INVALID), limit=TROUBLES)
    report["troubles"] = [trouble_of(job) for job in troubled]


def _fill_live(report: dict[str, Any], service: ServiceRecord) -> None:
    age_s = time.time() - service.heartbeat_at if service.heartbeat_at else 0.0
    report["draining"] = any(root["state"] == "scanned" for root in service.watching)
    report["stalled"] = age_s > STALL_S or service.phase == "stalled"
    report["started_at"] = _moment(service.started_at)
    report["heartbeat_at"] = _moment(service.heartbeat_at)
    report["version"] = service.version
    report["watching"] = list(service.watching) or report["watching"]
    report["last_event_at"] = _moment(service.last_event_at)
    report["canary_at"] = _moment(service.canary_at)
    report["last_scan"] = service.last_scan_at and {
        "at": _moment(service.last_scan_at),
        "files": service.last_scan_files,
        "cost_s": service.last_scan_s,
    }
    report["model"] = {
        "name": service.model,
        "revision": service.model_revision,
        "device": service.device_path,
        "memory_bytes": service.memory_bytes,
    }


def _phase(said: str, *, working: bool, held: bool) -> str:
    """Return what the daemon does; of itself it says so a moment late, as its job does not."""
    return "working" if working and not held and said in _AT_REST else said


def current_of(job: Job, service: ServiceRecord) -> dict[str, Any]:
    """Return how far the running job is."""
    left = None
    if job.words_total is not None and service.words_per_s:
        left = max(0, job.words_total - job.words_done) / service.words_per_s
    return {
        "id": job.id,
        "path": job.path,
        "part": service.current_part,
        "parts_done": job.parts_done,
        "parts_total": job.parts_total,
        "words_done": job.words_done,
        "words_total": job.words_total,
        "words_per_s": service.words_per_s,
        "left_s": None if left is None else round(left, 1),
    }


def trouble_of(job: Job) -> dict[str, Any]:
    """Return what went wrong with a job and what can be done."""
    return {
        "id": job.id,
        "path": job.path,
        "status": str(job.status),
        "reason": reason_of(job),
        "meaning": meaning(reason_of(job)),
        "detail": job.detail,
        "advice": advice(reason_of(job), job.id),
    }


def job_of(job: Job) -> dict[str, Any]:
    """Return a job as `jobs --json` and `show --json` give it; see docs/commands.md."""
    return {
        "id": job.id,
        "path": job.path,
        "sha256": job.sha256,
        "bytes": job.size,
        "status": str(job.status),
        "reason": reason_of(job),
        "detail": job.detail,
        "origin": str(job.origin),
        "priority": job.priority,
        "generation": job.generation,
        "attempt": job.attempt,
        "parts_done": job.parts_done,
        "parts_total": job.parts_total,
        "words_done": job.words_done,
        "words_total": job.words_total,
        "decode_s": round(job.decode_s, 3),
        "recipe": job.recipe,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "outputs": [
            {"path": o.path, "sha256": o.sha256, "displaced": o.displaced} for o in job.outputs
        ],
    }


def _left(words: int | None, rate: float | None, current: dict[str, Any] | None) -> float | None:
    """Return the time left for everything, the running file included; None when unknown."""
    if words is None or not rate:
        return None
    return round(words / rate + ((current or {}).get("left_s") or 0.0), 1)


def _is_newer(file: Path, moment: float | None) -> bool:
    try:
        return moment is not None and file.stat().st_mtime > moment
    except OSError:
        return False


def _moment(epoch_s: float | None) -> str | None:
    if epoch_s is None:
        return None
    epoch_s = min(epoch_s, _LAST_S)  # earlier versions kept any
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
