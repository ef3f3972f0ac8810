"""Measure the queue with many jobs: `python -m tests.state.measure [JOBS]`."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from state.database import open_database, open_readonly
from state.job import Origin, Seen, Status
from state.queue import Queue
from state.service import ServiceRow
from tests.state.making import claimed, offered, python

ASK = """
import pathlib, sys
from state.database import open_readonly
from state.queue import Queue
from state.service import ServiceRow
with open_readonly(pathlib.Path(sys.argv[1])) as database:
    queue = Queue(database)
    ServiceRow(database).read(), queue.counts(), queue.backlog()
    queue.upcoming(), queue.jobs(limit=20)
"""


def timed(label: str, do: Callable[[], object], times: int = 1) -> None:
    """Print what one of `times` calls takes, in milliseconds."""
    start = time.perf_counter()
    for _ in range(times):
        do()
    print(f"{label:40} {(time.perf_counter() - start) / times * 1000:10.2f} ms")


def run_one(queue: Queue) -> None:
    """Claim a job, save a part, finish it: four commits."""
    job = queue.begin_parts(claimed(queue), total=1, recipe="r", words=20)
    job = queue.save_part(job, 0, status="enhanced", payload="x" * 4000, words=20, decode_s=0.1)
    queue.finish(job, status=Status.DONE)


def ask_from_outside(path: Path) -> None:
    """Ask what `status` asks, start of Python included."""
    out, err = python(ASK, path).communicate()
    assert (out, err) == ("", "")


def main(jobs: int) -> None:
    """Fill a queue and time what is asked of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state" / "queue.db"
        database = open_database(path)
        queue = Queue(database)
        names = [f"/home/someone/transcripts/folder{n % 100}/file{n}.json" for n in range(jobs)]

        def fill() -> None:
            for start in range(0, jobs, 500):
                queue.offer_many(
                    [offered(n, size=5000, origin=Origin.SCAN) for n in names[start : start + 500]]
                )
                database.checkpoint()

        def known() -> None:
            for start in range(0, jobs, 500):
                queue.known_many(names[start : start + 500])

        timed(f"offer {jobs} files, 500 at a time", fill)
        print(f"{'database':40} {path.stat().st_size / 1e6:10.1f} MB")
        timed(f"ask for {jobs} known files", known)
        timed("claim, part, finish", lambda: run_one(queue), 50)
        timed("claim, release", lambda: queue.release(claimed(queue)), 50)
        timed("offer the same bytes", lambda: queue.offer_many([offered(names[5])]), 50)
        timed(
            "note 500 seen",
            lambda: queue.note_seen(Seen(n, 1, 2, 3, 4, 5, "a") for n in names[:500]),
        )
        database.checkpoint()
        with open_readonly(path) as reader:
            asked = Queue(reader)
            timed("counts", asked.counts, 20)
            timed("backlog", asked.backlog, 20)
            timed("upcoming(10)", asked.upcoming, 20)
            timed("jobs(limit=50)", lambda: asked.jobs(limit=50), 20)
            timed(
                "jobs(queued, limit=50, offset=50000)",
                lambda: asked.jobs(status=Status.QUEUED, limit=50, offset=jobs // 2),
                20,
            )
            timed("all jobs", asked.jobs)
            timed("service row", ServiceRow(reader).read, 20)
        timed("status from outside", lambda: ask_from_outside(path), 5)
        timed("prioritize", lambda: queue.prioritize(jobs), 5)
        timed("integrity check", database.check)
        database.rows("UPDATE jobs SET status = 'done'")
        timed("redo all", queue.redo_all)
        database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
