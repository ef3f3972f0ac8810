"""Small transcripts, and what their outputs say without the times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.archive.records import Settings
from engine.models import catalog
from engine.recipe import Recipe
from engine.records import VOLATILE, Profile

SAID = "so i went up to see the garden yesterday and it was all under water but we had a good day"


def transcript(path: Path, *, said: str = SAID) -> Path:
    """Write a small file of openai-whisper."""
    path.parent.mkdir(parents=True, exist_ok=True)
    segments = [{"id": 0, "start": 0.0, "end": 9.0, "text": f" {said}"}]
    path.write_text(json.dumps({"text": said, "segments": segments, "language": "en"}))
    return path


def settings() -> Settings:
    """Return the settings of a run with the embedded model."""
    recipe = str(Recipe.of(Profile(), catalog.describe(catalog.EMBEDDED)))
    return Settings(catalog.EMBEDDED, language=None, cleaning="safe", recipe=recipe)


def outputs(folder: Path) -> dict[str, Any]:
    """Return all outputs below a folder by name, the metadata without times."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*.*")):
        name = str(path.relative_to(folder))
        if name.endswith(".metadata.json"):
            value = json.loads(path.read_text())
            found[name] = {key: value[key] for key in value if key not in VOLATILE}
        elif ".enhanced." in name:
            found[name] = path.read_bytes()
    return found
