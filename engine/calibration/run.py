"""A model -> every way to use it measured, the best chosen, and the file of the home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from engine.calibration import texts, verdict
from engine.calibration.measure import Measured, Result, Way
from engine.models import catalog, facts
from engine.recipe import ENGINE_VERSION
from engine.records import ModelInfo


@dataclass(frozen=True, slots=True)
class Row:
    """One way in one language; the fields are the keys of `table` in the file."""

    way: str
    language: str
    marks_f1: float  # percent, as the next two
    case_f1: float
    paragraphs_f1: float | None  # None where the text has none
    words_per_s: float
    memory_bytes: int | None
    words: int
    failed_parts: int


def languages_of(info: ModelInfo) -> tuple[str, ...]:
    """Return the languages that are measured unless the user names some.

    They are those that the model's card names and text is shipped for; else English.
    """
    named = facts.read(info).languages
    return tuple(code for code in texts.LANGUAGES if code in named) or ("en",)


def ways_of(info: ModelInfo) -> tuple[Way, ...]:
    """Return the ways in which a model can decide, the embedded model alone first."""
    embedded = catalog.describe(catalog.EMBEDDED)
    name = "tagger" if info.kind == "tagger" else "ask"
    return (
        Way("embedded", embedded, languages=embedded.languages),
        Way(name, info, languages=info.languages),
    )


def rows_of(results: Sequence[Result]) -> list[Row]:
    """Return the table, a language after the other."""
    codes = list(dict.fromkeys(code for result in results for code in result.languages))
    return [
        _row(result, code, result.languages[code])
        for code in codes
        for result in results
        if code in result.languages
    ]


def content(model: str, results: Sequence[Result]) -> tuple[verdict.Choice, dict[str, Any]]:
    """Return what was best, and the content of the file that makes it used from now on."""
    choice = verdict.choose(model, results)
    data = {
        "verdict": choice.verdict,
        "sentence": choice.sentence,
        "llasa": ENGINE_VERSION,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "device_path": results[-1].device_path,
        "languages": list(choice.languages),
        "table": [row_to_json(row) for row in rows_of(results)],
    }
    return choice, data


def row_to_json(row: Row) -> dict[str, Any]:
    """Return a row as plain values."""
    return {name: getattr(row, name) for name in Row.__slots__}


def _row(result: Result, code: str, measured: Measured) -> Row:
    table = measured.tally.figures()
    paragraphs = table.get("paragraphs")
    return Row(
        way=result.way.name,
        language=code,
        marks_f1=float(table["overall"]["f1"]),
        case_f1=float(table["capitals"]["f1"]),
        paragraphs_f1=None if paragraphs is None else float(paragraphs["f1"]),
        words_per_s=float(table["words_per_second"]),
        memory_bytes=result.memory_bytes,
        words=measured.tally.words,
        failed_parts=measured.failed_parts,
    )
