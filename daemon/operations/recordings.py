"""Look through the library: list its transcripts and read one, page by page."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from daemon.errors import SourceError
from daemon.files.source import read_snapshot
from daemon.operations.errors import NoSuchRecording, NothingToShow
from daemon.operations.places import metadata_path_of
from daemon.operations.search import Limits, may_read, opened, passage_of
from daemon.operations.session import Session
from engine import sidecars
from state.library.library import Library
from state.library.records import TranscriptRow

PAGE: Final = 200  # rows that are read at once
MOST_CHARACTERS: Final = 20_000  # of a page of a transcript
MOST_ENTRIES: Final = 100  # of a list in the metadata
_MOST_BYTES: Final = 64 * 1024 * 1024
_ABOUT: Final = (
    "title", "description", "summary", "key_points", "tags", "chapters", "speakers", "origin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """A transcript of the library."""

    id: int  # of the job whose text it is
    file: str  # the transcript's source
    title: str | None
    language: str | None  # ISO 639-1
    duration_s: float | None
    dated_at: str | None  # when the file was written last, UTC in ISO 8601
    words: int

    def to_json(self) -> dict[str, Any]:
        """Return the recording as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Line:
    """What one speaker says without a break, or a paragraph of it."""

    start_s: float | None
    speaker: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a transcript."""

    recording: Recording
    lines: tuple[Line, ...]
    next_passage: int | None  # where the next page begins; None: this was the last one

    def to_json(self) -> dict[str, Any]:
        """Return the page as plain values."""
        return asdict(self)


def recordings(session: Session, limits: Limits, *, limit: int, offset: int = 0) -> list[Recording]:
    """Return transcripts of the library, newest first; raises LibraryError."""
    with opened(session) as library:
        allowed = (row for row in _all(library) if may_read(session, row.path, limits))
        return [_recording(row) for row in islice(allowed, offset, offset + limit)]


def recording(session: Session, job_id: int, limits: Limits) -> Recording:
    """Return a transcript by the id of its job; raises NoSuchRecording and LibraryError."""
    with opened(session) as library:
        return _recording(_found(session, library, job_id, limits))


def transcript(
    session: Session,
    job_id: int,
    limits: Limits,
    *,
    from_s: float | None = None,
    to_s: float | None = None,
    passage: int = 0,
) -> Page:
    """Return a page of a transcript: the passages in a span of time, from a passage on.

    A page ends after `MOST_CHARACTERS`, with the passage that exceeds them. A transcript without
    times is not limited by them. Raises NoSuchRecording and LibraryError.
    """
    lines: list[Line] = []
    size = 0
    following: int | None = None
    with opened(session) as library:
        row = _found(session, library, job_id, limits)
        for found in library.passages_of(row.id, first=max(0, passage)):
            if from_s is not None and found.end_s is not None and found.end_s < from_s:
                continue
            if to_s is not None and found.start_s is not None and found.start_s > to_s:
                break
            if size >= MOST_CHARACTERS:
                following = found.position
                break
            for turn in passage_of(found).turns:
                lines.append(Line(turn.words[0].start_s, turn.speaker, turn.text))
                size += len(turn.text)
    return Page(_recording(row), tuple(lines), following)


def metadata_of(session: Session, job_id: int, limits: Limits) -> dict[str, Any]:
    """Return what the metadata says of a transcript, without what was changed in it.

    Raises NoSuchRecording, NothingToShow where the file is gone, and LibraryError.
    """
    with opened(session) as library:
        row = _found(session, library, job_id, limits)
    path = metadata_path_of(session, row.path)
    try:
        data = read_snapshot(str(path), max_bytes=_MOST_BYTES).data
    except SourceError as error:
        raise NothingToShow("The metadata file of this recording is gone.") from error
    if not sidecars.is_ours_content(data):
        raise NothingToShow("The metadata file of this recording was replaced.")
    metadata = json.loads(data)
    about = {key: _bounded(metadata.get(key)) for key in _ABOUT}
    return {**_recording(row).to_json(), **about}


def _all(library: Library) -> Iterator[TranscriptRow]:
    offset = 0
    while rows := library.transcripts(limit=PAGE, offset=offset):
        yield from (row for row in rows if row.problem is None)
        offset += len(rows)


def _found(session: Session, library: Library, job_id: int, limits: Limits) -> TranscriptRow:
    row = library.transcript_of(job_id)
    if row is None or not may_read(session, row.path, limits):
        raise NoSuchRecording(f"There is no recording {job_id} in the library.")
    return row


def _recording(row: TranscriptRow) -> Recording:
    moment = datetime.fromtimestamp(max(0.0, min(row.dated_s, 2**33)), UTC)
    return Recording(
        id=row.job_id,
        file=os.fsencode(row.path).decode("utf-8", "replace"),
        title=row.title,
        language=row.language,
        duration_s=row.duration_s,
        dated_at=moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
        words=row.words,
    )


def _bounded(value: Any) -> Any:
    return value[:MOST_ENTRIES] if isinstance(value, list) else value
