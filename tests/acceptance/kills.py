"""Kill llasad or its model child again and again, at named steps and at random, and count.

`python -m tests.acceptance.kills --cycles N [--real] [--homes H] [--json] [--seed S]`. Every cycle
brings new files and new versions of old ones, starts the daemon, and kills it (SIGKILL). In between
a reader reads everything under a final name. At the end the rest is drained and the promises are
checked. An interrupt (SIGINT, SIGTERM) ends the cycles; what was done is drained, checked and
reported. A second one ends the drain as well.

    lost        files whose latest content has no result at the end
    torn        reads of a final name that found something half, or metadata without its text
    duplicated  content that was finished more than once, or an output written twice
    rerun       claims beyond one a job: work that a kill sent back to the queue
    stray       temporary files that kills left (at the end none may be left)
    steps       the last step before each kill, with how often it was

With the real model each kill waits until a part has been saved. Several homes run side by side,
because a cycle mostly waits.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine import sidecars
from state.database import open_readonly
from state.job import TERMINAL, Status
from state.queue import Queue
from tests.acceptance.harness import STEPS, Daemon, Home, runs, spoken, wait_for
from tests.acceptance.invariants import GAVE_RESULT, check

LONGEST_S = 1.2  # of a cycle that is killed at a random moment
PATIENCE_S = {False: 3.0, True: 20.0}  # with the light child, with the real one
QUIET_NS = 100_000_000  # after a change, until the reader looks away
LATE = STEPS[STEPS.index("part_saved") :]
# A job that was killed often is tried last, after a cool-down; here it is tried at once.
PATCHES = {"daemon.work.loop.COOL_DOWN_S": 0.0}
SAID = """
    and the of we they you said that what people time water house river many small first morning
    letter after before without never always because again against kind quiet letters windows
"""
PARTS = 3
DRAIN_S = 600.0
TOGETHER_S = 1.0  # signals within this time are one request


@dataclasses.dataclass(slots=True)
class Report:
    """What happened."""

    cycles: int = 0
    interrupted: bool = False  # fewer cycles than were asked for
    checked: bool = False  # drained, counted and held against the promises
    kills: int = 0  # of the daemon
    child_kills: int = 0
    jobs: int = 0
    lost: int = 0
    torn: int = 0
    duplicated: int = 0
    rerun: int = 0
    stray: int = 0
    stray_left: int = 0
    exhausted: int = 0  # jobs that met too many kills and were given up, then retried
    reads: int = 0  # of final names, by the reader
    seconds: float = 0.0
    broken: list[str] = dataclasses.field(default_factory=list)  # what the checker found at the end
    steps: dict[str, int] = dataclasses.field(default_factory=dict)  # the last step before a kill

    def add(self, other: Report) -> None:
        """Add what happened in another home."""
        for field in dataclasses.fields(Report):
            mine, its = getattr(self, field.name), getattr(other, field.name)
            if field.name == "steps":
                for step, count in its.items():
                    mine[step] = mine.get(step, 0) + count
            elif field.name not in ("interrupted", "checked", "seconds"):
                setattr(self, field.name, mine + its)

    @property
    def kept(self) -> bool:
        """Return whether every promise was checked and held."""
        wrong = self.lost or self.torn or self.duplicated or self.stray_left or self.broken
        return self.checked and not wrong


class Reader:
    """Reads outputs all the time, as a user's editor or a sync tool may."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._end = threading.Event()
        self.torn: list[str] = []
        self.reads = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(0.01):
            # Every rename changes the folder's mtime, whose resolution is a clock tick.
            if time.time_ns() - self._folder.stat().st_mtime_ns > QUIET_NS:
                continue
            newest = sorted(self._folder.glob("*.metadata.json"), key=_mtime)[-8:]
            for metadata in newest:
                self._look(metadata)

    def _look(self, metadata: Path) -> None:
        text = metadata.with_name(metadata.name.replace(".metadata.json", ".enhanced.txt"))
        self.reads += 1
        try:
            about = json.loads(metadata.read_bytes())
            said = text.read_bytes()
        except (OSError, ValueError) as error:
            self.torn.append(f"{metadata.name}: {error}")
            return
        if "created_at" not in about or not said.endswith(b"\n"):
            self.torn.append(f"{metadata.name}: not whole")


class Interrupted(Exception):
    """The drain was interrupted too."""


class Interrupts:
    """Counts the requests to stop; the signal handler does nothing else."""

    def __init__(self) -> None:
        self.count = 0
        self._last = -TOGETHER_S

    def install(self) -> None:
        """Treat SIGINT and SIGTERM as requests to stop."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._handle)

    def _handle(self, number: int, frame: object) -> None:
        # `timeout` and `uv run` each forward the same signal.
        if time.monotonic() - self._last >= TOGETHER_S:
            self.count, self._last = self.count + 1, time.monotonic()


def run(
    folder: Path,
    *,
    cycles: int,
    real: bool = False,
    seed: int = 0,
    homes: int = 1,
    told: Callable[[Report], None] = lambda report: None,
    interrupts: Interrupts | None = None,
) -> Report:
    """Run so many cycles in an empty folder, divided among homes; call `told` after each."""
    begun = time.monotonic()
    stop = interrupts or Interrupts()
    parts = [Report() for _ in range(homes)]
    lock = threading.Lock()

    def after_cycle() -> None:
        with lock:
            told(_together(parts))

    def run_home(number: int) -> None:
        place = folder / str(number)
        place.mkdir()
        count = cycles // homes + (number < cycles % homes)
        chance = random.Random(seed * 1000 + number)
        _run_home(place, parts[number], count, chance, stop, after_cycle, real=real)

    with ThreadPoolExecutor(homes) as threads:
        for ended in [threads.submit(run_home, number) for number in range(homes)]:
            ended.result()
    report = _together(parts)
    report.checked = all(part.checked for part in parts)
    report.interrupted = report.cycles < cycles
    report.seconds = round(time.monotonic() - begun, 1)
    return report


def _together(parts: list[Report]) -> Report:
    report = Report()
    for part in parts:
        report.add(part)
    return report


def _run_home(
    folder: Path,
    report: Report,
    cycles: int,
    chance: random.Random,
    stop: Interrupts,
    after_cycle: Callable[[], None],
    *,
    real: bool,
) -> None:
    home = Home(folder, model="punct" if real else None, part_words=8)
    settings = home.places.settings.read_text()
    home.places.settings.write_text(settings.replace("settle_s = 0.2", "settle_s = 0.1"))
    home.script(delay_s=0.01)
    reader = Reader(home.transcripts)
    try:
        for cycle in range(cycles):
            if stop.count:
                break
            _bring(home, chance, cycle, real=real)
            _kill_once(home, chance, report, stop, real=real)
            report.cycles += 1
            report.torn, report.reads = len(reader.torn), reader.reads
            after_cycle()
        _drain(home, report, stop)
    except Interrupted:
        return
    finally:
        reader.close()
        report.torn, report.reads = len(reader.torn), reader.reads
    _count(home, report)
    report.checked = True
    try:
        check(home)
    except AssertionError as error:
        report.broken = str(error).splitlines()


def _drain(home: Home, report: Report, stop: Interrupts) -> None:
    """Let every job end; those that met too many kills are retried."""
    for _ in range(3):
        with home.daemon("--drain", "--quiet", patches=PATCHES) as running:
            _wait_while(running, lambda: stop.count < 2, DRAIN_S)
            if running.alive:
                raise Interrupted
            assert running.wait() in (0, 1), running.output()
        with home.queue() as queue:
            report.exhausted += (given_up := queue.retry_failed())
        if not given_up:
            return


def _bring(home: Home, chance: random.Random, cycle: int, *, real: bool) -> None:
    """Write new files, and sometimes a new version of an old one."""
    for number in range(1 if real else 2):
        length = 150 if real else chance.choice((3, 8 * PARTS, 8 * PARTS * 2))
        words = [f"word{cycle}x{number}x{n}" for n in range(length)]
        if real:  # ordinary words are a token each
            words = [f"file {cycle}", *(chance.choice(SAID.split()) for _ in range(length))]
        said = [" ".join(words[n : n + 6]) for n in range(0, length, 6)]
        home.drop(f"talk{cycle}-{number}.json", spoken(*said))
    if home.sources and chance.random() < 0.3:
        old = chance.choice(sorted(home.sources))
        home.drop(old.name, spoken(f"version {cycle} of it", "and again with more to say"))


def _kill_once(
    home: Home, chance: random.Random, report: Report, stop: Interrupts, *, real: bool
) -> None:
    told = len(home.steps())
    how = chance.choices(("step", "moment", "child"), (6, 3, 1))[0]
    kill_at = None
    if how == "step":
        step = chance.choice(LATE if real else STEPS)
        kill_at = [step, chance.randint(1, 2 if real else 4)]
    running = home.start("--quiet", kill_at=kill_at, patches=PATCHES)

    def wait_while(condition: Callable[[], bool], patience_s: float) -> None:
        _wait_while(running, lambda: not stop.count and condition(), patience_s)

    if how == "step":
        # Where the step does not come so often, the kill comes when the work is done.
        wait_while(lambda: not _idle(home), PATIENCE_S[real])
    else:
        if real:
            wait_while(lambda: "part_saved" not in home.steps()[told:], PATIENCE_S[real])
        until = time.monotonic() + chance.uniform(0.0, LONGEST_S)
        wait_while(lambda: time.monotonic() < until, LONGEST_S)
        if how == "child" and (child := running.child_pid()) is not None:
            running.kill_child(child)
            report.child_kills += 1
            until = time.monotonic() + 0.3
            wait_while(lambda: time.monotonic() < until, 1.0)
    child = running.child_pid()
    running.signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    report.kills += 1
    if child is not None:
        wait_for(lambda: not runs(child), what="the child ends with its parent")
    steps = home.steps()[told:]
    last = next((step for step in reversed(steps) if step != "KILLED"), "before any claim")
    report.steps[last] = report.steps.get(last, 0) + 1
    report.stray += len(home.temporaries())


def _idle(home: Home) -> bool:
    counts = home.with_queue(lambda queue: queue.counts()) or {}
    waiting = sum(count for status, count in counts.items() if status not in TERMINAL)
    return not waiting and all(home.job(path) is not None for path in list(home.sources)[-2:])


def _wait_while(running: Daemon, condition: Any, patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while running.alive and condition() and time.monotonic() < deadline:
        time.sleep(0.01)


def _count(home: Home, report: Report) -> None:
    jobs = home.jobs()
    report.jobs = len(jobs)
    latest = {job.path: job for job in jobs}
    report.lost = sum(
        str(path) not in latest or latest[str(path)].status not in GAVE_RESULT
        for path in home.sources
    )
    with open_readonly(home.places.database) as database:
        queue = Queue(database)
        ends = [sum(m.status in GAVE_RESULT for m in queue.history(job.id)) for job in jobs]
    again = sum(
        older.path == newer.path and older.sha256 == newer.sha256
        for older, newer in pairwise(sorted(jobs, key=lambda job: (job.path, job.id)))
        if older.status in GAVE_RESULT and newer.status in GAVE_RESULT
    )
    displaced = sum(output.displaced for job in jobs for output in job.outputs)
    report.duplicated = sum(max(0, count - 1) for count in ends) + again + displaced
    report.rerun = sum(max(0, job.claims - 1) for job in jobs if job.status is not Status.CANCELLED)
    report.stray_left = sum(sidecars.is_temp(path.name) for path in home.transcripts.iterdir())


def _mtime(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def main() -> int:
    """Run from the command line; return 1 if a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.kills")
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--real", action="store_true", help="with the embedded model")
    parser.add_argument("--homes", type=int, default=1, help="to run side by side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=50, help="cycles between two progress lines")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    def told(report: Report) -> None:
        if report.cycles % given.every == 0:
            cycle = f"cycle {report.cycles} of {given.cycles}"
            print(f"{cycle}: {report.torn} torn, {report.stray} stray", file=sys.stderr, flush=True)

    interrupts = Interrupts()
    interrupts.install()
    with tempfile.TemporaryDirectory(prefix="llasa-kills-") as folder:
        report = run(
            Path(folder).resolve(),
            cycles=given.cycles,
            real=given.real,
            seed=given.seed,
            homes=given.homes,
            told=told,
            interrupts=interrupts,
        )
    if given.json:
        print(json.dumps(dataclasses.asdict(report), indent=2))
    else:
        for name, value in dataclasses.asdict(report).items():
            if name != "steps":
                print(f"{name:12} {value}")
        for step, count in sorted(report.steps.items(), key=lambda item: -item[1]):
            print(f"  {count:5}  {step}")
    return 0 if report.kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
