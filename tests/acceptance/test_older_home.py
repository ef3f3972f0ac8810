"""A home that an older version left in the middle of its work is gone on with.

`older_home/` was made with the version before the rooms were divided into folders: its daemon was
killed when the first transcript was done and the second had one of two parts. Its model is another
one now, so that the kept part is not used: a text is of one model.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from state.database import open_readonly
from state.job import Status
from state.queue import Queue
from tests.acceptance.fidelity import check_folder

KEPT = Path(__file__).parent / "older_home"
SAMPLES = Path(__file__).parents[2] / "daemon" / "samples"
ITS_HOME = "/home/ada/llasa"


def restore(home: Path) -> Path:
    """Put the older home at a place of its own; return its transcripts."""
    transcripts = home / "var" / "transcripts"
    transcripts.mkdir(parents=True)
    (home / "var" / "state").mkdir()
    (home / "llasa.toml").write_text('model = "punct-en"\nsettle_s = 0.1\n')
    for name in ("the-car.json", "allotment.json", "kitchen-note.json"):
        shutil.copyfile(SAMPLES / name, transcripts / name)
    for name in ("the-car.enhanced.txt", "the-car.metadata.json"):
        shutil.copyfile(KEPT / name, transcripts / name)
    script = (KEPT / "queue.sql").read_text(encoding="utf-8")
    place = str(home.resolve())
    script = script.replace(ITS_HOME.encode().hex(), place.encode().hex()).replace(ITS_HOME, place)
    with sqlite3.connect(home / "var" / "state" / "queue.db") as connection:
        connection.executescript(script)
    connection.close()
    return transcripts


def test_a_home_of_the_version_before_goes_on_where_it_was(tmp_path: Path) -> None:
    """What was done stays as it is; the rest is done with the model that took over the name."""
    home = tmp_path / "home"
    transcripts = restore(home)
    command = [sys.executable, "-P", "-m", "daemon.start", "--drain", "--home", str(home)]
    drained = subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=240)
    assert drained.returncode == 0, drained.stderr
    assert "model.renamed former=punct-en" in drained.stderr
    with open_readonly(home / "var" / "state" / "queue.db") as database:
        jobs = {Path(job.path).name: job for job in Queue(database).jobs()}
    assert {job.status for job in jobs.values()} == {Status.DONE}
    assert len(jobs) == 3
    for name in ("the-car.enhanced.txt", "the-car.metadata.json"):
        assert (transcripts / name).read_bytes() == (KEPT / name).read_bytes(), name
    for name in ("allotment", "kitchen-note"):
        described = json.loads((transcripts / f"{name}.metadata.json").read_bytes())
        assert described["model"]["name"] == "punct"
    assert [wrong for wrong in check_folder(transcripts).values() if wrong] == []
