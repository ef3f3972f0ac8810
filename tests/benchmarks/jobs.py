"""Measure the queue beside a queue library that also keeps its items in SQLite.

    uv run --with persist-queue python tests/benchmarks/jobs.py [--jobs 10000]

The peer is `persistqueue.SQLiteAckQueue`: items survive a crash until they are acknowledged, no
more is promised. Both write ahead and wait for the disk at every commit. A row is the time of one
call, and how many times as fast as the peer ours is.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from persistqueue import SQLiteAckQueue

from state.database import open_database, open_readonly
from state.job import Fingerprint, Offer, Origin, Status
from state.queue import Queue
from state.service import ServiceRow

BATCH = 500
ONE_BY_ONE = 200


def offer_of(number: int) -> Offer:
    """A file that a scan has found; every one has a path and bytes of its own."""
    path = f"/home/someone/transcripts/folder{number % 100}/file{number}.json"
    fingerprint = Fingerprint(device=3, inode=number, size=5000, mtime_ns=1, ctime_ns=0)
    return Offer(path=path, sha256=f"{number:064x}", fingerprint=fingerprint, origin=Origin.SCAN)


def timed_ms(do: Callable[[], object], times: int = 1) -> float:
    """Milliseconds of one of `times` calls."""
    start = time.perf_counter()
    for _ in range(times):
        do()
    return (time.perf_counter() - start) / times * 1000


def show(label: str, ours_ms: float, peer_ms: float | None = None) -> None:
    """Print a row of the table."""
    beside = f"{peer_ms:.2f} | {peer_ms / ours_ms:.1f}x" if peer_ms is not None else "|"
    print(f"| {label} | {ours_ms:.2f} | {beside} |", flush=True)


def fill(queue: Queue, peer: SQLiteAckQueue, jobs: int) -> None:
    """Offer single files, then the rest as a scan does, in batches."""
    singles = iter(range(ONE_BY_ONE))
    peers = iter(range(jobs))
    show(
        "put one file",
        timed_ms(lambda: queue.offer(offer_of(next(singles))), ONE_BY_ONE),
        timed_ms(lambda: peer.put(offer_of(next(peers))), ONE_BY_ONE),
    )

    def rest() -> None:
        for start in range(ONE_BY_ONE, jobs, BATCH):
            queue.offer_many([offer_of(n) for n in range(start, min(jobs, start + BATCH))])

    left = jobs - ONE_BY_ONE
    show(
        f"put {left:,} files, as a scan does",
        timed_ms(rest),
        timed_ms(lambda: peer.put(offer_of(next(peers))), left) * left,
    )


def work(queue: Queue, peer: SQLiteAckQueue) -> None:
    """Take jobs and finish them, without and with the parts that a crash must not lose."""

    def finish_one() -> None:
        job = queue.claim(boot_id="boot", restarted=False)
        assert job is not None
        queue.finish(queue.begin_parts(job, total=0, recipe="r", words=0), status=Status.DONE)

    def with_part() -> None:
        job = queue.claim(boot_id="boot", restarted=False)
        assert job is not None
        job = queue.begin_parts(job, total=1, recipe="r", words=100)
        job = queue.save_part(
            job, 0, status="enhanced", payload="x" * 4000, words=100, decode_s=0.1
        )
        queue.finish(job, status=Status.DONE)

    show(
        "take a job and finish it",
        timed_ms(finish_one, ONE_BY_ONE),
        timed_ms(lambda: peer.ack(peer.get(block=False)), ONE_BY_ONE),
    )
    show("take a job, save a part of it, finish it", timed_ms(with_part, ONE_BY_ONE))


def ask(path: Path, peer: SQLiteAckQueue) -> None:
    """Ask what `llasactl status` and `llasactl jobs` ask, from another connection."""
    with open_readonly(path) as reader:
        queue, service = Queue(reader), ServiceRow(reader)
        show(
            "count what waits and what is done",
            timed_ms(queue.counts, 20),
            timed_ms(lambda: (peer.ready_count(), peer.unack_count(), peer.acked_count()), 20),
        )
        show("list 20 jobs", timed_ms(lambda: queue.jobs(limit=20), 20), timed_ms(peer.queue, 3))
        show(
            "all that `status` shows",
            timed_ms(lambda: (service.read(), queue.counts(), queue.backlog())),
        )


def main() -> None:
    """Fill both queues and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=10_000)
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state" / "queue.db"
        peer = SQLiteAckQueue(str(Path(folder) / "peer"))
        with open_database(path) as database:
            queue = Queue(database)
            print("| what | llasa, ms | persist-queue, ms | as fast |\n|---|---|---|---|")
            fill(queue, peer, jobs)
            work(queue, peer)
            ask(path, peer)
        peer.close()


if __name__ == "__main__":
    main()
