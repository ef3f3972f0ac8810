"""A run that is killed goes on where it ended, with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from engine import sidecars
from tests.archive.making import outputs, transcript

PROC = os.path.isdir("/proc/self")
_CLI = "from engine.cli.main import main; main()"


def test_a_run_that_is_killed_goes_on_where_it_ended(tmp_path: Path) -> None:
    """Nothing is lost, and what the killed run had reported is not done again."""
    source, out = tmp_path / "in", tmp_path / "out"
    for n in range(6):
        transcript(source / f"talk{n}.json")
    words = ["batch", str(source), "--output-dir", str(out), "--jobs", "2", "--json"]
    command = [sys.executable, "-c", _CLI, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        first = json.loads(run.stdout.readline())
        run.send_signal(signal.SIGKILL)
    assert first["status"] == "done"

    again = subprocess.run(command, capture_output=True, text=True, check=True)
    *files, last = [json.loads(line) for line in again.stdout.splitlines()]
    assert last["summary"]["files"] == 6
    assert last["summary"]["done"] + last["summary"]["skipped"] == 6
    state = {report["file"]: report["status"] for report in files}
    assert state[first["file"]] == "skipped"
    assert len(outputs(out)) == 12
    # A worker of the killed run may outlive it for a moment; nothing is left of one that is gone.
    alive = {name for name in os.listdir("/proc") if name.isdigit()} if PROC else None
    sidecars.remove_stale_temps(out)
    left = {path.name.split("-")[1] for path in out.iterdir() if path.name.endswith(".tmp")}
    assert alive is None or left <= alive
