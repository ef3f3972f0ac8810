"""What `llasa-cli calibrate` found about a model, kept in the home and used from then on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from engine.models import opinions
from engine.records import ModelInfo

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


def read(base: Path, info: ModelInfo) -> Calibration | None:
    """Return what was measured of a model; None where nothing was, or of other weights."""
    file = file_of(base, info)
    return None if file is None else _parse(file)


def file_of(base: Path, info: ModelInfo) -> Path | None:
    """Return the file of the home `base` that holds for a model's weights, None without one.

    The revisions decide, of the model and of the tagger that it advises: one model may be named as
    a folder here and as a path there. A file of its own name that is no measurement was written by
    hand and holds too.
    """
    own = opinions.path_of(base, info.name)
    for path in (own, *sorted(own.parent.glob("*.llasa.json"))):
        found = _parse(path)
        if found is not None and _holds(found, info):
            return path
    return own if own.is_file() and _parse(own) is None else None


def _holds(found: Calibration, info: ModelInfo) -> bool:
    decider = info.decider.revision if info.decider else None
    return bool(
        found.data.get("revision") == info.revision and found.data.get("decider") == decider
    )


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


def write(base: Path, info: ModelInfo, data: Mapping[str, Any]) -> Path:
    """Write what was measured of a model, in one move; returns the file."""
    path = opinions.path_of(base, info.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    content = {
        "schema": SCHEMA,
        "model": info.name,
        "revision": info.revision,
        "decider": info.decider.revision if info.decider else None,
        **data,
    }
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
