"""What the user corrected in a home, for a model to learn from: read, never changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from daemon.errors import DaemonError
from daemon.operations import rerender
from daemon.operations.session import Book, Session
from daemon.work.kept import Kept, restore
from engine import corrections, pipeline, sidecars
from engine.errors import EngineError
from engine.records import EnhancedWord
from engine.text import glossary, paragraphs
from engine.tuning import corrected
from engine.tuning.records import Origin, Taken
from state.job import Job

_PAGE: Final = 200
_TEXT: Final = "enhanced.txt"
_MOST_BYTES: Final = 16 * 1024 * 1024


def taken(session: Session) -> Iterator[Taken]:
    """Yield what every corrected text of the home gives, or why it gives nothing.

    Texts that nobody corrected are passed over. Raises StateError and ConfigError.
    """
    if not session.has_database:
        return
    with session.reading() as book:
        before: int | None = None
        while rows := book.queue.finished(before=before, limit=_PAGE):
            before = rows[-1].id
            for row in rows:
                job = book.queue.job(row.id)
                if job is not None:
                    yield from _of(book, job)


def _of(book: Book, job: Job) -> Iterator[Taken]:
    """Yield what one finished job gives: an edited output goes before the review page."""
    source = Path(job.path)
    name = book.session.short_path(job.path)
    edited = _edited(book, job, source)
    origin: Origin = "review" if edited is None else "edited"
    try:
        if edited is None and not corrections.read_beside(source).operations:
            return
        kept = restore(book.queue, job, book.session.config)
        machine = _machine(kept)
        if edited is not None:
            yield corrected.of_edited(
                name, machine, edited, language=kept.plan.language, labels=_labels(book, job, kept)
            )
            return
        text = pipeline.correct(kept.plan, kept.parts).paragraphs
        yield corrected.of_reviewed(name, machine, text, language=kept.plan.language)
    except (DaemonError, EngineError) as error:
        yield Taken(name, origin, None, str(error).rstrip("."))


def _machine(kept: Kept) -> list[EnhancedWord]:
    settled = paragraphs.settle(glossary.respell(kept.parts))
    return [word for paragraph in settled for word in paragraph]


def _labels(book: Book, job: Job, kept: Kept) -> set[str]:
    """Return what may stand at the head of a paragraph: labels of speakers and their names."""
    own = {word.speaker for word in kept.plan.transcript.words if word.speaker}
    return own | set(rerender.names_of(job, book.session.config).values()) | {"UNKNOWN"}


def _edited(book: Book, job: Job, source: Path) -> str | None:
    """Return the text beside a source if it is not one that we wrote."""
    path = sidecars.paths_for(source, [_TEXT])[_TEXT]
    try:
        if path.is_symlink() or os.stat(path).st_size > _MOST_BYTES:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    ours = {output.sha256 for one in book.queue.jobs_of_path(job.path) for output in one.outputs}
    if not ours or hashlib.sha256(data).hexdigest() in ours:
        return None
    return data.decode("utf-8-sig", "replace")
