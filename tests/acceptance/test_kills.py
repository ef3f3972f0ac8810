"""The kill harness, a short run of it; the long ones are run by hand."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance import kills, starting
from tests.acceptance.harness import EMBEDDED, ROOT

CYCLES = int(os.environ.get("LLASA_TEST_KILLS", "90"))
REAL_CYCLES = int(os.environ.get("LLASA_TEST_REAL_KILLS", "8"))
HOMES = 2  # a core each


def test_kills_at_random_lose_tear_and_double_nothing(tmp_path: Path) -> None:
    """Whatever the moment; and the kills did meet the steps that matter."""
    report = kills.run(tmp_path, cycles=CYCLES, homes=HOMES, seed=1)
    assert (report.kills, report.checked) == (CYCLES, True)
    assert report.kept, report
    assert len(report.steps) >= 8, report.steps
    assert min(report.rerun, report.stray, report.reads) > 0, report


def test_kills_with_the_real_model_lose_nothing(tmp_path: Path) -> None:
    """The same with the embedded model in its real child, killed after a finished part."""
    if not (EMBEDDED / "model.safetensors").exists():
        pytest.skip("the embedded model is not there")
    report = kills.run(tmp_path, cycles=REAL_CYCLES, homes=HOMES, real=True, seed=2)
    assert (report.kills, report.checked) == (REAL_CYCLES, True)
    assert report.kept, report


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_tells_what_it_has_and_leaves_nobody(number: int) -> None:
    """One JSON object on standard output, the signs of life beside it, no process behind it."""
    mark = f"LLASA_TEST_MARK={os.urandom(8).hex()}"
    run = subprocess.Popen(
        [sys.executable, "-m", "tests.acceptance.kills", "--cycles", "100000", "--json",
         "--every", "2", "--homes", "2"],
        cwd=ROOT,
        env={**starting.environment(), **dict([mark.split("=")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert run.stderr is not None
    said = run.stderr.readline()
    assert marked(mark)
    run.send_signal(number)
    run.send_signal(number)  # as `timeout` does through `uv run`
    out, complaint = run.communicate(timeout=60)
    assert run.returncode == 0, complaint
    assert said.startswith("cycle 2 of 100000: 0 torn")
    report = json.loads(out)
    assert (report["interrupted"], report["checked"], report["broken"]) == (True, True, [])
    assert report["kills"] == report["cycles"] == sum(report["steps"].values()) >= 2
    assert {"lost", "torn", "duplicated", "rerun", "stray"} <= report.keys()
    assert marked(mark) == []


def marked(mark: str) -> list[int]:
    """Return the processes that have the mark in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
        except OSError:
            continue
    return found
