"""Small documents and metadata for the tests of what the engine writes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.extract import extract
from engine.metadata import Coverage, build
from engine.records import (
    Document,
    EnhancedWord,
    Metadata,
    ModelInfo,
    Removal,
    Replacement,
    SourceFacts,
    Timings,
    Word,
)

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")

MODEL = ModelInfo(
    name="punct",
    path="/models/punct",
    revision="0123456789ab",
    quantization="4-bit, group 64",
    tasks=("punctuate",),
    languages=("en",),
    template="punct",
    part_words=60,
    tail_words=10,
    lookahead_words=15,
)
TIMINGS = Timings(total_s=1.23456, load_s=0.5, decode_s=0.7, tokens=120, passes=20)
CREATED = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def paragraph(
    text: str,
    *,
    start_s: float | None = 0.0,
    speaker: str | None = None,
    source: str | None = None,
    word_s: float = 0.4,
) -> tuple[EnhancedWord, ...]:
    """Return words said one every `word_s` seconds; `source` is the text of the file."""
    words = text.split()
    raw = (source or text).split()
    assert len(words) == len(raw)
    return tuple(
        EnhancedWord(
            Word(
                before,
                None if start_s is None else round(start_s + i * word_s, 3),
                None if start_s is None else round(start_s + (i + 1) * word_s, 3),
                speaker,
            ),
            after,
            paragraph=i + 1 == len(words),
        )
        for i, (before, after) in enumerate(zip(raw, words, strict=True))
    )


def document(
    paragraphs: Iterable[tuple[EnhancedWord, ...]], *, language: str | None = "en", **fields: Any
) -> Document:
    """Return a document of these paragraphs."""
    parts = tuple(paragraphs)
    words = [w.word for p in parts for w in p]
    ends = [w.end_s for w in words if w.end_s is not None]
    made = Document(
        parts,
        language,
        max(ends, default=None),
        any(w.speaker is not None for w in words),
        "word" if ends else "none",
    )
    return replace(made, **fields)


def metadata_of(
    made: Document,
    *,
    removals: tuple[Removal, ...] = (),
    replaced: tuple[Replacement, ...] = (),
    names: dict[str, str] | None = None,
    source_name: str = "talk.json",
    relabelled: int = 0,
) -> Metadata:
    """Return the metadata of a document, with extracts and plausible figures."""
    words = sum(len(p) for p in made.paragraphs) + sum(r.count for r in removals)
    return build(
        made,
        source=SourceFacts(source_name, "ab" * 32, 1234, "openai-whisper", words),
        extracts=extract(made),
        coverage=Coverage(removals, replaced, ["enhanced"] * (1 if words else 0), relabelled),
        model=MODEL,
        recipe="llasa 0.1.0, punct 0123456789ab, default",
        engine_version="0.1.0",
        timings=TIMINGS,
        created_at=CREATED,
        names=names,
    )


def real_document(name: str, *, language: str | None = None) -> Document:
    """Return a real file as a document: its own segments, a paragraph every few sentences.

    Reads only files with `segments`; the product's reader has tests of its own.
    """
    raw = json.loads((DATA / "whisper" / name).read_text("utf-8-sig"))
    listed = raw if isinstance(raw, list) else raw["segments"]
    paragraphs: list[tuple[EnhancedWord, ...]] = []
    current: list[EnhancedWord] = []
    speaker = None
    for segment in listed:
        start, end = float(segment["start"]), float(segment["end"])
        words = segment["text"].split()
        if current and (segment.get("speaker") != speaker or len(current) > 90):
            paragraphs.append(tuple(current))
            current = []
        speaker = segment.get("speaker")
        for i, word in enumerate(words):
            each = (end - start) / len(words)
            times = (start + i * each, start + (i + 1) * each)
            current.append(EnhancedWord(Word(word, *times, speaker), word))
    if current:
        paragraphs.append(tuple(current))
    if language is None and isinstance(raw, dict):
        language = raw.get("language")
    return document(paragraphs, language=language, timing="segment")
