"""Short ways to bring a queue into a state."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from state.job import Fingerprint, Job, Offer, Origin, Status
from state.queue import Queue

ROOT = Path(__file__).parents[2]


def offered(
    name: str | bytes = "/t/talk.json",
    sha256: str = "a",
    *,
    origin: Origin = Origin.EVENT,
    priority: int = 0,
    **about: int,
) -> Offer:
    """Return an offer of a file; what a test does not give has a default."""
    return Offer(
        path=name,
        sha256=sha256,
        fingerprint=fingerprint(**about),
        origin=origin,
        priority=priority,
    )


def fingerprint(**about: int) -> Fingerprint:
    """Return a file's fingerprint; what a test does not give has a default."""
    usual = {"device": 3, "inode": 2, "size": 100, "mtime_ns": 1, "ctime_ns": 0}
    return Fingerprint(**(usual | about))


def queued(queue: Queue, name: str | bytes = "/t/talk.json", sha256: str = "a", **more: Any) -> Job:
    """Offer a file and return its job, which must be new."""
    job = queue.offer(offered(name, sha256, **more))
    assert job is not None
    return job


def claimed(queue: Queue, *, boot_id: str = "boot-1", restarted: bool = True) -> Job:
    """Claim the next job, which must exist."""
    job = queue.claim(boot_id=boot_id, restarted=restarted)
    assert job is not None
    return job


def running(queue: Queue, name: str | bytes = "/t/talk.json", sha256: str = "a") -> Job:
    """Offer a file to an empty queue and claim it."""
    queued(queue, name, sha256)
    return claimed(queue)


def with_status(queue: Queue, status: Status, name: str = "/t/talk.json") -> Job:
    """Return a new job that was given a status directly."""
    job = queued(queue, name)
    queue.database.execute("UPDATE jobs SET status = ? WHERE id = ?", (status, job.id))
    found = queue.job(job.id)
    assert found is not None
    return found


def claim_order(queue: Queue) -> list[Job]:
    """Claim all queued jobs and return them in that order."""
    return [claimed(queue) for _ in range(queue.counts()[Status.QUEUED])]


def part(queue: Queue, job: Job, index: int = 0, status: str = "enhanced") -> Job:
    """Save a part of ten words."""
    return queue.save_part(
        job, index, status=status, payload=f"payload {index}", words=10, decode_s=0.5
    )


def python(source: str, *arguments: object) -> subprocess.Popen[str]:
    """Start another Python on some source lines, with its streams piped."""
    return subprocess.Popen(
        [sys.executable, "-c", source, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
