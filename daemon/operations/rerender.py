"""Names for the speakers of a file, and its text rendered anew: no model, no daemon."""

from __future__ import annotations

import fcntl
import hashlib
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
from engine import metadata, pipeline, sidecars, speakers
from engine import rerender as again
from engine.errors import AlignmentError, TranscriptError
from engine.records import Document, EnhancedPart, EnhancedWord, Profile
from engine.render import FORMATS
from engine.text import prose
from state.job import Job, Output, Status
from state.queue import Queue

RENDERED: Final = frozenset({Status.DONE, Status.PARTIAL})
DISPLACED: Final = "An output that was edited has been kept; the new one lies beside it."
_QUOTE: Final = 60  # characters


@dataclass(frozen=True, slots=True)
class Speaker:
    """One label of a transcript."""

    label: str  # as in the source; UNKNOWN for words without one
    name: str | None  # what is written instead
    words: int
    seconds: float | None  # of speech; None where the words have no times
    quote: str  # the beginning of what is said first


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished text as it can be rendered anew."""

    source: Snapshot
    plan: pipeline.Plan
    parts: list[EnhancedPart]


def names_for(path: str | os.PathLike[str], config: Config, profile: Profile) -> dict[str, str]:
    """Return the names for a file's speakers; label by label, what lies nearest to the file wins.

    That is its own `.speakers.toml`, its folder's `speakers.toml`, the home's, and last what
    llasa.toml says. Raises `SpeakersError` for a file with a mistake.
    """
    home = speakers.read(Path(os.path.realpath(config.home.path)) / speakers.FOLDER_FILE)
    return {**profile.speakers, **home, **speakers.names_beside(Path(path))}


def finished(queue: Queue, latest: Job) -> Job | None:
    """Return the job whose outputs lie beside the file: the newest that gave some."""
    jobs = queue.jobs_of_path(latest.path)
    return next((job for job in jobs if job.status in RENDERED), None)


def profile_of(job: Job, config: Config) -> Profile:
    """Return the profile of a finished job: the one that a redo named, if it is still there."""
    named = config.profile_named(job.profile) if job.profile is not None else None
    return named or config.profile_for(job.path)


def restore(queue: Queue, job: Job, config: Config) -> Kept:
    """Read the source of a finished job and lay its kept parts onto it.

    Raises CannotRender when that cannot be done, SourceError when the file cannot be read.
    """
    hint = f"`llasactl redo {job.id}` does the file again, with its names."
    if job.status not in RENDERED or job.recipe is None:
        raise CannotRender(f"Job {job.id} is {job.status}: there is no finished text.", hint=hint)
    if job.parts_total is None:
        lost = f"The parts of job {job.id} went with the database that was lost."
        raise CannotRender(lost, hint=hint)
    source = read_snapshot(job.path, max_bytes=config.max_bytes)
    if source.sha256 != job.sha256:
        raise CannotRender("The file has other content by now.", hint=hint)
    try:
        plan = again.plan(
            source.data,
            name=os.path.basename(job.path),
            recipe=job.recipe,
            model=job.figures.get("model", {}),
            profile=profile_of(job, config),
        )
        parts = again.parts(plan, queue.parts_done(job))
    except (AlignmentError, TranscriptError) as error:
        raise CannotRender(str(error), hint=hint) from error
    return Kept(source, plan, parts)


def found_in(words: Sequence[EnhancedWord], names: Mapping[str, str]) -> list[Speaker]:
    """Return the speakers of some words in the order of their first, the nameless ones too."""
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
    """Write the outputs of a finished job anew with these names; return them.

    The job stands as it stood. A file that was edited is left alone: ours is written beside it.
    Raises CannotRender, SourceError, JobMoved and OutputError; then what was there is there.
    """
    with _alone(config.home.state / "render.lock"):
        kept = restore(queue, job, config)
        result = pipeline.finish(
            _with(kept.plan, names, job),
            kept.parts,
            load_s=_timing(job, "load_s"),
            total_s=_timing(job, "total_s"),
            created_at=datetime.now(UTC),
        )
        path = Path(job.path)
        planned = sidecars.paths_for(path, [file.suffix for file in result.files])
        intended = queue.intend_outputs(
            job,
            [
                Output(file.suffix, str(planned[file.suffix]), _sha256(file.content))
                for file in result.files
            ],
        )
        written = sidecars.write(
            path,
            result.files,
            mode=kept.source.mode,
            previous=queue.recorded_outputs(job.path),
        )
        outputs = [Output(w.suffix, w.path, w.sha256, displaced=w.displaced) for w in written]
        displaced = any(output.displaced for output in outputs)
        queue.rerendered(intended, outputs, detail=DISPLACED if displaced else None)
    return outputs


def _with(plan: pipeline.Plan, names: Mapping[str, str], job: Job) -> pipeline.Plan:
    """Give a plan names, and the outputs that lie there beside those that are asked for now."""
    there = {output.suffix.removeprefix("enhanced.") for output in job.outputs}
    outputs = tuple(kind for kind in FORMATS if kind in there or kind in plan.profile.outputs)
    return replace(plan, profile=replace(plan.profile, speakers=dict(names), outputs=outputs))


def _timing(job: Job, key: str) -> float:
    return float(job.figures.get("timings", {}).get(key) or 0.0)


def _beginning(text: str) -> str:
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rsplit(" ", 1)[0] + "…"


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until no other process renders in this home."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
