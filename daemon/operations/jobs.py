"""Jobs as every face shows them: the list, one of them in detail, and both as plain values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from daemon.operations.reasons import advice, meaning
from daemon.operations.session import Book, Session
from state.job import Job, Move, Output, PartRow, Status
from state.sounds import SoundRows, SoundSearch
from state.writings import WritingRow, WritingRows


@dataclass(frozen=True, slots=True)
class JobList:
    """Some jobs, the newest first."""

    jobs: tuple[Job, ...]
    total: int  # how many there are, also those beyond the limit


@dataclass(frozen=True, slots=True)
class JobDetails:
    """One job with everything that is recorded about it."""

    job: Job
    parts: tuple[PartRow, ...]  # those that were begun, in order
    history: tuple[Move, ...]  # the oldest first
    writing: WritingRow | None  # of its metadata by a model; None: it writes none
    music: SoundSearch | None = None  # of its recording; None: there is none, or nobody asked


def list_jobs(session: Session, statuses: Collection[Status] = (), limit: int = 0) -> JobList:
    """Return the jobs of these statuses (of all, where none is given), at most `limit` (0: all)."""
    if not session.has_database:
        return JobList((), 0)
    with session.reading() as book:
        counts = book.queue.counts()
        total = sum(counts[status] for status in statuses or Status)
        jobs = book.queue.jobs(status=statuses or None, limit=limit or None)
        return JobList(tuple(jobs), total)


def job_details(book: Book, name: str) -> JobDetails:
    """Return everything about the job of an id or a path; raises NoSuchJob."""
    job = book.find(name)
    return JobDetails(
        job,
        tuple(book.queue.parts(job.id)),
        tuple(book.queue.history(job.id)),
        WritingRows(book.queue.database).row(job.id),
        SoundRows(book.queue.database).row(job.id),
    )


def job_to_json(job: Job) -> dict[str, Any]:
    """Return a job as `jobs --json` gives it; docs/commands.md explains the keys."""
    return {
        "id": job.id,
        "path": job.path,
        "sha256": job.sha256,
        "bytes": job.size,
        "status": str(job.status),
        "reason": _reason(job),
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
        "outputs": [output_to_json(output) for output in job.outputs],
    }


def details_to_json(details: JobDetails) -> dict[str, Any]:
    """Return a job as `show --json` gives it; docs/commands.md explains the keys."""
    job = details.job
    return {
        **job_to_json(job),
        "meaning": meaning(job.reason),
        "advice": advice(job.reason, job.id),
        "figures": job.figures,
        "parts": [
            {
                "index": part.index,
                "status": part.status,
                "words": part.words,
                "decode_s": round(part.decode_s, 3),
                "attempts": part.attempts,
            }
            for part in details.parts
        ],
        "history": [
            {
                "at": move.at,
                "status": str(move.status),
                "reason": _reason(move),
                "attempt": move.attempt,
            }
            for move in details.history
        ],
        "writing": _writing(details.writing),
        "music": _music(details.music),
    }


def _writing(row: WritingRow | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {key: getattr(row, key) for key in ("status", "reason", "detail", "done", "total")}


def _music(row: SoundSearch | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {key: getattr(row, key) for key in ("status", "reason", "detail")}


def output_to_json(output: Output) -> dict[str, Any]:
    """Return one output of a job as plain values."""
    return {"path": output.path, "sha256": output.sha256, "displaced": output.displaced}


def _reason(row: Job | Move) -> str | None:
    return str(row.reason) if row.reason else None
