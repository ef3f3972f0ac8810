"""Look at the result of a job: the path of an output, and what the model changed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from daemon.errors import CannotRender, SourceError
from daemon.operations.errors import NothingToShow
from daemon.operations.reasons import meaning
from daemon.operations.session import Book
from engine.text.changes import Operation
from state.job import Job

KINDS: Final = ("txt", "srt", "vtt", "md", "html", "metadata")
# What is opened when no kind is named: the most readable first.
PREFERRED: Final = ("enhanced.html", "enhanced.md", "enhanced.txt")


@dataclass(frozen=True, slots=True)
class Changes:
    """What the model changed in a file."""

    job: Job  # whose text it is
    operations: Iterable[tuple[Operation, str, str]]  # kind, before, after; in the text's order


def output_path(book: Book, name: str, kind: str | None = None) -> str:
    """Return the path of a job's output of a kind, or of its most readable one.

    Raises NoSuchJob, and NothingToShow where there is no such output.
    """
    return choose(_with_outputs(book, book.find(name)), kind)


def choose(job: Job, kind: str | None) -> str:
    """Return the path of the output of a kind that still exists; raises NothingToShow."""
    there = {output.suffix: output.path for output in job.outputs if os.path.exists(output.path)}
    wanted = PREFERRED if kind is None else (f"enhanced.{kind}", f"{kind}.json")
    for suffix in (*wanted, *(there if kind is None else ())):
        if suffix in there:
            return there[suffix]
    kinds = ", ".join(suffix.split(".")[-2 if "metadata" in suffix else -1] for suffix in there)
    raise NothingToShow(
        f"Job {job.id} has no {f'{kind} output' if kind else 'output'}, or it was removed.",
        hint=f"It has: {kinds}." if kinds else _show_hint(job),
    )


def changes_of(book: Book, name: str) -> Changes:
    """Return what the model changed in a file; raises NoSuchJob and NothingToShow."""
    from daemon.work.kept import restore  # late: `open` need not wait for the engine
    from engine.text import changes, paragraphs

    job = _with_outputs(book, book.find(name))
    try:
        kept = restore(book.queue, job, book.session.config)
    except (CannotRender, SourceError) as error:
        raise NothingToShow(str(error), hint=error.hint) from error
    words = (word for paragraph in paragraphs.settle(kept.parts) for word in paragraph)
    return Changes(job, changes.diff(words))


def _with_outputs(book: Book, job: Job) -> Job:
    """Return the job, or the newest of its file that has a result; raises NothingToShow."""
    for candidate in (job, *book.queue.jobs_of_path(job.path)):
        if candidate.outputs:
            return candidate
    why = meaning(job.reason)
    raise NothingToShow(
        f"Job {job.id} is {job.status}" + (f": {why}." if why else "."), hint=_show_hint(job)
    )


def _show_hint(job: Job) -> str:
    return f"See its state: llasactl show {job.id}"
