"""A recording -> its tempo, key, loudness, pitch range and onsets, each with its method."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from engine.audio import tool
from engine.audio.backends import OFFLINE
from engine.audio.prepare import Progress, Sound
from engine.audio.python import interpreter_with
from engine.errors import ToolFailed
from engine.music.errors import MeasurerMissing

#: In the order in which they are shown, with how they are called.
NAMES: Final[Mapping[str, str]] = {
    "tempo": "Tempo",
    "key": "Key",
    "loudness": "Loudness",
    "pitch_range": "Pitch",
    "onsets": "Onsets",
}
Value: TypeAlias = float | str | list[float] | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One property of the music."""

    name: str  # a key of `NAMES`
    value: Value  # None: it cannot be told, and `why` says why
    unit: str
    method: str
    confidence: float  # 0 to 1
    more: Mapping[str, Any]  # what belongs to this one alone

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "value": self.value,
            "unit": self.unit,
            "method": self.method,
            "confidence": self.confidence,
            **self.more,
        }

    def shown(self) -> str:
        """Return the value in words."""
        if self.value is None:
            return f"not told: {self.more.get('why', 'it was not found')}"
        if self.name == "tempo":
            half, double = self.more["also"]
            return f"{self.value:g} BPM (counted otherwise, {half:g} or {double:g})"
        if self.name == "key":
            return f"{self.value} (next: {', '.join(self.more['also'])})"
        if self.name == "loudness":
            return f"{self.value:g} LUFS, peak {self.more['peak_dbfs']:g} dBFS"
        if self.name == "pitch_range" and isinstance(self.value, list):
            low, high = self.more["notes"]
            return f"{low} to {high} ({self.value[0]:g} to {self.value[1]:g} Hz)"
        return f"{self.value:g}, {self.more['per_s']:g} a second"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of a recording."""

    measurements: tuple[Measurement, ...]
    tool: str  # with its version
    duration_s: float

    def get(self, name: str) -> Measurement | None:
        """Return a measurement by its name."""
        return next((m for m in self.measurements if m.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """Return them by name."""
        return {m.name: m.to_json() for m in self.measurements}


def where(python: str | None = None) -> str | None:
    """Return a Python that can measure, None where there is none."""
    return interpreter_with("librosa", named=python)


def measure(
    sound: Sound,
    folder: Path,
    *,
    python: str | None = None,
    progress: Progress = lambda done_s, total_s: None,
    check: Callable[[], None] = lambda: None,
) -> Measured:
    """Measure prepared sound; `folder` is for the tool.

    Raises `MeasurerMissing`, and `ToolError` where the tool fails.
    """
    program = where(python)
    if program is None:
        raise MeasurerMissing()
    out = folder / "measured.json"
    out.unlink(missing_ok=True)

    def heard(line: str) -> bool:
        if not line.startswith('{"done_s"'):
            return False
        progress(float(json.loads(line)["done_s"]), sound.duration_s)
        return True

    script = Path(__file__).with_name("measure_tool.py")
    try:
        tool.run(
            [program, "-P", str(script), str(sound.path), str(out)],
            heard=heard,
            check=check,
            environment=OFFLINE,
        )
        made = json.loads(out.read_bytes())
        return Measured(
            tuple(_measurement(name, made["measurements"][name]) for name in NAMES),
            str(made["tool"]),
            float(made["duration_s"]),
        )
    except ToolFailed as error:
        raise error.named("librosa") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolFailed(code=0, said="it wrote no measurements", name="librosa") from error


def _measurement(name: str, made: Mapping[str, Any]) -> Measurement:
    own = ("value", "unit", "method", "confidence")
    more = {key: value for key, value in made.items() if key not in own}
    return Measurement(
        name, made["value"], str(made["unit"]), str(made["method"]), made["confidence"], more
    )
