"""Transcripts for the fault tests, as openai-whisper writes them, and a model for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NO_WEIGHTS = (2).to_bytes(8, "little") + b"{}"  # a whole file without one tensor


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


def light_model(folder: Path, part_words: int) -> None:
    """Make the folder of a model that the light child stands in for."""
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_text("{}")
    (folder / "model.safetensors").write_bytes(NO_WEIGHTS)
    part = {"words": part_words, "tail_words": 4, "lookahead_words": 4}
    (folder / "llasa.json").write_text(json.dumps({"template": "punct", "part": part}))
