"""What happened -> the document that a hook reads, and the line that a notification shows."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from daemon.errors import SourceError
from daemon.files.source import read_snapshot
from daemon.operations.reasons import meaning
from state.job import Hold, Job, Reason

SCHEMA: Final = "llasa.hook/1"
NAMED: Final = 3  # files that a notification names
_MOST_BYTES: Final = 4 * 1024 * 1024  # of a text or its metadata; a longer one is left out
_TEXT: Final = "enhanced.txt"
_METADATA: Final = "metadata.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a hook tells at once."""

    event: str  # done or trouble
    home: str
    at: str  # when it is told; UTC, ISO 8601
    jobs: Sequence[Job] = ()  # that have ended
    held: Hold | None = None  # the queue waits for something

    @property
    def size(self) -> int:
        """Return how many things are told."""
        return len(self.jobs) + (self.held is not None)


def document(news: News, *, text: bool) -> bytes:
    """Return the document as JSON; with `text`, the titles and texts of the files too."""
    held = news.held
    value = {
        "schema": SCHEMA,
        "event": news.event,
        "home": news.home,
        "at": news.at,
        "jobs": [_job(job, text=text) for job in news.jobs],
        "held": None
        if held is None
        else {"reason": held.reason, "meaning": _meaning(held.reason), "hint": held.hint},
    }
    return json.dumps(value).encode()


def line(news: News) -> str:
    """Return what a notification says: names of files and reasons, never words of a text."""
    names = [os.path.basename(job.path) for job in news.jobs]
    if news.held is not None:
        waits = f"The queue waits: {_meaning(news.held.reason) or news.held.reason}."
        return f"{waits} Also in trouble: {_some(names)}." if names else waits
    if news.event == "done":
        return f"{names[0]} is ready." if len(names) == 1 else f"Ready: {_some(names)}."
    if len(names) == 1:
        job = news.jobs[0]
        return f"{names[0]}: {meaning(job.reason) or job.status}."
    return f"In trouble: {_some(names)}."


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    rest = len(names) - NAMED
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def _job(job: Job, *, text: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": job.id,
        "path": job.path,
        "status": str(job.status),
        "reason": str(job.reason) if job.reason else None,
        "meaning": meaning(job.reason),
        "detail": job.detail,
        "finished_at": job.finished_at,
        "words": job.words_total,
        "outputs": [{"kind": output.suffix, "path": output.path} for output in job.outputs],
    }
    if text:
        metadata = _read(job, _METADATA)
        try:
            known = json.loads(metadata) if metadata is not None else None
        except ValueError:
            known = None
        told["title"] = known.get("title") if isinstance(known, dict) else None
        body = _read(job, _TEXT)
        told["text"] = None if body is None else body.decode("utf-8", "replace")
    return told


def _read(job: Job, suffix: str) -> bytes | None:
    path = next((output.path for output in job.outputs if output.suffix == suffix), None)
    if path is None:
        return None
    try:
        return read_snapshot(path, max_bytes=_MOST_BYTES).data
    except SourceError:
        return None


def _meaning(reason: str) -> str:
    return meaning(Reason(reason)) if reason in Reason.__members__.values() else ""
