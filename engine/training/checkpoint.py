"""Keep the state of a run on disk, replaced in one move, and read it again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` beside `path`, then put it in its place."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def load(path: Path, device: str = "cpu") -> dict[str, Any]:
    """Read what `save` wrote."""
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return state
