"""What was kept of a finished job -> its text again, without the model."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.errors import CannotRender
from daemon.files.source import Snapshot, read_snapshot
from engine import corrections, pipeline, rerender
from engine.diarize import assign, beside
from engine.errors import AlignmentError, CorrectionsError, SpeakersError, TranscriptError
from engine.records import EnhancedPart, Profile
from state.job import Job, Status
from state.queue import Queue

RENDERED: Final = frozenset({Status.DONE, Status.PARTIAL})


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished text, restored from what was kept so that it can be rendered again."""

    source: Snapshot  # the file as it is now, with the content that the job had
    plan: pipeline.Plan  # made again from the source and the job's recipe, with the corrections
    parts: list[EnhancedPart]  # from the database, in order


def profile_of(job: Job, config: Config) -> Profile:
    """Return the profile of a job: the one that a redo named, if the settings still have it."""
    named = config.profile_named(job.profile) if job.profile is not None else None
    return named or config.profile_for(job.path)


def restore(queue: Queue, job: Job, config: Config) -> Kept:
    """Read the source of a finished job again and fit the kept parts to it.

    Raises CannotRender when they do not fit or are gone, SourceError when the file cannot be read.
    """
    hint = f"`llasactl redo {job.id}` processes the file again, with its names."
    if job.status not in RENDERED or job.recipe is None:
        raise CannotRender(f"Job {job.id} is {job.status}: there is no finished text.", hint=hint)
    if job.parts_total is None:
        lost = f"The parts of job {job.id} went with the database that was lost."
        raise CannotRender(lost, hint=hint)
    source = read_snapshot(job.path, max_bytes=config.max_bytes)
    if source.sha256 != job.sha256:
        raise CannotRender("The file has other content by now.", hint=hint)
    try:
        plan = rerender.plan(
            source.data,
            name=os.path.basename(job.path),
            recipe=job.recipe,
            model=job.figures.get("model", {}),
            profile=profile_of(job, config),
        )
        plan = assign.in_plan(plan, beside.turns_beside(Path(job.path)))
        parts = rerender.parts(plan, queue.parts_done(job))
    except (AlignmentError, SpeakersError, TranscriptError) as error:
        raise CannotRender(str(error), hint=hint) from error
    try:
        found = corrections.read_beside(Path(job.path))
    except CorrectionsError as error:  # never the text without them: they may be hours of work
        raise CannotRender(str(error), hint=error.hint) from error
    return Kept(source, replace(plan, corrections=found.operations), parts)
