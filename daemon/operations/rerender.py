"""Render a finished text again, with other names or formats: no model, no daemon needed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.errors import CannotRender
from daemon.files.source import Snapshot, read_snapshot
from daemon.work.names import names_for
from daemon.work.publish import publish, remark_on
from engine import metadata, pipeline, rerender
from engine.errors import AlignmentError, TranscriptError
from engine.records import Document, EnhancedPart, EnhancedWord, Profile
from engine.render import FORMATS
from engine.text import prose
from state.job import Job, Output, Status
from state.queue import Queue

RENDERED: Final = frozenset({Status.DONE, Status.PARTIAL})
_QUOTE: Final = 60  # characters


@dataclass(frozen=True, slots=True)
class Speaker:
    """One label of a transcript."""

    label: str  # as in the source; UNKNOWN for words without one
    name: str | None  # what is written instead
    words: int
    seconds: float | None  # of speech; None where the words have no times
    quote: str  # the beginning of the first thing they say


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished text, restored from what was kept so that it can be rendered again."""

    source: Snapshot  # the file as it is now, with the content that the job had
    plan: pipeline.Plan  # made again from the source and the job's recipe
    parts: list[EnhancedPart]  # from the database, in order


def finished(queue: Queue, latest: Job) -> Job | None:
    """Return the job whose outputs are beside the file: the newest one that wrote any."""
    jobs = queue.jobs_of_path(latest.path)
    return next((job for job in jobs if job.status in RENDERED), None)


def profile_of(job: Job, config: Config) -> Profile:
    """Return the profile of a job: the one that a redo named, if the settings still have it."""
    named = config.profile_named(job.profile) if job.profile is not None else None
    return named or config.profile_for(job.path)


def names_of(job: Job, config: Config) -> dict[str, str]:
    """Return the speakers' names for the file of a job; raises `SpeakersError` for a mistake."""
    return names_for(job.path, config, profile_of(job, config))


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
        parts = rerender.parts(plan, queue.parts_done(job))
    except (AlignmentError, TranscriptError) as error:
        raise CannotRender(str(error), hint=hint) from error
    return Kept(source, plan, parts)


def found_in(words: Sequence[EnhancedWord], names: Mapping[str, str]) -> list[Speaker]:
    """Return the speakers of these words, in the order in which they first speak.

    Words without a speaker count as one more speaker.
    """
    document = Document(
        paragraphs=(tuple(words),),
        language=None,
        duration_s=None,
        has_speakers=True,
        timing="none",
    )
    figures = {entry["label"]: entry for entry in metadata.speakers(document, {})}
    quotes: dict[str, str] = {}
    begin = 0
    for end in range(1, len(words) + 1):
        if end == len(words) or words[end].word.speaker != words[begin].word.speaker:
            label = prose.label(words[begin].word.speaker, {})
            quotes.setdefault(label, _beginning(prose.join(words[begin:end])))
            begin = end
    return [
        Speaker(label, names.get(label), entry["words"], entry["seconds"], quotes[label])
        for label, entry in figures.items()
    ]


def render_again(queue: Queue, job: Job, config: Config, names: Mapping[str, str]) -> list[Output]:
    """Write the outputs of a finished job again with these names; return them.

    The job keeps its status. A file that was edited is left alone: ours is written beside it.
    Raises CannotRender, SourceError, JobMoved and OutputError; then the old outputs stay.
    """
    with _exclusive(config.home.state / "render.lock"):
        kept = restore(queue, job, config)
        result = pipeline.finish(
            _with(kept.plan, names, job),
            kept.parts,
            load_s=_timing(job, "load_s"),
            total_s=_timing(job, "total_s"),
            created_at=datetime.now(UTC),
        )
        outputs = publish(queue, job, result.files, mode=kept.source.mode)
        queue.rerendered(job, outputs, detail=remark_on(outputs))
    return outputs


def _with(plan: pipeline.Plan, names: Mapping[str, str], job: Job) -> pipeline.Plan:
    """Return the plan with these names, and with the formats that exist or are asked for now."""
    there = {output.suffix.removeprefix("enhanced.") for output in job.outputs}
    outputs = tuple(kind for kind in FORMATS if kind in there or kind in plan.profile.outputs)
    return replace(plan, profile=replace(plan.profile, speakers=dict(names), outputs=outputs))


def _timing(job: Job, key: str) -> float:
    return float(job.figures.get("timings", {}).get(key) or 0.0)


def _beginning(text: str) -> str:
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rsplit(" ", 1)[0] + "…"


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Wait until no other process renders in this home, and keep others waiting."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
