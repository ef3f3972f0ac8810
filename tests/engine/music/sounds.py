"""Sounds of known pitch and tempo, made by arithmetic."""

from __future__ import annotations

import array
import math
import random
import wave
from collections.abc import Sequence
from pathlib import Path

RATE = 16_000
MAJOR = (0, 2, 4, 5, 7, 9, 11, 12, 11, 9, 7, 5, 4, 2, 0)
MINOR = (0, 2, 3, 5, 7, 8, 11, 12, 7, 3, 0)


def write(path: Path, samples: Sequence[float]) -> Path:
    """Write samples from -1 to 1 as 16 kHz, mono, 16 bit."""
    whole = array.array("h", (round(32767 * max(-1.0, min(1.0, sample))) for sample in samples))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(whole.tobytes())
    return path


def clicks(bpm: float, *, duration_s: float = 10.0) -> list[float]:
    """Return short decaying tones, the first after a quarter of a second."""
    samples = [0.0] * round(duration_s * RATE)
    at_s = 0.25
    while at_s < duration_s - 0.1:
        first = round(at_s * RATE)
        for n in range(480):
            tone = math.sin(2 * math.pi * 1500 * n / RATE) * math.exp(-n / 96)
            samples[first + n] += 0.7 * tone
        at_s += 60 / bpm
    return samples


def tone(hertz: float, duration_s: float, *, amplitude: float = 0.3) -> list[float]:
    """Return a sine that begins and ends softly."""
    count = round(duration_s * RATE)
    edge = 160
    return [
        amplitude
        * math.sin(2 * math.pi * hertz * n / RATE)
        * min(1.0, n / edge, (count - n) / edge)
        for n in range(count)
    ]


def scale(root_hertz: float, steps: Sequence[int], *, note_s: float = 0.4) -> list[float]:
    """Return a scale as sines, steps in semitones above the root."""
    return [sample for step in steps for sample in tone(root_hertz * 2 ** (step / 12), note_s)]


def noise(duration_s: float) -> list[float]:
    """Return noise that is the same every time."""
    made = random.Random(7)
    return [made.gauss(0.0, 0.1) for _ in range(round(duration_s * RATE))]
