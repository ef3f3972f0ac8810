"""Closing lines that Whisper invents in silence: a known line, and Whisper's own doubt."""

from __future__ import annotations

import json

import pytest

from engine.reading import read
from engine.text.cleaning import clean
from engine.text.letters import folded
from engine.text.wordlists import CREDITS, THANKS
from tests.field import FIELD, needs_field

LINES = [
    "ترجمة نانسي قنقر",
    "اشتركوا في القناة",
    "Altyazı M.K.",
    "Abone olmayı unutmayın.",
    "İzlediğiniz için teşekkür ederim.",
    "Teksting av Nicolai Winther",
    "Takk for at du så på!",
    "MBC 뉴스 이덕영입니다.",
    "다음 영상에서 만나요!",
    "次の動画でお会いしましょう。",
    "Cảm ơn các bạn đã theo dõi!",
    "Hãy subscribe cho kênh La La School Để không bỏ lỡ những video hấp dẫn",
    "Tack för att ni tittade.",
    "Kiitos kun katsoitte!",
    "Köszönöm, hogy megnézted!",
    "Titulky vytvořil JohnyX.",
    "Υπότιτλοι AUTHORWAVE",
    "Vă mulțumim pentru vizionare. Nu uitați să vă abonați.",
    "Субтитры сделал DimaTorzok",
    "Дякуємо за перегляд!",
    "โปรดติดตามตอนต่อไป",
    "देखने के लिए धन्यवाद।",
    "Terima kasih telah menonton!",
    "优优独播剧场——YoYo Television Series Exclusive",
]


def cleaned(line: str, **figures: float) -> tuple[str, dict[str, int]]:
    """Return what stays of a talk with a line after it, and what was removed by kind."""
    segment = {"avg_logprob": -0.2, "no_speech_prob": 0.01, "compression_ratio": 1.2}
    items = [
        {"start": 0, "end": 5, "text": " So the ferry leaves at seven.", **segment},
        {"start": 8, "end": 10, "text": f" {line}", **segment, **figures},
    ]
    transcript = read(json.dumps({"text": "x", "segments": items}).encode(), name="talk.json")
    kept, removals = clean(transcript, level="safe")
    return " ".join(w.text for w in kept.words), {r.kind: r.count for r in removals}


@pytest.mark.parametrize("line", LINES)
def test_a_known_line_that_whisper_doubts_is_removed(line: str) -> None:
    """In silence, by Whisper's own figures."""
    text, removed = cleaned(line, no_speech_prob=0.9, avg_logprob=-0.9)
    assert text == "So the ferry leaves at seven."
    assert set(removed) == {"loops"}


@pytest.mark.parametrize("line", LINES)
def test_a_known_line_that_whisper_heard_stays(line: str) -> None:
    """One sign is not enough: somebody may say it."""
    text, removed = cleaned(line)
    assert len(text) > len("So the ferry leaves at seven.")
    assert removed == {}


@pytest.mark.parametrize(
    "line",
    [
        "The queue gets long.",
        "Teksten er av god kvalitet.",
        "Altyazı çok önemli bir konudur.",
        "أحب القناة القديمة",
        "뉴스를 봤습니다",
        "Субтитры нужны всем.",
    ],
)
def test_another_line_in_silence_stays(line: str) -> None:
    """Doubt alone is not enough either."""
    text, removed = cleaned(line, no_speech_prob=0.9, avg_logprob=-0.9)
    assert text == f"So the ferry leaves at seven. {line}"
    assert removed == {}


def test_lists_are_written_as_they_are_compared() -> None:
    """In normal form C, without case or commas, none of them empty."""
    assert all(line and line == folded(line) and "," not in line for line in THANKS)
    assert not CREDITS.search("so the ferry leaves at seven")


@needs_field
def test_the_file_of_the_field() -> None:
    """All six lines of silence are removed, what was said stays."""
    path = FIELD / "28-phantoms" / "p.json"
    kept, removals = clean(read(path.read_bytes(), name=path.name), level="safe")
    assert " ".join(w.text for w in kept.words) == "So the ferry leaves at seven. And that is all."
    assert {r.kind for r in removals} == {"loops"}
