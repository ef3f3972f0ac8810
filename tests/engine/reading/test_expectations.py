"""Every real file is read as the table of checked expectations says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from engine.errors import InvalidTranscript, NotATranscript
from engine.models import catalog
from engine.reading import read
from engine.text.cleaning import clean
from engine.text.languages import settle_language

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "whisper"
TABLE = Path(__file__).with_name("expectations.toml")


def expectations() -> list[dict[str, Any]]:
    return list(tomllib.loads(TABLE.read_text(encoding="utf-8"))["file"])


def actual(path: Path, name: str) -> dict[str, Any]:
    try:
        transcript = read(path.read_bytes(), name=path.name)
    except InvalidTranscript as error:
        return {"name": name, "state": "invalid", "reason": str(error.reason)}
    except NotATranscript as error:
        return {"name": name, "state": "ignored", "reason": str(error.reason)}
    starts = [word.start_s for word in transcript.words if word.start_s is not None]
    assert starts == sorted(starts), name
    language = settle_language(transcript)
    cleaned, _ = clean(transcript, level="safe")
    covered = language is None or language in catalog.describe(catalog.EMBEDDED).languages
    reason = "" if covered else "uncovered_language"
    return {
        "name": name,
        "producer": transcript.producer,
        "state": "done",
        "reason": reason if cleaned.words else "no_speech",
        "language": language or "",
        "words": len(transcript.words),
        "word_times": transcript.timing == "word",
        "speakers": transcript.has_speakers,
    }


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the sample files are not at {FOLDER}")
def test_every_sample_file_is_what_the_table_says() -> None:
    """Producer, state, reason, language, words, times and speakers agree; times are in order."""
    wrong = []
    for expected in expectations():
        found = actual(FOLDER / expected["name"], expected["name"])
        if found != expected:
            differing = {k: (expected.get(k), found.get(k)) for k in expected | found}
            wrong.append((expected["name"], {k: v for k, v in differing.items() if v[0] != v[1]}))
    assert wrong == []


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the sample files are not at {FOLDER}")
def test_the_table_names_every_sample_file() -> None:
    """A new file in the folder needs a line in the table."""
    present = {f"{p.parent.name}/{p.name}" for p in FOLDER.glob("*/*") if p.is_file()}
    assert present == {expected["name"] for expected in expectations()}
