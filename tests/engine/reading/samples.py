"""Transcripts of every producer in a few words of our own, for the tests of reading."""

from __future__ import annotations

import json
from typing import Any

from engine.reading import read
from engine.records import Transcript


def load(document: Any, name: str = "talk.json") -> Transcript:
    """Read a document as a JSON file."""
    return read(json.dumps(document).encode(), name=name)


def words_of(transcript: Transcript) -> list[str]:
    """Return the texts of the words."""
    return [word.text for word in transcript.words]


def figures(**changes: Any) -> dict[str, Any]:
    """Return what openai-whisper writes for a segment beside its text and times."""
    return {
        "id": 0,
        "seek": 0,
        "tokens": [50364, 2425, 50414],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.3,
        "no_speech_prob": 0.02,
        **changes,
    }


def openai_whisper(**changes: Any) -> dict[str, Any]:
    """Return what openai-whisper and mlx-whisper write."""
    return {
        "text": " The kettle is on. Who wants tea?",
        "segments": [
            {**figures(), "start": 0.0, "end": 2.0, "text": " The kettle is on."},
            {**figures(id=1), "start": 2.0, "end": 4.0, "text": " Who wants tea?"},
        ],
        "language": "en",
        **changes,
    }


def openai_words() -> dict[str, Any]:
    """Return the same with word times."""
    document = openai_whisper()
    for segment in document["segments"]:
        parts = segment["text"].split()
        step = 2.0 / len(parts)
        segment["words"] = [
            {
                "word": " " + part,
                "start": segment["start"] + index * step,
                "end": segment["start"] + (index + 1) * step,
                "probability": 0.9,
            }
            for index, part in enumerate(parts)
        ]
    return document


def whisper_cpp(**changes: Any) -> dict[str, Any]:
    """Return what whisper.cpp writes with -oj."""
    return {
        "systeminfo": "CPU : AVX = 1",
        "model": {"type": "base", "multilingual": True},
        "params": {"model": "ggml-base.bin", "language": "en", "translate": False},
        "result": {"language": "en"},
        "transcription": [
            {
                "timestamps": {"from": "00:00:00,000", "to": "00:00:02,500"},
                "offsets": {"from": 0, "to": 2500},
                "text": " the kettle is on",
            },
            {
                "timestamps": {"from": "00:00:02,500", "to": "00:00:04,000"},
                "offsets": {"from": 2500, "to": 4000},
                "text": " who wants tea",
            },
        ],
        **changes,
    }


def whisperx(**changes: Any) -> dict[str, Any]:
    """Return what WhisperX writes when diarized; it could not align the number."""
    words = [
        {"word": "Bring", "start": 0.5, "end": 0.8, "score": 0.9, "speaker": "SPEAKER_00"},
        {"word": "12"},
        {"word": "cups.", "start": 1.4, "end": 1.9, "score": 0.8, "speaker": "SPEAKER_00"},
    ]
    reply = [{"word": "Done.", "start": 2.5, "end": 2.9, "score": 0.7, "speaker": "SPEAKER_01"}]
    return {
        "segments": [
            {
                "start": 0.5,
                "end": 1.9,
                "text": " Bring 12 cups.",
                "words": words,
                "speaker": "SPEAKER_00",
            },
            {"start": 2.5, "end": 2.9, "text": "Done.", "words": reply, "speaker": "SPEAKER_01"},
        ],
        "word_segments": [*words, *reply],
        "language": "en",
        **changes,
    }


def plain(*texts: str, step_s: float = 2.0) -> list[dict[str, Any]]:
    """Return segments of start, end and text, one after the other."""
    return [
        {"start": index * step_s, "end": (index + 1) * step_s, "text": text}
        for index, text in enumerate(texts)
    ]


DEEPGRAM = {
    "metadata": {"request_id": "1", "duration": 5.5, "channels": 1},
    "results": {
        "channels": [
            {
                "detected_language": "en",
                "alternatives": [
                    {
                        "transcript": "Tea? Yes, please.",
                        "confidence": 0.9,
                        "words": [
                            {
                                "word": said.strip("?.,").lower(),
                                "punctuated_word": said,
                                "start": start,
                                "end": start + 0.4,
                                "confidence": 0.9,
                                "speaker": speaker,
                            }
                            for said, start, speaker in (
                                ("Tea?", 0.5, 0),
                                ("Yes,", 1.5, 1),
                                ("please.", 2.0, 1),
                            )
                        ],
                    }
                ],
            }
        ]
    },
}

ASSEMBLYAI = {
    "id": "a1",
    "language_code": "en_us",
    "audio_url": "https://example.org/tea.mp3",
    "acoustic_model": "default",
    "status": "completed",
    "audio_duration": 4,
    "text": "Tea? Yes.",
    "words": [
        {"text": "Tea?", "start": 500, "end": 900, "confidence": 0.9, "speaker": "A"},
        {"text": "Yes.", "start": 1500, "end": 1900, "confidence": 0.9, "speaker": "B"},
    ],
    "utterances": [
        {
            "speaker": "A",
            "text": "Tea?",
            "start": 500,
            "end": 900,
            "words": [{"text": "Tea?", "start": 500, "end": 900, "confidence": 0.9}],
        },
        {
            "speaker": "B",
            "text": "Yes.",
            "start": 1500,
            "end": 1900,
            "words": [{"text": "Yes.", "start": 1500, "end": 1900, "confidence": 0.9}],
        },
    ],
}

AWS = {
    "jobName": "tea",
    "status": "COMPLETED",
    "results": {
        "transcripts": [{"transcript": "Tea? Yes."}],
        "speaker_labels": {
            "segments": [
                {"speaker_label": "spk_0", "items": [{"start_time": "0.5"}]},
                {"speaker_label": "spk_1", "items": [{"start_time": "1.5"}]},
            ]
        },
        "items": [
            {
                "start_time": "0.5",
                "end_time": "0.9",
                "type": "pronunciation",
                "alternatives": [{"confidence": "0.99", "content": "Tea"}],
            },
            {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "?"}]},
            {
                "start_time": "1.5",
                "end_time": "1.9",
                "type": "pronunciation",
                "alternatives": [{"confidence": "0.98", "content": "Yes"}],
            },
            {"type": "punctuation", "alternatives": [{"confidence": "0.0", "content": "."}]},
        ],
    },
}
