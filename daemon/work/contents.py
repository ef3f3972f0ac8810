"""A finished job -> what the library holds of it: a transcript and its passages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from daemon.config import Config
from daemon.errors import CannotRender, SourceError
from daemon.files.source import read_snapshot
from daemon.work.kept import profile_of, restore
from daemon.work.names import names_for
from engine import pipeline, sidecars
from engine.ask import passages, stored, tokens
from engine.ask.passages import Passage
from engine.errors import CorrectionsError, EngineError, SpeakersError
from state.job import FinishedRow, Job
from state.library.records import NewPassage, NewTranscript
from state.queue import Queue

_TEXT: Final = "enhanced.txt"
_MOST_BYTES: Final = 64 * 1024 * 1024  # of a sidecar


def contents_of(
    queue: Queue, config: Config, job: Job, row: FinishedRow
) -> tuple[NewTranscript, Iterator[NewPassage]]:
    """Return a finished transcript and its passages: from the kept parts, else from the text.

    The parts are lost with the database, and the source may be gone; the text is then still there,
    without times.
    """
    metadata = _metadata_of(row)
    problem = None
    try:
        found = _kept_passages(queue, config, job)
    except (CannotRender, SourceError, EngineError):
        text = _text_of(row)
        problem = "no_text" if text is None else None
        found = passages.of_text(text or "", _labels_of(metadata))
    duration_s = metadata["source"].get("duration_s")
    transcript = NewTranscript(
        path=job.path,
        job_id=job.id,
        stamp=row.stamp,
        sha256=job.sha256,
        dated_s=job.mtime_ns / 1e9,
        title=_short_text(metadata.get("title")),
        language=_short_text(metadata["source"].get("language")),
        duration_s=float(duration_s) if isinstance(duration_s, int | float) else None,
        problem=problem,
    )
    return transcript, map(_stored, found)


def speaker_key(name: str) -> str:
    """Return a speaker's name as the library compares it: whole words between spaces."""
    return f" {' '.join(tokens.tokens(name))} "


def _kept_passages(queue: Queue, config: Config, job: Job) -> Iterator[Passage]:
    kept = restore(queue, job, config)
    try:
        names = names_for(job.path, config, profile_of(job, config))
    except (
        SpeakersError,
        CorrectionsError,
    ):  # the job says it; the outputs have labels too
        names = kept.plan.profile.speakers
    return passages.of_document(pipeline.join(kept.plan, kept.parts), names)


def _stored(passage: Passage) -> NewPassage:
    return NewPassage(
        position=passage.position,
        start_s=passage.start_s,
        end_s=passage.end_s,
        words=len(passage.words),
        speakers="\n".join(speaker_key(name) for name in passage.speakers),
        body=stored.dump(passage),
    )


def _text_of(row: FinishedRow) -> str | None:
    data = _sidecar(row, _TEXT)
    return None if data is None else data.decode("utf-8", "replace")


def _metadata_of(row: FinishedRow) -> dict[str, Any]:
    """Return the metadata that lies beside the text; where there is none, an empty one."""
    data = _sidecar(row, sidecars.METADATA)
    if data is not None and sidecars.is_ours_content(data):
        metadata: dict[str, Any] = json.loads(data)
        if isinstance(metadata.get("source"), dict):
            return metadata
    return {"source": {}}


def _labels_of(metadata: dict[str, Any]) -> set[str]:
    speakers = metadata.get("speakers")
    entries = speakers if isinstance(speakers, list) else []
    return {str(entry.get("label")) for entry in entries if isinstance(entry, dict)}


def _sidecar(row: FinishedRow, suffix: str) -> bytes | None:
    for output in row.outputs:
        if output.suffix == suffix:
            try:
                return read_snapshot(output.path, max_bytes=_MOST_BYTES).data
            except SourceError:
                return None
    return None


def _short_text(value: Any) -> str | None:
    return value[:300] if isinstance(value, str) else None
