"""What a model writes about finished files: how far it is, and having it written again."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.operations.errors import NotPossible
from daemon.operations.session import Book
from state.job import Job
from state.writings import WritingRows

_HINT = 'Name one in llasa.toml: chat_model = "NAME". `llasactl model list` shows what is here.'


@dataclass(frozen=True, slots=True)
class WritingReport:
    """How much metadata is written; the fields are keys of `status --json`."""

    waiting: int  # files
    written: int
    failed: int  # given up: their metadata is quoted
    current: str | None  # path of the file that has begun
    requests_done: int | None  # of that file
    requests_total: int | None


def report_of(book: Book) -> WritingReport | None:
    """Return how much metadata is written and waits, None where there never was any."""
    rows = WritingRows(book.queue.database)
    counts = rows.counts()
    if not counts.waiting + counts.done + counts.failed:
        return None
    row = rows.next()
    begun = row is not None and row.total is not None
    return WritingReport(
        waiting=counts.waiting,
        written=counts.done,
        failed=counts.failed,
        current=row.path if row is not None and begun else None,
        requests_done=row.done if row is not None and begun else None,
        requests_total=row.total if row is not None and begun else None,
    )


def write_again(book: Book, name: str) -> Job:
    """Have the metadata of a finished file written again; what is there stays until then.

    Raises NotPossible where there is no finished text, or no model that writes.
    """
    from daemon.operations.rerender import finished  # late: `status` need not wait for it

    latest = book.find(name)
    job = finished(book.queue, latest)
    if job is None:
        raise NotPossible(
            f"Job {latest.id} is {latest.status}: there is no finished text to write about."
        )
    if not _has_writer(book, job):
        raise NotPossible("No model is named that writes metadata for this file.", hint=_HINT)
    WritingRows(book.queue.database).ask_again(job.id)
    return job


def write_all_again(book: Book) -> int:
    """Have the metadata of every finished file written again; return how many.

    Files whose profile has no model that writes are left out. Raises NotPossible where all are.
    """
    from daemon.operations.rendering import finished_jobs  # late: `status` need not wait for it

    jobs = finished_jobs(book)
    wanted = [job for job in jobs if _has_writer(book, job)]
    if jobs and not wanted:
        raise NotPossible("No model is named that writes metadata.", hint=_HINT)
    rows = WritingRows(book.queue.database)
    for job in wanted:
        rows.ask_again(job.id)
    return len(wanted)


def _has_writer(book: Book, job: Job) -> bool:
    from daemon.work.describing import writer_for  # late: `status` need not wait for it
    from daemon.work.kept import profile_of

    config = book.session.config
    return writer_for(config, profile_of(job, config)) is not None
