"""Talks of several synthetic voices, with known turns: espeak-ng speaks, a script mixes."""

from __future__ import annotations

import array
import itertools
import math
import random
import shutil
import subprocess
import tempfile
import wave
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.diarize.records import Turn
from engine.records import Word

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
    words: tuple[Word, ...] = ()  # with their speakers; times are spread over a turn by length

    @property
    def overlap(self) -> float:
        """Return the share of the speech in which two speak at the same time."""
        frames = _frames(self.turns, math.ceil(self.duration_s / FRAME_S))
        return sum(len(f) > 1 for f in frames) / max(1, sum(bool(f) for f in frames))


def available() -> bool:
    """Return whether the synthesizer is here."""
    return shutil.which(COMMAND) is not None


def talk(path: Path, *, voices: int, turns: int, seed: int = 1, overlap: float = 0.0) -> Talk:
    """Write a talk in which the voices take turns, each of one or two sentences.

    With `overlap`, each turn begins before the one before has ended, by this share of the shorter.
    """
    chance = random.Random(seed)
    samples, last = array.array("h"), -1
    made: list[Turn] = []
    words: list[Word] = []
    for number in range(turns):
        speaker = number if number < voices else chance.choice(
            [n for n in range(voices) if n != last]
        )  # fmt: skip
        last = speaker
        text = " ".join(chance.sample(SENTENCES, chance.choice((1, 2))))
        spoken = array.array("h", _spoken(text, *VOICES[speaker]))
        silence = int(chance.uniform(*GAP_S) * RATE)
        if overlap and made:
            before = int((made[-1].end_s - made[-1].start_s) * RATE)
            start = max(0, len(samples) - int(overlap * min(before, len(spoken))))
        else:
            samples.frombytes(bytes(2 * silence) if made else b"")
            start = len(samples)
        _mix(samples, spoken, start)
        turn = Turn(start / RATE, (start + len(spoken)) / RATE, f"VOICE_{speaker}")
        made.append(turn)
        words += _words(text, turn)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    words.sort(key=lambda word: word.start_s or 0.0)
    return Talk(path, tuple(made), len(samples) / RATE, tuple(words))


def error_rate(truth: Sequence[Turn], found: Sequence[Turn]) -> float:
    """Return the share of speech that was missed, invented or given to the wrong speaker.

    Where two speak, each of them counts. Labels are matched in the best way there is; a collar
    around each border does not count.
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
    names = sorted({name for a, _ in pairs for name in a})
    labels = sorted({label for _, b in pairs for label in b})
    labels += [f"none-{n}" for n in range(len(names) - len(labels))]
    kinds = Counter(pairs)
    wrong = min(
        sum(
            count * (max(len(a), len(b)) - sum(match[name] in b for name in a))
            for (a, b), count in kinds.items()
        )
        for chosen in itertools.permutations(labels, len(names))
        for match in (dict(zip(names, chosen, strict=True)),)
    )
    return wrong / max(1, sum(len(a) for a, _ in pairs))


def without_overlap(talk: Talk, found: Sequence[Turn]) -> tuple[list[Turn], list[Turn]]:
    """Return the truth and what was found, both without the moments in which two speak."""
    frames = _frames(talk.turns, math.ceil(talk.duration_s / FRAME_S) + 1)
    spans, start = [], None
    for number, frame in enumerate([*frames, frozenset({"", "end"})]):
        if len(frame) < 2 and start is None:
            start = number
        elif len(frame) > 1 and start is not None:
            spans.append((start * FRAME_S, number * FRAME_S))
            start = None

    def cut(turns: Sequence[Turn]) -> list[Turn]:
        return [
            replace(turn, start_s=max(turn.start_s, first), end_s=min(turn.end_s, last))
            for turn in turns
            for first, last in spans
            if turn.start_s < last and first < turn.end_s
        ]

    return cut(talk.turns), cut(found)


def wrong_words(talk: Talk, labelled: Sequence[Word]) -> dict[bool, tuple[int, int]]:
    """Return (words of the wrong speaker, words), by whether they stand where two speak.

    `labelled` are the words of the talk as a search labelled them.
    """
    frames = _frames(talk.turns, math.ceil(talk.duration_s / FRAME_S) + 1)
    votes = Counter((a.speaker, b.speaker) for a, b in zip(talk.words, labelled, strict=True))
    names = sorted({word.speaker or "" for word in talk.words})
    labels = sorted({word.speaker or "" for word in labelled})
    labels += [f"none-{n}" for n in range(len(names) - len(labels))]
    match = max(
        (
            dict(zip(names, chosen, strict=True))
            for chosen in itertools.permutations(labels, len(names))
        ),
        key=lambda one: sum(votes[name, label] for name, label in one.items()),
    )
    counts = {False: [0, 0], True: [0, 0]}
    for truth, word in zip(talk.words, labelled, strict=True):
        middle_s = ((truth.start_s or 0.0) + (truth.end_s or 0.0)) / 2
        place = counts[len(frames[int(middle_s / FRAME_S)]) > 1]
        place[0] += match[truth.speaker or ""] != word.speaker
        place[1] += 1
    return {both: (wrong, total) for both, (wrong, total) in counts.items()}


def _words(text: str, turn: Turn) -> list[Word]:
    """Return the words of a turn, with times by the length of their letters."""
    parts = text.split()
    second = (turn.end_s - turn.start_s) / sum(len(part) + 1 for part in parts)
    made, at_s = [], turn.start_s
    for part in parts:
        end_s = at_s + second * (len(part) + 1)
        made.append(Word(part, at_s, end_s, turn.speaker))
        at_s = end_s
    return made


def _mix(samples: array.array[int], spoken: array.array[int], start: int) -> None:
    """Add what is spoken to samples from a place on; where two speak, both are heard."""
    common = min(len(spoken), len(samples) - start)
    for number in range(common):
        both = samples[start + number] + spoken[number]
        samples[start + number] = max(-32768, min(32767, both))
    samples.extend(spoken[common:])


def _frames(turns: Sequence[Turn], count: int) -> list[frozenset[str]]:
    frames: list[frozenset[str]] = [frozenset()] * count
    for turn in turns:
        for number in range(int(turn.start_s / FRAME_S), min(count, int(turn.end_s / FRAME_S))):
            frames[number] = frames[number] | {turn.speaker}
    return frames


def _spoken(text: str, voice: str, pitch: int, speed: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = [COMMAND, "-v", voice, "-p", str(pitch), "-s", str(speed), "-w", str(path), text]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(str(path)) as file:
            assert file.getframerate() == RATE
            return file.readframes(file.getnframes())
