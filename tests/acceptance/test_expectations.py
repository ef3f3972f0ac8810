"""The table of expectations holds for what a real daemon does, model and all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ModelError
from engine.models import catalog
from state.database import open_readonly
from state.job import Job, Reason, Status
from state.queue import Queue
from tests.acceptance import fidelity

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "whisper"
TABLE = Path(__file__).parents[1] / "engine" / "reading" / "expectations.toml"
SMALL_WORDS = 130


def chosen() -> list[dict[str, Any]]:
    """Return the smallest file of every producer and kind of end, and all that are small."""
    table = list(tomllib.loads(TABLE.read_text(encoding="utf-8"))["file"])
    kinds: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for file in sorted(table, key=lambda file: file.get("words", 0)):
        kind = (file.get("producer", ""), file["state"], file["reason"], file["name"][-4:])
        if file.get("words", 0) < 2_000:
            kinds.setdefault(kind, file)
    small = [file for file in table if file.get("words", 0) <= SMALL_WORDS]
    return list({file["name"]: file for file in (*kinds.values(), *small)}.values())


def end_of(job: Job) -> tuple[str, str]:
    reason = str(job.reason or "")
    if job.reason is Reason.OTHER:
        reason = str(job.detail).split(":")[0]
    return str(job.status), reason


def has_model() -> bool:
    try:
        catalog.describe(catalog.EMBEDDED)
    except ModelError:
        return False
    return True


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the sample files are not at {FOLDER}")
@pytest.mark.skipif(not has_model(), reason="the embedded model is not there")
def test_a_drain_ends_every_kind_of_file_as_the_table_says(tmp_path: Path) -> None:
    """Status and reason of each job, and every word where it was: the smallest of each kind."""
    transcripts = tmp_path / "home" / "var" / "transcripts"
    for file in chosen():
        target = transcripts / file["name"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FOLDER / file["name"], target)
    (tmp_path / "home" / "llasa.toml").write_text(
        'include = ["*.json", "*.srt", "*.vtt", "*.txt", "*.tsv", "*.csv"]\nsettle_s = 0.1\n'
        'outputs = ["txt", "md", "srt", "vtt", "html"]\n'
    )
    command = [sys.executable, "-P", "-m", "daemon.start", "--drain", "--quiet"]
    drained = subprocess.run(
        [*command, "--home", str(tmp_path / "home")], capture_output=True, cwd="/", timeout=280
    )
    assert drained.returncode == 0, drained.stderr
    with open_readonly(tmp_path / "home" / "var" / "state" / "queue.db") as database:
        jobs = Queue(database).jobs()
    found = {str(Path(job.path).relative_to(transcripts.resolve())): end_of(job) for job in jobs}
    assert found == {file["name"]: (file["state"], file["reason"]) for file in chosen()}
    judged = fidelity.check_folder(transcripts)
    assert {source: wrong for source, wrong in judged.items() if wrong} == {}
    for job in jobs:
        if job.status is Status.DONE:
            assert json.loads(Path(job.outputs[-1].path).read_bytes())["recipe"] == job.recipe
            assert len(job.outputs) == 6
