"""Write outputs again from the finished parts, without the model: of one file, or of all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.errors import DaemonError, SourceError
from daemon.operations import rerender
from daemon.operations.session import Book
from engine.errors import EngineError
from state.errors import JobMoved
from state.job import TERMINAL, Job, Kind, Output


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of one file; exactly one of the last three fields says it."""

    job: Job  # that was named, or whose text it is
    outputs: tuple[Output, ...] = ()  # written now
    waits_for: int | None = None  # the job that writes the outputs when it is done
    error: DaemonError | EngineError | JobMoved | None = None  # why nothing was written

    @property
    def is_gone(self) -> bool:
        """Return whether nothing was written because the transcript no longer exists."""
        return isinstance(self.error, SourceError) and self.error.reason == "source_gone"


def finished_jobs(book: Book) -> list[Job]:
    """Return the jobs whose text lies beside their files; of files that wait, none."""
    latest: dict[str, Job] = {}
    for job in book.queue.jobs():
        latest.setdefault(job.path, job)
    ended = (job for job in latest.values() if job.status in TERMINAL)
    texts = (job for job in ended if job.kind is Kind.TRANSCRIPT)
    found = (rerender.finished(book.queue, job) for job in texts)
    return [job for job in found if job is not None]


def render(book: Book, jobs: list[Job]) -> Iterator[Rendered]:
    """Write the outputs of each job's file again and yield what became of it."""
    for job in jobs:
        try:
            yield _render(book, job)
        except (DaemonError, EngineError, JobMoved) as error:
            yield Rendered(job, error=error)


def _render(book: Book, named: Job) -> Rendered:
    config = book.session.config
    latest = book.queue.job_by_path(named.path) or named
    if latest.status not in TERMINAL:
        return Rendered(named, waits_for=latest.id)
    job = rerender.finished(book.queue, latest) or latest
    names = rerender.names_of(job, config)
    return Rendered(named, tuple(rerender.render_again(book.queue, job, config, names)))
