"""What `llasa-cli calibrate` found about a model, kept in the home and used from then on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from engine.models import places
from engine.records import ModelFacts, ModelInfo

SCHEMA: Final = "llasa.calibration/1"
Verdict = Literal["worth", "no_gain", "unfit"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A measurement that holds for the weights that a model has now."""

    verdict: Verdict
    sentence: str  # for the user
    measured_at: str  # UTC, ISO 8601
    languages: tuple[str, ...]  # in which it may decide alone; empty: all
    data: Mapping[str, Any]  # the whole file


def path_of(base: Path, model: str) -> Path:
    """Return the file of a model in the home `base`."""
    return base / places.HOME_MODELS / f"{places.file_name(model)}.llasa.json"


def read(base: Path, info: ModelFacts) -> Calibration | None:
    """Return what was measured of a model; None where nothing was, or of other weights.

    The revision decides: one model may be named as a folder here and as a path there.
    """
    own = path_of(base, info.name)
    for path in (own, *sorted(own.parent.glob("*.llasa.json"))):
        found = _parse(path)
        if found is not None and found.data.get("revision") == info.revision:
            return found
    return None


def _parse(path: Path) -> Calibration | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        return None
    languages, verdict = data.get("languages"), data.get("verdict")
    if verdict not in ("worth", "no_gain", "unfit") or not isinstance(languages, list):
        return None
    return Calibration(
        verdict=verdict,
        sentence=str(data.get("sentence", "")),
        measured_at=str(data.get("measured_at", "")),
        languages=tuple(map(str, languages)),
        data=data,
    )


def write(base: Path, info: ModelFacts, data: Mapping[str, Any]) -> Path:
    """Write what was measured of a model, in one move; returns the file."""
    path = path_of(base, info.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    content = {"schema": SCHEMA, "model": info.name, "revision": info.revision, **data}
    temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)
    return path


def advice(base: Path, info: ModelInfo) -> tuple[str, str] | None:
    """Return what the user should know about the fitness of a model, and what to do about it.

    None where there is nothing to say: the model was made for this work, or found worth using.
    """
    if info.template != "chat":
        return None
    found = read(base, info)
    if found is None:
        return (
            "how good it is at this work was never measured, and cautious defaults hold",
            f"Measure it once: llasa-cli calibrate {info.name}",
        )
    if found.verdict == "worth":
        return None
    return (found.sentence.rstrip("."), "Choose another model: docs/models.md recommends some.")
