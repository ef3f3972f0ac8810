"""A file that grows while somebody speaks is one job at its end, not one at every pause."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.config import Config
from daemon.intake.growing import LIVE, LONGER, Growing, last_time
from daemon.intake.settle import Settled
from daemon.log import Log
from state.job import Fingerprint, Origin, Status
from state.queue import Queue
from tests.daemon.conftest import Clock, IntakeRig

SETTLE_S = 2.0


@pytest.fixture
def rig(config: Config, queue: Queue, log: Log, clock: Clock) -> IntakeRig:
    wanted = replace(config, include=("*.json", "*.srt", "*.vtt", "*.txt"))
    return IntakeRig(wanted, queue, log, clock)


def cue(number: int, *, every_s: float = 3.0, mark: str = ",") -> str:
    start = every_s * number
    end = start + every_s - 0.5
    clocks = [
        f"{int(at) // 3600:02}:{int(at) // 60 % 60:02}:{int(at) % 60:02}{mark}{int(at * 10) % 10}00"
        for at in (start, end)
    ]
    return f"{number + 1}\n{clocks[0]} --> {clocks[1]}\nSentence number {number + 1}.\n\n"


def append(path: Path, text: str, rig: IntakeRig) -> None:
    with open(path, "a", encoding="utf-8") as file:
        file.write(text)
    rig.inbox.put(str(path))


def jobs_of(rig: IntakeRig, name: str, pauses: list[float], *, start: str = "") -> int:
    """Append a cue, wait, and so on; return how many jobs were made."""
    rig.run(2)  # the scan of the start is over
    path = rig.folder / name
    if start:
        append(path, start, rig)
    for number, pause in enumerate(pauses):
        append(path, cue(number, mark="." if name.endswith(".vtt") else ","), rig)
        rig.run(pause, step_s=0.5)
    rig.run(700, step_s=5)
    return rig.intake.offered


@pytest.mark.parametrize("name", ["live.srt", "live.vtt", "live.txt"])
def test_a_file_that_grows_every_few_seconds_is_one_job(rig: IntakeRig, name: str) -> None:
    """Its last time is as late as it has been watched, so it waits."""
    start = "WEBVTT\n\n" if name.endswith(".vtt") else ""
    assert jobs_of(rig, name, [3.5] * 10, start=start) == 1
    assert rig.rows() == [(name, Status.QUEUED)]


def test_a_recording_with_long_pauses_is_few_jobs(rig: IntakeRig) -> None:
    """Every time it goes on after it was taken, it waits four times as long."""
    assert jobs_of(rig, "live.srt", [20.0] * 30) <= 4


def test_lines_without_times_that_grow_are_few_jobs(rig: IntakeRig) -> None:
    """Plain text shows nothing at first; that it goes on is enough."""
    rig.run(2)
    for number in range(20):
        append(rig.folder / "live.txt", f"Sentence number {number}.\n", rig)
        rig.run(3.5, step_s=0.5)
    rig.run(700, step_s=5)
    assert rig.intake.offered <= 3


def test_a_clock_of_the_day_in_a_file_that_grows_makes_few_jobs(rig: IntakeRig) -> None:
    """Times far beyond the watch show nothing; that it goes on does."""
    rig.run(2)
    for number in range(20):
        append(rig.folder / "live.srt", cue(number + 12_000), rig)
        rig.run(3.5, step_s=0.5)
    rig.run(700, step_s=5)
    assert rig.intake.offered <= 3


def test_a_complete_file_waits_no_longer_than_ever(rig: IntakeRig) -> None:
    """An hour of subtitles that appears at once was not written live."""
    rig.run(2)
    append(rig.folder / "talk.srt", "".join(cue(n) for n in range(1200)), rig)
    rig.run(3, step_s=0.5)
    assert rig.intake.offered == 1


def test_a_file_that_was_edited_waits_no_longer_than_ever(rig: IntakeRig) -> None:
    """It does not begin with what was taken before."""
    rig.run(2)
    path = rig.folder / "talk.srt"
    whole = "".join(cue(n) for n in range(1200))
    append(path, whole, rig)
    rig.run(3, step_s=0.5)
    path.write_text("".join(cue(n) for n in range(5, 1300)), encoding="utf-8")
    rig.inbox.put(str(path))
    rig.run(3, step_s=0.5)
    assert rig.intake.offered == 2


def test_a_short_file_that_lay_there_before_is_not_live(rig: IntakeRig) -> None:
    """The scan at the start finds what is complete."""
    (rig.folder / "short.srt").write_text(cue(0), encoding="utf-8")
    rig.run(4, step_s=0.5)
    assert rig.intake.offered == 1


def test_a_short_file_that_was_moved_in_is_not_live(rig: IntakeRig) -> None:
    """Its last change is long ago."""
    rig.run(2)
    path = rig.folder / "short.srt"
    path.write_text(cue(0), encoding="utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    rig.inbox.put(str(path))
    rig.run(3, step_s=0.5)
    assert rig.intake.offered == 1


def settled(path: str, *, watched_s: float = 0.0) -> Settled:
    fingerprint = Fingerprint(1, 1, 10, 1_000_000_000_000, 1)
    return Settled(path, fingerprint, Origin.EVENT, False, 2.0, watched_s)


def test_the_rule_in_numbers() -> None:
    """Six times the wait for what may be live, four times the last wait for what went on."""
    growing = Growing(settle_s=SETTLE_S, wall=lambda: 1_000.0)
    data = cue(0).encode()
    assert growing.quiet_s(settled("a.srt"), data) == LIVE * SETTLE_S
    assert growing.quiet_s(settled("a.json"), b"{}") == SETTLE_S
    waits = []
    wait = SETTLE_S
    for number in range(8):
        growing.taken("b.log.txt", b"x" * (number + 1) * 1_000, wait)
        wait = growing.quiet_s(settled("b.log.txt"), b"x" * (number + 2) * 1_000)
        waits.append(wait)
    assert waits == [SETTLE_S * LONGER**n for n in range(1, 5)] + [600.0] * 4
    assert growing.quiet_s(settled("b.log.txt"), b"y" * 20_000) == SETTLE_S


@pytest.mark.parametrize(
    ("data", "last_s"),
    [
        (b"1\n00:00:01,000 --> 00:00:02,500\nA.\n", 2.5),
        (b"WEBVTT\n\n00:01.000 --> 01:02.250 align:start\nA.\n", 62.25),
        (b"[00:00:01.000 --> 01:00:02.000]  A.\n", 3602.0),
        (b"Nothing here --> at all.", None),
        (b"", None),
    ],
)
def test_the_last_time_of_a_file(data: bytes, last_s: float | None) -> None:
    """SRT, WebVTT, whisper.cpp's lines, and files without any."""
    assert last_time(data) == last_s
