"""A short interview with two speakers, doubtful words, a tag and a loop, and its recording."""

from __future__ import annotations

import json
import math
import struct
import wave
from pathlib import Path

WORD_S = 0.4
FIRST = """so the allotment is finally coming along after that wet spring i put the beans in three
weeks ago and nothing happened at all then last tuesday i went up there and the whole row had come
through"""
SECOND = """and your neighbour martin what did he say about the soil did he think it was too cold
for the beans this year or was it the rain that kept them back for so long"""
THIRD = """he says it was the cold soil and i think he is right he has been growing vegetables there
since nineteen eighty six and knows every corner of it we might even have some by the end of june if
the birds leave us any on saturday we are putting up a small shed"""
TURNS = (
    ("SPEAKER_00", "[Music]"),
    ("SPEAKER_00", FIRST),
    ("SPEAKER_01", SECOND),
    ("SPEAKER_00", THIRD),
    *[("SPEAKER_00", "thank you for watching")] * 8,
)
DOUBTED = {"martin": 0.31, "shed": 0.42}


def transcript() -> bytes:
    """Return it as whisperX writes it: segments of words with times, scores and speakers."""
    at = 0.0
    segments = []
    for speaker, said in TURNS:
        words = []
        for text in said.split():
            score = DOUBTED.get(text, 0.9)
            words.append({"word": text, "start": at, "end": at + 0.3, "score": score,
                          "speaker": speaker})  # fmt: skip
            at = round(at + WORD_S, 3)
        segments.append(
            {
                "start": words[0]["start"],
                "end": words[-1]["end"],
                "text": " ".join(said.split()),
                "words": words,
                "speaker": speaker,
            }
        )
        at = round(at + 0.8, 3)
    return json.dumps({"segments": segments, "language": "en"}).encode()


def recording(path: Path, *, seconds: int = 400) -> None:
    """Write a quiet tone of eight kilohertz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        second = b"".join(
            struct.pack("<h", int(900 * math.sin(n * 220 * math.tau / 8000))) for n in range(8000)
        )
        file.writeframes(second * seconds)
