"""What the user can do with jobs: add, retry, redo, cancel, prioritize, forget."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from daemon.config import Config
from daemon.errors import SourceError
from daemon.files.recordings import MOST_BYTES, is_recording
from daemon.files.source import Snapshot, hash_snapshot, read_snapshot
from daemon.files.spelling import resolved
from daemon.operations.errors import NotPossible, UnknownProfile
from daemon.operations.session import Book, Session
from state.errors import IllegalMove
from state.job import Job, Kind, Offer, Origin, Status


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` did with a file."""

    job: Job | None  # new, or the one that did these bytes before; None where it is not known
    is_new: bool


@dataclass(frozen=True, slots=True)
class RetriedAll:
    """What `retry_failed` did."""

    queued: int  # jobs
    left: dict[Status, int]  # jobs that ended badly without having failed: they must be named


def add(book: Book, name: str) -> Added:
    """Queue a file from anywhere, unless the same bytes of it were done before.

    Raises SourceError for a file that cannot be read or that is one of our own outputs.
    """
    offer = _offer(name, book.session.config)
    job = book.queue.offer(offer)
    if job is not None:
        return Added(job, is_new=True)
    return Added(book.queue.job_by_path(os.fspath(offer.path)), is_new=False)


def _offer(name: str, config: Config) -> Offer:
    from engine import sidecars  # late: `cancel` need not wait for it

    # The user may name a file through a link; the job is for the file behind it.
    path = str(resolved(os.path.expanduser(name)))
    if sidecars.is_ours(os.path.basename(path)):
        raise SourceError("This is one of our own outputs.", reason="ours")
    if is_recording(config, path):
        found = hash_snapshot(path, max_bytes=MOST_BYTES)
        return _offered(path, found, Kind.RECORDING)
    snapshot = read_snapshot(path, max_bytes=config.max_bytes)
    if sidecars.is_ours_content(snapshot.data):
        raise SourceError("This is one of our own outputs.", reason="ours")
    return _offered(path, snapshot, Kind.TRANSCRIPT)


def _offered(path: str, snapshot: Snapshot, kind: Kind) -> Offer:
    return Offer(
        path=path,
        sha256=snapshot.sha256,
        fingerprint=snapshot.fingerprint,
        origin=Origin.MANUAL,
        kind=kind,
    )


def retry(book: Book, name: str) -> Job:
    """Queue a job again that did not end well; its enhanced parts are kept.

    Raises IllegalMove for one that waits, runs, is done or superseded.
    """
    found = book.find(name)
    try:
        return book.queue.retry(found.id)
    except IllegalMove as error:
        if error.status is Status.DONE:
            error.hint = f"To do the file again, run: llasactl redo {found.id}"
        raise


def retry_failed(book: Book) -> RetriedAll:
    """Queue every failed job again."""
    queued = book.queue.retry_failed()
    counts = book.queue.counts()
    bad = (Status.INVALID, Status.PARTIAL)
    return RetriedAll(queued, {status: counts[status] for status in bad if counts[status]})


def check_choice(session: Session, *, model: str | None, profile: str | None) -> None:
    """Raise now for a model or profile that would hold or fail every job.

    Raises UnknownProfile, or NotPossible for a model that cannot be used.
    """
    if profile is not None and session.config.profile_named(profile) is None:
        rules = (session.config.default, *(rule.profile for rule in session.config.rules))
        known = ", ".join(rule.name for rule in rules)
        raise UnknownProfile(
            f"There is no profile {profile!r} in {session.home.settings}. Known: {known}."
        )
    if model is not None:
        from engine.errors import ModelError
        from engine.models import catalog  # late: `cancel` need not wait for it

        try:
            catalog.describe(model, base=session.home.path)
        except ModelError as error:
            raise NotPossible(str(error), hint=error.hint) from error


def redo(book: Book, name: str, *, model: str | None = None, profile: str | None = None) -> Job:
    """Queue a finished file again, with the current settings or with this model and profile."""
    return book.queue.redo(book.find(name).id, model=model, profile=profile)


def redo_all(book: Book, *, model: str | None = None, profile: str | None = None) -> int:
    """Queue every file again that was done or failed; return how many."""
    return book.queue.redo_all(model=model, profile=profile)


def cancel(book: Book, name: str) -> Job:
    """Cancel a job that waits or runs. Raises IllegalMove for any other."""
    return book.queue.cancel(book.find(name).id)


def prioritize(book: Book, names: Sequence[str], *, priority: int | None = None) -> list[Job]:
    """Put waiting jobs first, in the order of their names, or give them all one priority."""
    found = [book.find(name) for name in names]
    # Move the last one first: each then goes before those after it.
    for job in reversed(found) if priority is None else found:
        book.queue.prioritize(job.id, priority)
    return [book.queue.job(job.id) or job for job in found]


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What `forget` removed from the database."""

    path: str  # of the file, which was not touched
    jobs: int


def forget(book: Book, name: str) -> Forgotten:
    """Remove a file's jobs and everything known about it from the database; touch no file.

    Raises NotPossible while one of its jobs runs.
    """
    job = book.find(name)
    for other in book.queue.jobs_of_path(job.path):
        if other.status is Status.RUNNING:
            raise NotPossible(
                f"Job {other.id} of {other.path} is running.",
                hint=f"First run: llasactl cancel {other.id}",
            )
    return Forgotten(job.path, book.queue.forget(job.id))
