"""A home, the real llasad on it, and what a fault test needs: files, waits and kills.

Nothing here sleeps blindly: every wait polls for a condition and fails after a while.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from daemon.home import Home as Places
from engine import sidecars
from state.database import open_database, open_readonly
from state.errors import DatabaseMissing
from state.job import TERMINAL, Job, PartRow, Status
from state.queue import Queue
from state.service import ServiceRecord, ServiceRow
from tests.acceptance import starting
from tests.acceptance.making import light_model
from tests.acceptance.making import spoken as spoken
from tests.acceptance.making import talk as talk

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EMBEDDED = ROOT / "engine" / "models" / "punct"
PATIENCE_S = 30.0
POLL_S = 0.02
# The real waits, shortened: the tests check that something happens, not after how long.
FAST: Mapping[str, Any] = {
    "daemon.work.decoding.BACKOFF_S": [0.05, 0.1],
    "daemon.work.worker.BACKOFF_S": [0.05, 0.1],
    "daemon.work.worker.DISK_PAUSE_S": 0.3,
    "daemon.holds.FIRST_WAIT_S": 0.3,
    "daemon.holds._DISK_WAIT_S": 0.5,
    "daemon.holds.CHECK_S": 0.2,
    "daemon.intake.scanner.SCAN_GAP_S": 0.3,
    "daemon.intake.scanner.COST_FACTOR": 1,
    "daemon.service.ROOTS_S": 0.2,
    "daemon.service.DATABASE_S": 0.3,
    "daemon.service.ERROR_PAUSE_S": 0.2,
    "daemon.work.loop.ERROR_PAUSE_S": 0.2,
}
STEPS = (
    "claimed",
    "prepared",
    "part_saved",
    "finished",
    "temp_written:enhanced.txt",
    "temp_written:metadata.json",
    "renamed:enhanced.txt",
    "texts_synced",
    "renamed:metadata.json",
    "synced",
    "before_commit",
)
T = TypeVar("T")


def wait_for(condition: Callable[[], T | None], *, what: str, patience_s: float = PATIENCE_S) -> T:
    """Return what `condition` returns as soon as it is truthy; fail after a while."""
    deadline = time.monotonic() + patience_s
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_s:.0f} s: {what}")
        time.sleep(POLL_S)


def pass_time(seconds: float) -> None:
    """Let real time pass, where the promise is that nothing happens meanwhile."""
    until = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > until, what="time")


class Home:
    """A home in a folder of its own; it uses the light child unless a model is named."""

    def __init__(
        self, folder: Path, *, settings: str = "", model: str | None = None, part_words: int = 20
    ) -> None:
        self.folder = folder
        self.path = folder / "home"
        self.places = Places(self.path, "--home")
        self.transcripts = self.places.transcripts
        self.transcripts.mkdir(parents=True)
        self.script_file = folder / "child.json"
        self.spec_file = folder / "spec.json"
        self.steps_file = folder / "steps.log"
        self.light = model is None
        self.sources: dict[Path, str] = {}
        self.outside: dict[Path, str] = {}  # files that must not change
        self.allowed: set[Path] = set()  # other files that the test creates
        self.was_killed = False  # whether the last daemon was
        self.environment: dict[str, str] = {}  # added to that of daemon and commands
        if self.light:
            light_model(self.path / "models" / "light", part_words)
        self.script()
        self.places.settings.write_text(
            f'model = "{model or "models/light"}"\nsettle_s = 0.2\nsettle_limit_s = 1.5\n'
            f"rescan_s = 1\n{settings}\n"
        )

        self.own_files = {path for path in folder.rglob("*") if path.is_file()} | {
            folder / "llasad.out",
            self.spec_file,
            self.steps_file,
        }

    # Its input

    def script(self, *faults: Mapping[str, Any], delay_s: float = 0.0) -> None:
        """Tell the light child how to misbehave and how long a part takes."""
        new = self.script_file.with_suffix(".tmp")
        new.write_text(json.dumps({"delay_s": delay_s, "faults": [dict(f) for f in faults]}))
        new.replace(self.script_file)

    def fired(self, what: str | None = None) -> int:
        """Return how often a fault of the light child fired, or all of them."""
        faults = json.loads(self.script_file.read_text())["faults"]
        return sum(f.get("fired", 0) for f in faults if what in (None, f["do"]))

    def drop(self, name: str | bytes, content: Any, *, root: Path | None = None) -> Path:
        """Write a complete source file, as a well-behaved tool does, and remember its hash."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path = Path(
            os.fsdecode(os.path.join(os.fsencode(root or self.transcripts), os.fsencode(name)))
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        with open(descriptor, "wb") as stream:
            stream.write(data)
        self.sources[path] = hashlib.sha256(data).hexdigest()
        return path

    def remove(self, path: Path) -> None:
        """Delete a source."""
        path.unlink()
        self.sources.pop(path, None)

    def guard(self, path: Path) -> Path:
        """Remember a file that must not change and beside which nothing may appear."""
        self.outside[path] = hashlib.sha256(path.read_bytes()).hexdigest()
        return path

    # The daemon

    @contextlib.contextmanager
    def daemon(self, *arguments: str, **spec: Any) -> Iterator[Daemon]:
        """Run llasad; it and its child are killed at the end if they still run."""
        running = self.start(*arguments, **spec)
        try:
            yield running
        finally:
            running.kill()

    def start(self, *arguments: str, umask: int = 0o022, **spec: Any) -> Daemon:
        """Start llasad in a process group of its own."""
        self.write_spec(**spec)
        self.was_killed = False
        return Daemon(self, arguments, umask)

    def write_spec(self, **spec: Any) -> None:
        """Write the spec that tells the launcher how to disturb the next daemon."""
        patches = {**FAST, **spec.pop("patches", {})}
        full: dict[str, Any] = {
            "patches": patches,
            "steps": str(self.steps_file),
            "environ": self.environment,
            **spec,
        }
        if self.light:
            child = [sys.executable, "-P", str(HERE / "light_child.py"), str(self.script_file)]
            full.setdefault("child", child)
        self.spec_file.write_text(json.dumps(full))

    def drain(
        self, *, patience_s: float = PATIENCE_S, **spec: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run `llasad --drain` to its end."""
        with self.daemon("--drain", **spec) as running:
            code = running.wait(patience_s)
            return subprocess.CompletedProcess([], code, running.output(), "")

    def control(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run llasactl on this home."""
        return subprocess.run(
            [sys.executable, "-c", "from daemon.control import main; main()", *arguments],
            env={
                **starting.environment(),
                **self.environment,
                "LLASA_HOME": str(self.path),
                "COLUMNS": "200",
            },
            capture_output=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    # What can be observed

    def with_queue(self, ask: Callable[[Queue], T]) -> T | None:
        """Ask the queue something over a read-only connection; None while there is no database."""
        try:
            with open_readonly(self.places.database) as database:
                return ask(Queue(database))
        except DatabaseMissing:
            return None

    @contextlib.contextmanager
    def queue(self) -> Iterator[Queue]:
        """Open the queue for writing, as llasactl does."""
        with open_database(self.places.database, create=False) as database:
            yield Queue(database)

    def jobs(self) -> list[Job]:
        """Return all jobs, the oldest first."""
        return sorted(self.with_queue(lambda queue: queue.jobs()) or [], key=lambda job: job.id)

    def job(self, path: Path) -> Job | None:
        """Return the latest job of a file."""
        return self.with_queue(lambda queue: queue.job_by_path(path))

    def parts(self, path: Path) -> list[PartRow]:
        """Return the parts of the latest job of a file."""
        job = self.job(path)
        return (self.with_queue(lambda queue: queue.parts(job.id)) or []) if job else []

    def row(self) -> ServiceRecord | None:
        """Return the daemon's own row, None while there is no database."""
        try:
            with open_readonly(self.places.database) as database:
                return ServiceRow(database).read()
        except DatabaseMissing:
            return None

    def ended(self, path: Path, *, patience_s: float = PATIENCE_S) -> Job:
        """Wait until the latest job of a file has ended."""

        def look() -> Job | None:
            job = self.job(path)
            return job if job is not None and job.status in TERMINAL else None

        return wait_for(look, what=f"{path.name} ended: {self.job(path)}", patience_s=patience_s)

    def became(self, path: Path, *statuses: Status, patience_s: float = PATIENCE_S) -> Job:
        """Wait until the latest job of a file has one of these statuses."""

        def look() -> Job | None:
            job = self.job(path)
            return job if job is not None and job.status in statuses else None

        return wait_for(look, what=f"{path.name} {statuses}", patience_s=patience_s)

    def all_ended(self, count: int, *, patience_s: float = PATIENCE_S) -> list[Job]:
        """Wait until there are so many jobs and all have ended."""

        def look() -> list[Job] | None:
            counts = self.with_queue(lambda queue: queue.counts()) or {}
            waiting = sum(n for status, n in counts.items() if status not in TERMINAL)
            return self.jobs() if not waiting and sum(counts.values()) >= count else None

        return wait_for(look, what=f"{count} jobs ended", patience_s=patience_s)

    def log(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return the records of the daemon's log, all or of one event."""
        files = sorted(self.places.logs.glob("llasad.log*"), reverse=True)
        records = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
        return [record for record in records if event in (None, record["event"])]

    def steps(self) -> list[str]:
        """Return the named steps so far, in order, with KILLED where it was killed."""
        return self.steps_file.read_text().split() if self.steps_file.exists() else []

    def text_of(self, source: Path) -> str:
        """Return the enhanced text beside a source."""
        return sidecars.paths_for(source, ["enhanced.txt"])["enhanced.txt"].read_text("utf-8")

    def temporaries(self) -> list[Path]:
        """Return our temporary files in the watched folders."""
        return [path for path in self.transcripts.rglob(".*") if sidecars.is_temp(path.name)]


class Daemon:
    """A running llasad."""

    def __init__(self, home: Home, arguments: tuple[str, ...], umask: int) -> None:
        self.home = home
        self._output = home.folder / "llasad.out"
        self._at = self._output.stat().st_size if self._output.exists() else 0
        self._ended = False
        self.process = starting.start(
            home.spec_file, self._output, ["--home", str(home.path), *arguments], umask=umask
        )
        self.pid = self.process.pid

    def until_watching(self) -> Daemon:
        """Wait until the first scan has ended and the folders are watched."""

        def look() -> bool:
            assert self.alive, self.output()
            row = self.home.row()
            return row is not None and row.pid == self.pid and row.last_scan_at is not None

        since = self.home.row()
        seen = since.last_scan_at if since else None
        wait_for(look, what=f"the first scan (before: {seen})")
        return self

    @property
    def alive(self) -> bool:
        """Return whether the process still runs."""
        return self.process.poll() is None

    def child_pid(self) -> int | None:
        """Return the pid of its model child, None without one."""
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{self.pid}/task").iterdir():
                if children := (task / "children").read_text().split():
                    return int(children[0])
        return None

    def signal(self, number: int) -> None:
        """Send a signal to the daemon alone."""
        if self.alive:
            os.kill(self.pid, number)

    def signal_all(self, number: int) -> None:
        """Send a signal to the daemon and its child."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill_child(self, pid: int) -> None:
        """Kill its model child, if it is still its child."""
        if self.child_pid() == pid:
            os.kill(pid, signal.SIGKILL)

    def stop(self, patience_s: float = 10.0) -> int:
        """Ask it to stop and return its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait(patience_s)

    def wait(self, patience_s: float = PATIENCE_S) -> int:
        """Wait for its end and return its exit code."""
        try:
            code = self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"still running after {patience_s:.0f} s:\n{self.output()}"
            ) from None
        self.home.was_killed = code < 0
        return code

    def kill(self) -> None:
        """Kill it and wait until its child is gone too; a second call does nothing."""
        if self._ended:
            return
        child = self.child_pid()
        self.signal(signal.SIGKILL)
        self.wait(10)
        if child is not None:
            wait_for(lambda: not runs(child), what="the model child ends with its parent")
        self._ended = True

    def output(self) -> str:
        """Return what it printed."""
        with self._output.open("rb") as stream:
            stream.seek(self._at)
            return stream.read().decode("utf-8", "replace")


def runs(pid: int) -> bool:
    """Return whether a model child exists and is no zombie; an orphan of ours is reaped."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def same_but_times(one: Path, other: Path) -> bool:
    """Return whether two metadata files are equal except for `created_at` and `timings`."""

    def lasting(path: Path) -> Any:
        value = json.loads(path.read_bytes())
        return {k: v for k, v in value.items() if k not in {"created_at", "timings"}}

    return bool(lasting(one) == lasting(other))
