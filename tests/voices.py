"""Talks of several synthetic voices, with known turns: espeak-ng speaks, a script mixes."""

from __future__ import annotations

import itertools
import math
import random
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.diarize.records import Turn

COMMAND = "espeak-ng"
RATE = 22_050  # of espeak-ng
GAP_S = (0.2, 0.6)
COLLAR_S = 0.25  # around each border, in which nothing counts
FRAME_S = 0.01
# Voice, variant, pitch and speed: as different as the synthesizer allows.
VOICES = (
    ("en-us+m3", 35, 160), ("en-gb+f2", 65, 170), ("en-us+m7", 20, 145),
    ("en-gb-scotland+f5", 80, 180),
)  # fmt: skip
SENTENCES = (
    "We went down to the river because the water was warm and they liked it there.",
    "I think the second quarter was better than anybody in this room had expected.",
    "The whole row had come through by the end of May, and the beans are two feet high.",
    "Could you say that again, please, because I did not hear the last part of it?",
    "Nobody has counted them since the winter, and that is the honest answer.",
    "There are three reasons for this, and the first of them is simply the price.",
    "My neighbour says that it was the cold soil, and I think that he is right.",
    "Then the train stopped in the middle of nowhere, and we waited for two hours.",
)


@dataclass(frozen=True, slots=True)
class Talk:
    """A recording and who speaks in it."""

    path: Path
    turns: tuple[Turn, ...]
    duration_s: float


def available() -> bool:
    """Return whether the synthesizer is here."""
    return shutil.which(COMMAND) is not None


def talk(path: Path, *, voices: int, turns: int, seed: int = 1) -> Talk:
    """Write a talk in which the voices take turns, each of one or two sentences."""
    chance = random.Random(seed)
    samples, made, last = bytearray(), [], -1
    for number in range(turns):
        speaker = number if number < voices else chance.choice(
            [n for n in range(voices) if n != last]
        )  # fmt: skip
        last = speaker
        text = " ".join(chance.sample(SENTENCES, chance.choice((1, 2))))
        start_s = len(samples) / 2 / RATE
        samples += _spoken(text, *VOICES[speaker])
        made.append(Turn(start_s, len(samples) / 2 / RATE, f"VOICE_{speaker}"))
        samples += bytes(2 * int(chance.uniform(*GAP_S) * RATE))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(samples))
    return Talk(path, tuple(made), len(samples) / 2 / RATE)


def error_rate(truth: Sequence[Turn], found: Sequence[Turn]) -> float:
    """Return the share of speech that was missed, invented or given to the wrong speaker.

    Labels are matched in the best way there is; a collar around each border does not count.
    """
    end = max(turn.end_s for turn in (*truth, *found))
    frames = math.ceil(end / FRAME_S)
    right, guess = _frames(truth, frames), _frames(found, frames)
    counted = [True] * frames
    for turn in truth:
        for border in (turn.start_s, turn.end_s):
            first, last = (int((border + s * COLLAR_S) / FRAME_S) for s in (-1, 1))
            counted[max(0, first) : last] = [False] * (min(last, frames) - max(0, first))
    pairs = [(a, b) for a, b, c in zip(right, guess, counted, strict=True) if c]
    speech = sum(a is not None for a, _ in pairs)
    wrong = sum((a is None) != (b is None) for a, b in pairs)
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    names, labels = sorted({a for a, _ in both}), sorted({b for _, b in both})
    labels += [f"none-{n}" for n in range(len(names) - len(labels))]
    best = 0
    for chosen in itertools.permutations(labels, len(names)):
        match = dict(zip(names, chosen, strict=True))
        best = max(best, sum(match[a] == b for a, b in both))
    return (wrong + len(both) - best) / max(1, speech)


def _frames(turns: Sequence[Turn], count: int) -> list[str | None]:
    frames: list[str | None] = [None] * count
    for turn in turns:
        first, last = int(turn.start_s / FRAME_S), min(count, int(turn.end_s / FRAME_S))
        frames[first:last] = [turn.speaker] * (last - first)
    return frames


def _spoken(text: str, voice: str, pitch: int, speed: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = [COMMAND, "-v", voice, "-p", str(pitch), "-s", str(speed), "-w", str(path), text]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(path)) as file:
            assert file.getframerate() == RATE
            return file.readframes(file.getnframes())
