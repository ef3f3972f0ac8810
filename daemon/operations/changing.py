"""What another program may change where it is allowed to: redo a transcript, name speakers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daemon.operations import actions, recordings
from daemon.operations.errors import InvalidRequest
from daemon.operations.search import Limits
from daemon.operations.session import Session
from daemon.operations.speakers import name_speakers as name_speakers_of


def redo(session: Session, job_id: int, limits: Limits) -> dict[str, Any]:
    """Queue a finished transcript again; raises NoSuchRecording for one that may not be read."""
    known = recordings.recording(session, job_id, limits)
    with session.writing() as book:
        job = actions.redo(book, str(known.id))
    return {"id": job.id, "file": known.file, "status": str(job.status)}


def name_speakers(
    session: Session, job_id: int, names: Mapping[str, str], limits: Limits
) -> dict[str, Any]:
    """Name the speakers of a transcript and write its outputs again.

    Raises NoSuchRecording for one that may not be read, InvalidRequest for labels that it lacks.
    """
    known = recordings.recording(session, job_id, limits)
    for label in names:
        if "=" in label:
            raise InvalidRequest("A label of a speaker has no equals sign.")
    pairs = [f"{label}={name}" for label, name in names.items()]
    with session.writing() as book:
        report = name_speakers_of(book, str(known.id), pairs)
    found = report.to_json()
    return {key: found[key] for key in ("id", "speakers", "problem")}
