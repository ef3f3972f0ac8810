"""What is heard of the music of finished files: how far it is, and having it described again."""

from __future__ import annotations

from dataclasses import dataclass

from daemon.operations.errors import NotPossible
from daemon.operations.session import Book
from state.job import Job
from state.sounds import SoundRows

_HINT = "Set `describe_music = true` in llasa.toml, for all files or in a profile."


@dataclass(frozen=True, slots=True)
class MusicReport:
    """How much music is described; the fields are keys of `status --json`."""

    waiting: int  # files
    described: int
    failed: int  # given up, until they are asked for again
    reason: str | None  # of the newest of these, such as "service_missing"
    detail: str | None  # the same, in words


def report_of(book: Book) -> MusicReport | None:
    """Return how much music is described and waits, None where there never was any."""
    rows = SoundRows(book.queue.database)
    counts = rows.counts()
    if not counts.waiting + counts.done + counts.failed:
        return None
    newest = next(iter(rows.failed(limit=1)), None) if counts.failed else None
    return MusicReport(
        waiting=counts.waiting,
        described=counts.done,
        failed=counts.failed,
        reason=None if newest is None else newest.reason,
        detail=None if newest is None else newest.detail,
    )


def hear_again(book: Book, name: str) -> Job:
    """Have the music of a finished file described again; what is there stays until then.

    Raises NotPossible where there is no finished text, where no profile wants it, and where its
    transcript has no music.
    """
    from daemon.operations.rerender import finished  # late: `status` need not wait for it

    latest = book.find(name)
    job = finished(book.queue, latest)
    if job is None:
        raise NotPossible(f"Job {latest.id} is {latest.status}: there is no finished text.")
    if not _is_wanted(book, job):
        raise NotPossible("The profile of this file does not ask for its music.", hint=_HINT)
    if not _has_music(book, job):
        raise NotPossible(
            "Its transcript has no music: no tag such as [Music], and no long loop that was "
            "removed.",
            hint="`llasa-cli chat` asks about any recording, with its tool analyze_music.",
        )
    SoundRows(book.queue.database).ask_again(job.id)
    return job


def hear_all_again(book: Book) -> int:
    """Have the music of every finished file described again; return how many have any.

    Raises NotPossible where no profile wants it.
    """
    from daemon.operations.rendering import finished_jobs  # late: `status` need not wait for it

    jobs = finished_jobs(book)
    wanted = [job for job in jobs if _is_wanted(book, job)]
    if jobs and not wanted:
        raise NotPossible("No profile asks for the music of these files.", hint=_HINT)
    rows = SoundRows(book.queue.database)
    found = [job for job in wanted if _has_music(book, job)]
    for job in found:
        rows.ask_again(job.id)
    return len(found)


def _is_wanted(book: Book, job: Job) -> bool:
    from daemon.work.kept import profile_of  # late: `status` need not wait for it

    return profile_of(job, book.session.config).describe_music


def _has_music(book: Book, job: Job) -> bool:
    """Return whether music is looked for in a file; True where it cannot be read now."""
    from daemon.errors import CannotRender, SourceError
    from daemon.work.hearing import stretches_of
    from daemon.work.kept import restore

    try:
        return bool(stretches_of(restore(book.queue, job, book.session.config).plan))
    except (CannotRender, SourceError):
        return True  # the step says why
