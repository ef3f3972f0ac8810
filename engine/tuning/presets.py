"""Mixtures of data by the kind of recordings, read from `presets.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

GENERAL: Final = "general"


@dataclass(frozen=True, slots=True)
class Preset:
    """How the data of a run is mixed; the fields are explained in `presets.toml`."""

    name: str
    about: str
    shown: tuple[tuple[str, float], ...]
    own: float
    fillers: float
    turns: float
    weights: Mapping[str, float]


@cache
def presets() -> dict[str, Preset]:
    """Return the presets by name."""
    text = resources.files(__package__).joinpath("presets.toml").read_text("utf-8")
    return {name: _preset(name, table) for name, table in tomllib.loads(text).items()}


def _preset(name: str, table: Mapping[str, Any]) -> Preset:
    return Preset(
        name=name,
        about=str(table["about"]),
        shown=tuple((kind, float(share)) for kind, share in table["shown"].items()),
        own=float(table["own"]),
        fillers=float(table["fillers"]),
        turns=float(table["turns"]),
        weights={origin: float(weight) for origin, weight in table["weights"].items()},
    )
