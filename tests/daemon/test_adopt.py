"""Finished work is recorded again after the database was lost."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from engine import sidecars
from engine.records import Rendered
from state.job import Status
from tests.daemon.conftest import IntakeRig
from tests.daemon.making import talk


def finished(intake_rig: IntakeRig, name: str, *, fallback: int = 0, recipe: Any = "r") -> None:
    path = intake_rig.write(name)
    text = "Hello.\n"
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    coverage = {"parts": {"total": 2, "fallback": fallback}}
    metadata = {
        "schema": "llasa.metadata/1",
        "source": {"sha256": sha256},
        "coverage": coverage,
        "recipe": recipe,
        "outputs": [
            {"suffix": "enhanced.txt", "sha256": hashlib.sha256(text.encode()).hexdigest()}
        ],
    }
    files = [
        Rendered("enhanced.txt", text),
        Rendered("metadata.json", json.dumps(metadata)),
    ]
    sidecars.write(path, files, mode=0o644, previous={})


def test_finished_work_is_adopted_when_the_database_was_lost(intake_rig: IntakeRig) -> None:
    """The metadata names the bytes; a text without metadata, or of other bytes, is done again."""
    finished(intake_rig, "done.json")
    finished(intake_rig, "partial.json", fallback=1)
    finished(intake_rig, "changed.json")
    intake_rig.write("changed.json", talk("other"))
    finished(intake_rig, "textonly.json")
    (intake_rig.folder / "textonly.metadata.json").unlink()
    intake_rig.intake = intake_rig.fresh(adopt=True)
    intake_rig.run()
    assert intake_rig.rows() == [
        ("changed.json", Status.QUEUED),
        ("done.json", Status.DONE),
        ("partial.json", Status.PARTIAL),
        ("textonly.json", Status.QUEUED),
    ]
    outputs = intake_rig.job("done.json").outputs
    assert [output.suffix for output in outputs] == ["enhanced.txt", "metadata.json"]
    for output in outputs:
        assert hashlib.sha256(Path(output.path).read_bytes()).hexdigest() == output.sha256


@pytest.mark.parametrize(
    ("written", "taken"), [("engine=0.1.0 model=m@r", "engine=0.1.0 model=m@r"), (7, None)]
)
def test_finished_work_keeps_its_recipe(
    intake_rig: IntakeRig, written: Any, taken: str | None
) -> None:
    """The metadata names the recipe of a text, so the new database knows it like the lost one."""
    finished(intake_rig, "done.json", recipe=written)
    finished(intake_rig, "long.json", recipe="x" * 5_000)
    intake_rig.intake = intake_rig.fresh(adopt=True)
    intake_rig.run()
    assert intake_rig.job("done.json").recipe == taken
    assert intake_rig.job("long.json").recipe is None
    assert intake_rig.job("long.json").status is Status.DONE
