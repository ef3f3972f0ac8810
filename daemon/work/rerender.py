"""Write the outputs of a finished job again: with other names or formats, or what a model wrote."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from daemon.config import Config
from daemon.work.kept import profile_of, restore
from daemon.work.publish import outlet_for, publish, remark_on
from engine import pipeline
from engine.music import caption
from engine.records import HeardSound
from engine.render import FORMATS
from engine.written.records import Writing
from state.job import Job, Output
from state.queue import Queue
from state.sounds import SoundRows
from state.writings import WritingRows


def render_again(
    queue: Queue,
    job: Job,
    config: Config,
    names: Mapping[str, str],
    *,
    writing: Writing | None = None,
    step: Callable[[str], None] | None = None,
) -> list[Output]:
    """Write the outputs of a finished job again with these names; return them.

    The job keeps its status. A file that was edited is left alone: ours is written beside it.
    Raises CannotRender, SourceError, JobMoved and OutputError; then the old outputs stay.

    Args:
        queue: Records the outputs.
        job: The job as the caller saw it.
        config: The settings.
        names: Of the speakers.
        writing: What a model has just written; None: what was kept of an earlier time, if anything.
        step: Called with the name of each step, for tests.
    """
    with _exclusive(config.home.state / "render.lock"):
        kept = restore(queue, job, config)
        outlet = outlet_for(job, config, profile_of(job, config))
        plan = _with(kept.plan, names, job)
        if writing is None and plan.profile.write_metadata:
            writing = kept_writing(queue, job)
        result = pipeline.finish(
            plan,
            kept.parts,
            load_s=_timing(job, "load_s"),
            total_s=_timing(job, "total_s"),
            created_at=datetime.now(UTC),
            writing=writing,
            sounds=kept_sounds(queue, job) if plan.profile.describe_music else (),
        )
        outputs = publish(queue, job, result.files, outlet=outlet, mode=kept.source.mode, step=step)
        queue.rerendered(job, outputs, detail=remark_on(outputs, result.metadata))
    return outputs


def kept_writing(queue: Queue, job: Job) -> Writing | None:
    """Return what a model wrote about a job, None where there is nothing that can be read."""
    payload = WritingRows(queue.database).result(job.id)
    if payload is None:
        return None
    try:
        return Writing.from_json(json.loads(payload))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def kept_sounds(queue: Queue, job: Job) -> tuple[HeardSound, ...]:
    """Return what was heard of a job's music; what cannot be read is left out."""
    found = []
    for payload in SoundRows(queue.database).kept(job.id).values():
        try:
            kept = json.loads(payload)
            if kept is not None:  # the model said nothing of this stretch
                found.append(caption.from_json(kept))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return tuple(sorted(found, key=lambda sound: sound.start_s))


def _with(plan: pipeline.Plan, names: Mapping[str, str], job: Job) -> pipeline.Plan:
    """Return the plan with these names, and with the formats that exist or are asked for now."""
    there = {output.suffix.removeprefix("enhanced.") for output in job.outputs}
    outputs = tuple(kind for kind in FORMATS if kind in there or kind in plan.profile.outputs)
    return replace(plan, profile=replace(plan.profile, speakers=dict(names), outputs=outputs))


def _timing(job: Job, key: str) -> float:
    return float(job.figures.get("timings", {}).get(key) or 0.0)


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Wait until no other process renders in this home, and keep others waiting."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
