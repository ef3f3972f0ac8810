"""The judge of fidelity reads what the product reads, by its own code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.reading import read
from tests.acceptance.raw_words import few_with_others, read_source, words_of
from tests.engine.reading.test_kind_standards import CASES
from tests.field import FIELD

KINDS = ("07", "08", "09", "10", "11", "12")
FILES = [path for kind in KINDS for path in sorted(FIELD.glob(f"{kind}-*/*.json"))]


def agree(document: Any) -> None:
    """Fail unless words and speakers are the same."""
    transcript = read(json.dumps(document).encode(), name="talk.json")
    source = few_with_others(read_source(document))
    said = [piece for word in transcript.words for piece in words_of(word.text)]
    assert [word.text for word in source] == said
    if transcript.has_speakers:
        for word, raw in zip(transcript.words, source, strict=True):
            assert raw.speakers is None or word.speaker in raw.speakers


@pytest.mark.parametrize("producer", CASES)
def test_documented_formats_are_read_alike(producer: str) -> None:
    """Words and speakers of each service."""
    agree(CASES[producer][0])


@pytest.mark.skipif(not FILES, reason=f"the field's files are not at {FIELD}")
def test_the_files_of_the_field_are_read_alike() -> None:
    """Keys of other names and lists of names."""
    for path in FILES:
        agree(json.loads(path.read_text(encoding="utf-8")))
