"""Finished work is taken over where the database was lost."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from engine import sidecars
from engine.records import Rendered
from state.job import Status
from tests.daemon.conftest import Scene
from tests.daemon.making import talk


def finished(scene: Scene, name: str, *, fallback: int = 0, recipe: Any = "r") -> None:
    path = scene.write(name)
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


def test_finished_work_is_taken_over_when_the_database_was_lost(scene: Scene) -> None:
    """The metadata says of which bytes; a text without it, or of others, is done again."""
    finished(scene, "done.json")
    finished(scene, "partial.json", fallback=1)
    finished(scene, "changed.json")
    scene.write("changed.json", talk("other"))
    finished(scene, "textonly.json")
    (scene.folder / "textonly.metadata.json").unlink()
    scene.intake = scene.fresh(adopt=True)
    scene.run()
    assert scene.rows() == [
        ("changed.json", Status.QUEUED),
        ("done.json", Status.DONE),
        ("partial.json", Status.PARTIAL),
        ("textonly.json", Status.QUEUED),
    ]
    outputs = scene.job("done.json").outputs
    assert [output.suffix for output in outputs] == ["enhanced.txt", "metadata.json"]
    for output in outputs:
        assert hashlib.sha256(Path(output.path).read_bytes()).hexdigest() == output.sha256


@pytest.mark.parametrize(
    ("written", "taken"), [("engine=0.1.0 model=m@r", "engine=0.1.0 model=m@r"), (7, None)]
)
def test_finished_work_keeps_its_recipe(scene: Scene, written: Any, taken: str | None) -> None:
    """What made a text stands in its metadata: the new database knows it as the lost one did."""
    finished(scene, "done.json", recipe=written)
    finished(scene, "long.json", recipe="x" * 5_000)
    scene.intake = scene.fresh(adopt=True)
    scene.run()
    assert scene.job("done.json").recipe == taken
    assert scene.job("long.json").recipe is None
    assert scene.job("long.json").status is Status.DONE
