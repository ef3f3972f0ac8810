"""A finished text -> its outputs written again, with other names, speakers or formats: no model."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from daemon.config import Config
from daemon.work.kept import profile_of, restore
from daemon.work.publish import outlet_for, publish, remark_on
from engine import pipeline
from engine.render import FORMATS
from state.job import Job, Output
from state.queue import Queue


def render_again(queue: Queue, job: Job, config: Config, names: Mapping[str, str]) -> list[Output]:
    """Write the outputs of a finished job again with these names; return them.

    The job keeps its status. A file that was edited is left alone: ours is written beside it.
    Raises CannotRender, SourceError, JobMoved and OutputError; then the old outputs stay.
    """
    with _exclusive(config.home.state / "render.lock"):
        kept = restore(queue, job, config)
        outlet = outlet_for(job, config, profile_of(job, config))
        result = pipeline.finish(
            _with(kept.plan, names, job),
            kept.parts,
            load_s=_timing(job, "load_s"),
            total_s=_timing(job, "total_s"),
            created_at=datetime.now(UTC),
        )
        outputs = publish(queue, job, result.files, outlet=outlet, mode=kept.source.mode)
        queue.rerendered(job, outputs, detail=remark_on(outputs, result.metadata))
    return outputs


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
