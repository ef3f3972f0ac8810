"""A small corpus and a small tokenizer, prepared as the real ones are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.training.clean import documents
from engine.training.corpus import _Builder

TEXT = (
    "Well, I think so. Do you know what she said? We don't know, but Mr. Smith does. It was 1986"
    "... and they came from New York!"
)


def unigram(pieces: list[str]) -> dict[str, Any]:
    """A tokenizer of the shape of the real one, with these pieces after the special ones."""
    vocabulary = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    vocabulary += [[piece, -1.0 - 0.5 / len(piece)] for piece in pieces]
    space = {
        "type": "Metaspace",
        "replacement": "\u2581",
        "prepend_scheme": "always",
        "split": True,
    }
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": {"type": "NFKC"}, "pre_tokenizer": space, "post_processor": None,
        "decoder": space, "model": {"type": "Unigram", "unk_id": 3, "vocab": vocabulary},
    }  # fmt: skip


@pytest.fixture
def tokenizer() -> dict[str, Any]:
    """Single letters, some syllables and some words."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?!':;-\u2581"
    words = [
        "\u2581the",
        "\u2581know",
        "\u2581you",
        "\u2581I",
        "ing",
        "er",
        "\u2581s",
        "aid",
        "\u2581W",
        "e",
        "ll",
    ]
    return unigram(list(dict.fromkeys([*letters, *words])))


@pytest.fixture
def prepared(tmp_path: Path, tokenizer: dict[str, Any]) -> Path:
    """A prepared folder: two English styles and one German, train and dev."""
    folder = tmp_path / "prepared"
    folder.mkdir()
    for name, style, part in (
        ("en-podcasts", "speech-podcast", "train"),
        ("en-speech", "speech-qa", "train"),
        ("de", "prose", "train"),
        ("en-podcasts", "speech-podcast", "dev"),
    ):
        builder = _Builder()
        for number in range(3):
            record = {
                "style": style, "text": "\n\n".join([TEXT] * (4 + number)),
                "speakers": ["A", "B"] * 3,
            }  # fmt: skip
            for words in documents(record, np.random.default_rng(number)):  # type: ignore[arg-type]
                builder.add(style, words)
        builder.save(folder / f"{name}.{part}.npz")
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return folder
