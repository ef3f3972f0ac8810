"""The licence of the weights: shown, and accepted once for each model before its first use."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.music.errors import LicenceNotAccepted

TEXT: Final = (
    "The weights of Music Flamingo and Audio Flamingo 3 are NVIDIA's, under the NVIDIA OneWay "
    "Noncommercial License: for research and other noncommercial use alone. Quantized copies of "
    "them are under the same licence. The model's folder or its page has the whole text."
)
_FILE: Final = "music-licences.json"
_NAMES: Final = ("LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE")


def whole_text(model: Path | None) -> Path | None:
    """Return the file with the licence in a model's folder, None where there is none."""
    if model is None:
        return None
    return next((model / name for name in _NAMES if (model / name).is_file()), None)


def accepted(model: str, folder: Path) -> bool:
    """Return whether the licence was accepted for a model."""
    return model in _read(folder)


def accept(model: str, folder: Path) -> None:
    """Note that the licence is accepted for a model."""
    made = {**_read(folder), model: datetime.now(UTC).isoformat(timespec="seconds")}
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{_FILE}.part"
    part.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    os.replace(part, folder / _FILE)


def check(model: str, folder: Path) -> None:
    """Raise `LicenceNotAccepted` where it was not accepted for this model."""
    if not accepted(model, folder):
        raise LicenceNotAccepted(f"The licence of {model} was not accepted. {TEXT}")


def _read(folder: Path) -> dict[str, str]:
    try:
        made = json.loads((folder / _FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return made if isinstance(made, dict) else {}
