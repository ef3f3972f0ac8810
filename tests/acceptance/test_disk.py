"""Full disks, long readers, floods and open folders: held with a reason, resumed by itself."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.log import KEPT, LOG_BYTES, LogFile, open_log
from daemon.parking import LIMIT
from state.database import open_database, open_readonly
from state.job import Reason, Status
from state.queue import Queue
from tests.acceptance import starting
from tests.acceptance.harness import Home, talk, wait_for
from tests.acceptance.invariants import check

UPDATES = int(os.environ.get("LLASA_TEST_UPDATES", "1000"))  # under an open read
SMALL_BYTES = 40 << 20  # larger than what `daemon.holds` wants to be free


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a file system of forty megabytes; yield a filler that leaves nothing free."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES},mode=0700", "tmpfs", str(place)],
        capture_output=True,
    )
    if done.returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        yield place / ".filler"
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(filler: Path, *, leave: int = 0) -> None:
    """Take all the room there is, but for `leave` bytes."""
    status = os.statvfs(filler.parent)
    with filler.open("ab", buffering=0) as stream, contextlib.suppress(OSError):
        left = status.f_bavail * status.f_frsize - leave
        while left > 0:
            left -= stream.write(b"\0" * min(left, 1 << 16))
    assert filler.stat().st_size > 0


def test_a_full_disk_under_the_outputs_holds_the_queue_until_there_is_room(home: Home) -> None:
    """Nothing torn, no attempt spent, one reason; space comes back and so does the work."""
    with small_disk(home.transcripts) as filler:
        home.allowed.add(filler)
        paths = [home.drop(f"a{n}.json", talk(f"a{n}x", 400)) for n in range(4)]
        fill(filler)
        with home.daemon() as running:
            held = wait_for(lambda: home.with_queue(lambda q: q.held()), what="the hold")
            assert held.reason == Reason.DISK_FULL
            for _ in range(2):  # it is tried again now and then, in vain
                wait_for(lambda: home.with_queue(lambda q: q.held()), what="still held")
            assert [job.attempt for job in home.jobs() if job.status is Status.QUEUED] == [0] * 4
            assert {p.name for p in home.transcripts.iterdir()} == {
                ".filler",
                *(p.name for p in paths),
            }
            filler.unlink()
            jobs = home.all_ended(4, patience_s=60)
            assert running.stop() == 0
        assert [(job.status, job.attempt) for job in jobs] == [(Status.DONE, 1)] * 4
        assert home.log("queue.held")
        check(home)


@pytest.mark.parametrize("leave", [0, 60_000, 200_000])
def test_a_full_disk_under_the_database_loses_nothing(home: Home, leave: int) -> None:
    """The daemon stays, says so, and goes on when there is room; the database stays sound."""
    home.places.state.mkdir(parents=True, mode=0o700)
    with small_disk(home.places.state) as filler:
        home.allowed.add(filler)
        home.script(delay_s=0.02)
        with home.daemon() as running:
            running.until_watching()
            paths = [home.drop(f"a{n}.json", talk(f"a{n}x", 120)) for n in range(12)]
            wait_for(lambda: "part_saved" in home.steps(), what="the work is begun")
            fill(filler, leave=leave)
            wait_for(lambda: home.log("database.failed"), what="the full disk is met")
            assert running.alive
            filler.unlink()
            for path in paths:
                assert home.became(path, Status.DONE, patience_s=60).attempt <= 2
            assert running.stop() == 0
        failures = {record["kind"] for record in home.log("database.failed")}
        assert failures == {"DatabaseFull"}, failures
        check(home)


def test_a_full_disk_under_the_log_costs_lines_and_nothing_else(home: Home) -> None:
    """Work goes on without a log, and the log goes on when there is room."""
    home.places.logs.mkdir(parents=True, mode=0o700)
    with small_disk(home.places.logs) as filler:
        fill(filler)
        path = home.drop("a.json", talk("a"))
        with home.daemon() as running:
            assert home.ended(path).status is Status.DONE
            filler.unlink()
            second = home.drop("b.json", talk("b"))
            assert home.ended(second).status is Status.DONE
            wait_for(lambda: home.log("job.done"), what="the log goes on")
            assert running.stop() == 0
        check(home)


def test_a_reader_that_stays_open_does_not_make_the_log_of_writes_grow_for_ever(
    tmp_path: Path,
) -> None:
    """Many writes under an open read: small again soon after the reader has gone."""
    path = tmp_path / "state" / "queue.db"
    with open_database(path) as database:
        queue = Queue(database)
        with open_readonly(path) as reader:
            reader.connection.execute("BEGIN")
            reader.connection.execute("SELECT count(*) FROM jobs").fetchone()
            for n in range(UPDATES):
                queue.pause(f"{n:04d}" * 2500)
                if n % 100 == 0:
                    database.checkpoint()
            grown = database.wal_bytes()
            reader.connection.execute("COMMIT")
        assert grown > 8 << 20
        database.checkpoint()
        database.checkpoint()
        assert database.wal_bytes() < 4 << 20
        assert database.check() == []


def test_status_holds_no_read_open(home: Home) -> None:
    """While `status --watch` looks again and again, the write-ahead log can be emptied."""
    home.drop("a.json", talk("a"))
    assert home.drain().returncode == 0
    with watching_status(home) as looks, open_database(home.places.database) as database:
        queue, emptied = Queue(database), 0
        for _ in range(3):
            seen = looks()
            for n in range(300):
                queue.pause(f"{n:04d}" * 2500)
            assert database.wal_bytes() > 1 << 20
            wait_for(lambda: database.checkpoint().complete, what="nobody reads", patience_s=5)
            emptied += 1
            wait_for(lambda seen=seen: looks() > seen, what="status looks again")
        queue.resume()
    assert emptied == 3
    check(home)


@contextlib.contextmanager
def watching_status(home: Home) -> Iterator[Callable[[], int]]:
    """Run `llasactl status --watch` on a terminal of its own; yield what counts its writing."""
    ours, its = os.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", "from daemon.control import main; main()", "status", "--watch"],
        env={**starting.environment(), "LLASA_HOME": str(home.path), "TERM": "xterm"},
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    os.set_blocking(ours, False)
    count = 0

    def looks() -> int:
        nonlocal count
        with contextlib.suppress(OSError):
            while data := os.read(ours, 1 << 16):
                count += len(data)
        return count

    try:
        wait_for(looks, what="the first screen")
        yield looks
        assert running.poll() is None
    finally:
        running.kill()
        running.wait()
        os.close(ours)


def test_a_flood_of_log_lines_stays_below_its_cap(tmp_path: Path) -> None:
    """Twelve megabytes written leave five on the disk, the newest line last."""
    file = LogFile(tmp_path / "llasad.log")
    log = open_log(file)
    for number in range(60_000):
        log.info("flood.line", number=number, text="x" * 120)
    file.close()
    files = list(tmp_path.iterdir())
    assert len(files) == KEPT + 1
    assert sum(f.stat().st_size for f in files) <= (KEPT + 1) * LOG_BYTES
    assert b'"number": 59999' in (tmp_path / "llasad.log").read_bytes()


def test_a_crash_loop_leaves_little_behind(home: Home) -> None:
    """Twenty starts that fail at once: exit code 3 and a sentence each, next to no log."""
    home.places.settings.write_text('modle = "x"\nwatch = 5\n')
    codes = [home.start().wait() for _ in range(20)]
    assert codes == [3] * 20
    said = (home.folder / "llasad.out").read_text()
    assert said.count("llasa.toml, line 1") == said.count("did you mean `model`") == 20
    logs = sum(f.stat().st_size for f in home.places.logs.glob("*"))
    assert logs < 1 << 20


def test_a_service_that_dies_at_every_start_is_parked(home: Home, tmp_path: Path) -> None:
    """Five deaths without a word, fifteen starts that rest with exit code 0; then it goes on."""
    home.environment.update(XDG_CONFIG_HOME=str(tmp_path / "config"), HOME=str(tmp_path))
    path = home.drop("a.json", talk("a", 160))
    codes = []
    for _ in range(20):
        with home.daemon("--service", "--quiet", kill_at=["part_saved", 1]) as running:
            codes.append(running.wait())
    assert codes == [-signal.SIGKILL] * LIMIT + [0] * (20 - LIMIT)
    assert home.steps().count("claimed") == home.steps().count("KILLED") == LIMIT
    parked = json.loads(home.control("status", "--json").stdout)["parked"]
    assert parked["failed_starts"] == LIMIT
    assert "soon after starting" in parked["reason"]
    assert b"parked after 5 failed starts" in home.control("status").stdout
    said = (home.folder / "llasad.out").stat().st_size
    assert said + sum(file.stat().st_size for file in home.places.logs.glob("*")) < 1 << 20
    counted = next(tmp_path.rglob("failed-starts.json"))
    home.allowed.add(counted)
    home.was_killed = True  # the last one that worked
    check(home, unfinished=True)
    counted.unlink()  # as `llasactl start` does
    with home.daemon("--service", "--quiet") as running:
        assert home.ended(path).status is Status.DONE
        assert running.stop() == 0
    assert not counted.exists()
    check(home)


def test_a_missing_model_holds_the_queue_and_is_found_when_it_comes(home: Home) -> None:
    """Not a failure of the files: no attempt is spent, the reason is named, nothing to retry."""
    folder = home.path / "models" / "light"
    away = folder.rename(folder.with_name("away"))
    path = home.drop("a.json", talk("a"))
    with home.daemon() as running:
        held = wait_for(lambda: home.with_queue(lambda q: q.held()), what="the hold")
        assert held.reason == Reason.MODEL_MISSING
        assert (job := home.job(path))
        assert (job.status, job.attempt) == (Status.QUEUED, 0)
        away.rename(folder)
        assert home.ended(path).status is Status.DONE
        assert running.stop() == 0
    check(home)


def test_everything_of_ours_is_private_whatever_the_umask(home: Home) -> None:
    """Under umask 000: state and log 0600 in 0700, outputs with the mode of their source."""
    path = home.drop("a.json", talk("a"))
    path.chmod(0o640)
    with home.daemon("--drain", umask=0) as running:
        assert running.wait() == 0
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in home.places.state.parent.rglob("*")}
    for folder in (home.places.state, home.places.logs):
        assert modes[folder] == 0o700
        assert {oct(modes[file]) for file in folder.iterdir()} == {oct(0o600)}
    for name in ("a.enhanced.txt", "a.metadata.json"):
        assert modes[home.transcripts / name] == 0o640
    check(home)


def test_a_state_folder_that_others_may_write_to_is_refused(home: Home) -> None:
    """With the reason and the command that mends it."""
    home.drop("a.json", talk("a"))
    home.places.state.mkdir(parents=True)
    home.places.state.chmod(0o777)
    done = home.drain()
    assert done.returncode == 3
    assert "chmod go-w" in done.stdout
    home.places.state.chmod(0o700)
    assert home.drain().returncode == 0
    check(home)


def test_settings_of_another_user_are_refused(home: Home) -> None:
    """Who may write the settings decides what is run and read."""
    if os.geteuid() != 0:
        pytest.skip("needs root to give a file away")
    os.chown(home.places.settings, 12345, 12345)
    done = home.drain()
    assert done.returncode == 3
    assert "another user" in done.stdout
    os.chown(home.places.settings, 0, 0)
    home.places.settings.chmod(0o666)
    assert home.drain().returncode == 3
    home.places.settings.chmod(0o644)
    assert home.drain().returncode == 0
    check(home)
