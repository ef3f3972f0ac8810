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
from daemon.work.kept import RENDERED, profile_of, restore
from daemon.work.names import names_for
from daemon.work.publish import publish, remark_on
from engine import metadata, pipeline
from engine.records import Document, EnhancedWord
from engine.render import FORMATS
from engine.text import prose
from state.job import Job, Output
from state.queue import Queue

_QUOTE: Final = 60  # characters


@dataclass(frozen=True, slots=True)
class Speaker:
    """One label of a transcript."""

    label: str  # as in the source; UNKNOWN for words without one
    name: str | None  # what is written instead
    words: int
    seconds: float | None  # of speech; None where the words have no times
    quote: str  # the beginning of the first thing they say


def finished(queue: Queue, latest: Job) -> Job | None:
    """Return the job whose outputs are beside the file: the newest one that wrote any."""
    jobs = queue.jobs_of_path(latest.path)
    return next((job for job in jobs if job.status in RENDERED), None)


def names_of(job: Job, config: Config) -> dict[str, str]:
    """Return the speakers' names for the file of a job; raises `SpeakersError` for a mistake."""
    return names_for(job.path, config, profile_of(job, config))


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
        queue.rerendered(job, outputs, detail=remark_on(outputs, result.metadata))
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
