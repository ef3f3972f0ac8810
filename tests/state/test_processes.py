"""Several processes use one database at once."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from state.database import Database, open_readonly
from state.job import Status
from state.queue import Queue
from state.service import ServiceRow
from tests.state.making import offered, python

ENOUGH = 30  # writes while the others read, however slow the machine is

OPEN = """
import pathlib, sys
from state.database import open_database, open_readonly
from state.job import Fingerprint, Offer, Origin, Status
from state.queue import Queue
from state.service import ServiceRow
path = pathlib.Path(sys.argv[1])
def offer(name):
    file = Fingerprint(device=1, inode=1, size=1, mtime_ns=1, ctime_ns=1)
    return Offer(path=name, sha256="a", fingerprint=file, origin=Origin.EVENT)
"""
CLAIM = (
    OPEN
    + """
queue = Queue(open_database(path))
print("ready", flush=True)
sys.stdin.readline()
while (job := queue.claim(boot_id="b")) is not None:
    print(job.id, job.attempt)
"""
)
HAMMER = (
    OPEN
    + """
import os, select
def look():
    with open_readonly(path) as database:
        ServiceRow(database).read(), Queue(database).counts(), Queue(database).jobs(limit=20)
print("ready", flush=True)
os.read(0, 3)
number = int(sys.argv[2])
for turn in range(25):
    look()
    if turn % 5 == 0:
        with open_database(path, create=False) as database:
            queue = Queue(database)
            if turn % 10 == 0:
                queue.retry(number)
                queue.prioritize(number)
            else:
                queue.cancel(number)
while not select.select([0], [], [], 0)[0]:
    look()
print("done")
"""
)
CREATE = (
    OPEN
    + """
with open_database(path) as database:
    job = Queue(database).offer(offer("/" + sys.argv[2]))
print(job is not None)
"""
)
WRITE_FOREVER = (
    OPEN
    + """
database = open_database(path)
queue, number = Queue(database), 0
while True:
    number += 1
    queue.offer_many([])
    job = queue.offer(offer(f"/{number}"))
    print(job.id, flush=True)
"""
)


def tell(processes: list[subprocess.Popen[str]], line: str) -> None:
    """Write a line to each of the processes."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.flush()


def test_two_processes_claim_different_jobs(database: Database, path: Path) -> None:
    """Every job is claimed exactly once."""
    jobs = Queue(database).offer_many([offered(f"/{number}") for number in range(60)])
    workers = [python(CLAIM, path) for _ in range(2)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    outs = [worker.communicate("go\n", timeout=60) for worker in workers]

    assert [err for _, err in outs] == ["", ""]
    claims = [line.split() for out, _ in outs for line in out.splitlines()]
    assert sorted(int(job) for job, _ in claims) == [job.id for job in jobs if job is not None]
    assert {attempt for _, attempt in claims} == {"1"}


def test_nobody_sees_a_locked_database(database: Database, path: Path) -> None:
    """Eight processes read and write while one works, and none of them fails."""
    queue = Queue(database)
    queue.offer_many([offered(f"/{number}") for number in range(40)])
    for number in range(1, 9):
        queue.cancel(number)
    hammers = [python(HAMMER, path, number) for number in range(1, 9)]
    for hammer in hammers:
        assert hammer.stdout is not None
        assert hammer.stdout.readline() == "ready\n"
    tell(hammers, "go\n")
    writes = 0
    while any(hammer.poll() is None for hammer in hammers):
        ServiceRow(database).update(heartbeat_at=float(writes))
        queue.offer_many([offered(f"/more/{writes}")])
        database.checkpoint()
        writes += 1
        if writes == ENOUGH:
            tell(hammers, "enough\n")
    outs = [hammer.communicate(timeout=60) for hammer in hammers]

    assert writes >= ENOUGH
    assert "".join(err for _, err in outs) == ""
    assert [out for out, _ in outs] == ["done\n"] * 8
    assert database.check() == []
    assert [queue.history(number)[-1].status for number in range(1, 9)] == [Status.QUEUED] * 8
    assert len(queue.history(1)) == 7


def test_four_processes_create_one_database(path: Path) -> None:
    """All but the first wait, and find it complete."""
    makers = [python(CREATE, path, name) for name in "abab"]
    outs = [maker.communicate(timeout=60) for maker in makers]

    assert [err for _, err in outs] == [""] * 4
    assert sorted(out for out, _ in outs) == ["False\n"] * 2 + ["True\n"] * 2
    assert [file.name for file in path.parent.iterdir()] == ["queue.db"]


@pytest.mark.parametrize("writes", [1, 7, 30])
def test_a_reader_right_after_a_kill_sees_every_acknowledged_write(path: Path, writes: int) -> None:
    """The next process that opens the database recovers the log of a killed daemon."""
    writer = python(WRITE_FOREVER, path)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(writes)]
    writer.send_signal(signal.SIGKILL)
    with open_readonly(path) as reader:
        jobs = {job.id for job in Queue(reader).jobs(status=Status.QUEUED)}
        assert jobs >= set(acknowledged)
        assert reader.check() == []
    writer.communicate(timeout=60)


def test_a_reader_waits_while_the_database_is_created(path: Path) -> None:
    """The database is missing or complete; it never lacks a table."""
    writer = python(WRITE_FOREVER, path)
    while not path.exists():
        assert writer.poll() is None
    with open_readonly(path) as reader:
        assert ServiceRow(reader).read().phase == "stopped"
        assert Queue(reader).counts()[Status.FAILED] == 0
    writer.kill()
    writer.communicate(timeout=60)
