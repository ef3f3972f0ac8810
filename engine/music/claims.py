"""What a text claims of tempo and key, held against what was measured; both are said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from engine.music.measure import Measured

SAME_TEMPO: Final = 0.04  # a listener's tolerance
LEAST_SURE: Final = 0.3  # a measurement below this contradicts nobody
_BPM: Final = re.compile(
    r"(?<![\d.])(\d{2,3}(?:\.\d+)?)(?:\s*(?:-|–|to)\s*(\d{2,3}(?:\.\d+)?))?\s*"
    r"(?:bpm\b|beats\s+per\s+minute\b)",
    re.IGNORECASE,
)
_TEMPO: Final = re.compile(
    r"\b(?:tempo|bpm)\b(?:\s+(?:is|of|around|about|approximately|roughly|near)|\s*[:=~≈])+\s*"
    r"(\d{2,3}(?:\.\d+)?)(?!\s*(?:bpm|beats|-|–|to\s+\d|\d))",
    re.IGNORECASE,
)
_KEY: Final = re.compile(
    r"(?<![\w#♯♭])([A-G])(?:[\s-]?(sharp|flat)\b|([#♯b♭])(?!\w))?[\s-]+(major|minor)\b"
    # A chord or a scale step in passing is no claim of the key.
    r"(?!\s+(?:chord|triad|seventh|7|third|sixth|second))",
    re.IGNORECASE,
)
_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that the words say and that was measured too."""

    about: str  # "tempo" or "key"
    said: str  # as the text says it
    measured: float | str
    unit: str
    confidence: float  # of the measurement
    agrees: bool
    remark: str  # "" or how they differ

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "about": self.about,
            "said": self.said,
            "measured": self.measured,
            "unit": self.unit,
            "confidence": self.confidence,
            "agrees": self.agrees,
            "remark": self.remark,
        }


def check(text: str, measured: Measured) -> tuple[Claim, ...]:
    """Return every claim of a tempo or a key that a measurement can speak to, in the text's order.

    A measurement that is not sure enough contradicts nobody: it yields no claim.
    """
    found = sorted([*_tempos(text, measured), *_keys(text, measured)], key=lambda pair: pair[0])
    unique: dict[tuple[str, str], Claim] = {}
    for _, claim in found:
        unique.setdefault((claim.about, claim.said.casefold()), claim)
    return tuple(unique.values())


def _tempos(text: str, measured: Measured) -> Iterator[tuple[int, Claim]]:
    tempo = measured.get("tempo")
    if tempo is None or not isinstance(tempo.value, float | int) or tempo.confidence < LEAST_SURE:
        return
    value = float(tempo.value)
    for pattern in (_BPM, _TEMPO):
        for match in pattern.finditer(text):
            low = float(match[1])
            high = float(match[2]) if match.re is _BPM and match[2] else low
            remark, agrees = "", _within(value, low, high)
            if not agrees and (_within(value * 2, low, high) or _within(value / 2, low, high)):
                agrees, remark = True, "counted in half or double time"
            elif not agrees:
                remark = f"the words say {match[0].strip()}, measured are {value:g} BPM"
            yield (
                match.start(),
                Claim(
                    "tempo", match[0].strip(), value, tempo.unit, tempo.confidence, agrees, remark
                ),
            )


def _within(value: float, low: float, high: float) -> bool:
    return low * (1 - SAME_TEMPO) <= value <= high * (1 + SAME_TEMPO)


def _keys(text: str, measured: Measured) -> Iterator[tuple[int, Claim]]:
    key = measured.get("key")
    if key is None or not isinstance(key.value, str) or key.confidence < LEAST_SURE:
        return
    is_tonic, is_mode = _parsed(key.value)
    for match in _KEY.finditer(text):
        if match[1] == "a" and not (match[2] or match[3]):
            continue  # "a major part" is an article
        tonic = _LETTERS[match[1].upper()]
        tonic += {"sharp": 1, "#": 1, "♯": 1, "flat": -1, "b": -1, "♭": -1}.get(
            (match[2] or match[3] or "").lower(), 0
        )
        tonic, mode = tonic % 12, match[4].lower()
        agrees = (tonic, mode) == (is_tonic, is_mode)
        remark = ""
        if not agrees:
            remark = f"the words say {match[0]}, measured is {key.value}"
            if _relative(tonic, mode) == (is_tonic, is_mode):
                remark += "; the two share all their notes"
        yield (
            match.start(),
            Claim("key", match[0], key.value, key.unit, key.confidence, agrees, remark),
        )


def _relative(tonic: int, mode: str) -> tuple[int, str]:
    return ((tonic + 9) % 12, "minor") if mode == "major" else ((tonic + 3) % 12, "major")


def _parsed(name: str) -> tuple[int, str]:
    tonic, mode = name.split()
    return (_LETTERS[tonic[0]] + tonic.count("#")) % 12, mode
