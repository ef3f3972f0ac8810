"""Transcripts for the fault tests, as openai-whisper writes them."""

from __future__ import annotations

from typing import Any


def spoken(*segments: str, language: str = "en") -> dict[str, Any]:
    """Return a transcript as openai-whisper writes it, two seconds a segment."""
    return {
        "text": " ".join(segments),
        "segments": [
            {"id": n, "seek": 0, "start": 2.0 * n, "end": 2.0 * n + 2, "text": f" {text}",
             "tokens": [], "temperature": 0.0, "avg_logprob": -0.2, "compression_ratio": 1.3,
             "no_speech_prob": 0.01}
            for n, text in enumerate(segments)
        ],
        "language": language,
    }  # fmt: skip


def talk(subject: str, words: int = 12) -> dict[str, Any]:
    """Return a transcript of so many words, each different, none a repetition."""
    said = [f"{subject}{n}" for n in range(words)]
    return spoken(*(" ".join(said[n : n + 6]) for n in range(0, words, 6)))
