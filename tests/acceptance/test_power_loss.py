"""The power fails: what was called done is there, whole, and the database is sound."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from engine import sidecars
from state.database import open_database
from state.job import Status
from state.queue import Queue
from tests.acceptance import power_loss, starting
from tests.acceptance.harness import Home, talk
from tests.acceptance.invariants import check

POINTS = int(os.environ.get("LLASA_TEST_POWER_LOSSES", "80"))


def record(home: Home, *, noop: list[str] | None = None) -> Path:
    """Return the system calls of a run over six files."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not on this machine")
    for n in range(6):
        home.drop(f"a{n}.json", talk(f"a{n}x", 50))
    often = {"state.connection.CHECKPOINT_FROM_BYTES": 20_000, "daemon.service.CHECKPOINT_S": 0.05}
    home.write_spec(patches=often, noop=noop or [])
    traced = home.folder / "calls.txt"
    home.allowed.add(traced)
    done = subprocess.run(
        [*power_loss.STRACE, "-o", str(traced), sys.executable, "-P", str(starting.LAUNCHER),
         str(home.spec_file), "--home", str(home.path), "--drain", "--quiet"],
        env=starting.environment(),
        cwd=home.folder,
        capture_output=True,
        timeout=100,
    )  # fmt: skip
    if b"ptrace" in done.stderr:
        pytest.skip("processes cannot be traced here")
    assert done.returncode == 0, done.stderr[-500:]
    check(home)
    return traced


def lose_power(home: Home, recording: Path, into: Path) -> int:
    """Lose power at many moments and look what is left; return how often."""
    final = {p: p.read_bytes() for p in home.transcripts.iterdir() if sidecars.is_ours(p.name)}
    assert len(final) == 12
    script = list(power_loss.calls(recording))
    chance = random.Random(11)
    losses = Counter(chance.choices(range(len(script)), k=POINTS))
    disk = _empty_disk(home)
    acknowledged: set[int] = set()
    looks = 0
    for number, call in enumerate(script):
        acknowledged |= _done_in(disk.apply(*call))
        for _ in range(losses[number]):
            found = _look(home, disk, chance, into, final)
            assert acknowledged <= found, f"{acknowledged - found} were done and are not"
            looks += 1
    assert acknowledged == {1, 2, 3, 4, 5, 6}
    return looks


def test_acknowledged_work_survives_a_power_loss_at_any_moment(home: Home, tmp_path: Path) -> None:
    """At many moments of a run: done means there, nothing torn under a final name."""
    assert lose_power(home, record(home), tmp_path / "after") == POINTS


@pytest.mark.parametrize("left_out", ["engine.sidecars._sync", "engine.sidecars._sync_folder"])
def test_a_flush_that_is_left_out_is_noticed(home: Home, tmp_path: Path, left_out: str) -> None:
    """Without either flush the same test finds torn or missing outputs."""
    recording = record(home, noop=[left_out])
    with pytest.raises((AssertionError, FileNotFoundError), match=r"torn|No such file"):
        lose_power(home, recording, tmp_path / "after")


def test_the_model_of_the_disk_forgets_what_was_not_flushed(tmp_path: Path) -> None:
    """A write without fsync is lost at times, one with it never; a rename needs its folder's."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "old").write_bytes(b"old")
    where = "".join(f"\\x{byte:02x}" for byte in str(root).encode())

    def text(value: str) -> str:
        return "".join(f"\\x{byte:02x}" for byte in value.encode())

    def contents(disk: power_loss.Disk, seed: int) -> dict[str, bytes]:
        files = disk.after_power_loss(random.Random(seed))
        return {path.rpartition("/")[2]: data for path, data in files}

    disk = power_loss.Disk(root)
    disk.apply("openat", f'3<{where}>, "{text("new")}", O_WRONLY|O_CREAT, 0600', 4)
    disk.apply("write", f'4<{where}{text("/new")}>, "{text("data")}", 4', 4)
    assert {contents(disk, seed).get("new") for seed in range(30)} == {None, b"", b"data"}
    disk.apply("fsync", f"4<{where}{text('/new')}>", 0)
    assert {contents(disk, seed).get("new") for seed in range(30)} == {None, b"data"}
    disk.apply("fsync", f"3<{where}>", 0)
    assert {contents(disk, seed).get("new") for seed in range(30)} == {b"data"}
    disk.apply("renameat", f'3<{where}>, "{text("new")}", 3<{where}>, "{text("old")}"', 0)
    assert {contents(disk, seed)["old"] for seed in range(30)} == {b"old", b"data"}
    disk.apply("fsync", f"3<{where}>", 0)
    assert contents(disk, 0) == {"old": b"data"}


def _empty_disk(home: Home) -> power_loss.Disk:
    """Return the disk as it was before the run: sources and settings, nothing else."""
    disk = power_loss.Disk(home.path)
    for place, folder in list(disk.folders.items()):
        for name in list(folder.flushed):
            path = Path(place, name)
            if path not in home.sources and path not in home.own_files:
                del folder.flushed[name]
    return disk


def _done_in(logged: bytes | None) -> set[int]:
    records = [json.loads(line) for line in (logged or b"").splitlines()]
    return {record["job_id"] for record in records if record["event"] == "job.done"}


def _look(
    home: Home, disk: power_loss.Disk, chance: random.Random, into: Path, final: dict[Path, bytes]
) -> set[int]:
    """Put what survived into a folder, check it, and return the jobs that are done there."""
    shutil.rmtree(into, ignore_errors=True)
    for name, data in disk.after_power_loss(chance):
        place = into / Path(name).relative_to(home.path)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not name.endswith("-shm"):
            place.write_bytes(data)
    for path, data in final.items():
        survivor = into / path.relative_to(home.path)
        assert not survivor.exists() or survivor.read_bytes() == data, f"{path.name} is torn"
    database = into / home.places.database.relative_to(home.path)
    if not database.exists():
        return set()
    database.parent.chmod(0o700)
    with open_database(database, create=False) as opened:
        assert opened.check() == []
        jobs = [job for job in Queue(opened).jobs() if job.status is Status.DONE]
    for job in jobs:
        assert len(job.outputs) == 2
        for output in job.outputs:
            survivor = into / Path(output.path).relative_to(home.path)
            assert hashlib.sha256(survivor.read_bytes()).hexdigest() == output.sha256
    return {job.id for job in jobs}
