"""Find who speaks in a transcript's recording, or take the last search back; the text again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from daemon.errors import CannotRender
from daemon.operations import lending, rerender
from daemon.operations.errors import InvalidRequest
from daemon.operations.session import Book
from daemon.operations.speakers import SpeakersReport, name_speakers
from daemon.work.finding import count_from_names, find_beside
from engine.audio.prepare import Progress
from engine.diarize import beside
from engine.diarize.records import MOST_SPEAKERS, Count
from engine.errors import EngineError
from state.job import Job, Kind


def count_of(speakers: int | None, between: tuple[int, int] | None) -> Count | None:
    """Return the count that the user gave, None for none; raises InvalidRequest."""
    if speakers is not None and between is not None:
        raise InvalidRequest("Give --speakers or --between, not both.")
    least, most = between or (speakers or 0, speakers or 0)
    if speakers is None and between is None:
        return None
    if not 1 <= least <= most <= MOST_SPEAKERS:
        raise InvalidRequest(f"The number of speakers is 1 to {MOST_SPEAKERS}, the smaller first.")
    return Count(least, most)


def find_speakers(
    book: Book,
    name: str,
    count: Count | None,
    *,
    progress: Progress = lambda done_s, total_s: None,
    on_wait: Callable[[lending.Waiting], None] = lambda waiting: None,
) -> tuple[SpeakersReport, Path | None]:
    """Find the speakers of a file, write the turns beside it and its text again.

    Returns the report, and the file of the turns where they do not count because somebody has
    edited those that were there. Without a count, the nearest file of names says it. Raises
    NoSuchJob, ModelBusy, and CannotRender when the search fails: then nothing was changed.
    """
    job = _transcript(book, name)
    source, config = Path(job.path), book.session.config
    try:
        told = count if count is not None else count_from_names(source, config)
        with lending.model(config.home, who="llasactl speakers", on_wait=on_wait):
            written = find_beside(source, config, told, progress=progress)
    except EngineError as error:
        raise CannotRender(str(error), hint=error.hint) from error
    report = name_speakers(book, str(job.id), apply=not written.displaced)
    return report, Path(written.path) if written.displaced else None


def undo_search(book: Book, name: str) -> SpeakersReport:
    """Take the last search back, and write the text again as it was before.

    Raises NoSuchJob, InvalidRequest where there was no search, and CannotRender for turns that
    somebody has edited.
    """
    job = _transcript(book, name)
    source = Path(job.path)
    try:
        if not beside.undo(source, mode=source.stat().st_mode & 0o777):
            raise InvalidRequest(f"No speakers were found for {source.name}: nothing to undo.")
    except EngineError as error:
        raise CannotRender(str(error), hint="Then run `llasactl speakers JOB --apply`.") from error
    return name_speakers(book, str(job.id), apply=True)


def _transcript(book: Book, name: str) -> Job:
    """Return the job of a transcript, or of the one that was made of a recording."""
    job = book.find(name)
    latest = book.queue.job_by_path(job.path) or job
    if latest.kind is Kind.RECORDING:
        found = [book.queue.job_by_path(output.path) for output in latest.outputs]
        made = next((one for one in found if one is not None), None)
        if made is None:
            raise InvalidRequest(f"{Path(job.path).name} has no transcript yet.")
        latest = made
    return rerender.finished(book.queue, latest) or latest
