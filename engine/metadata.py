"""Document and figures -> `llasa.metadata/1`: the sidecar that lists what was done to a transcript.

The keys are fixed (`docs/metadata.schema.json`, explained in `docs/metadata.md`), because others
read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from engine.errors import AlignmentError
from engine.records import (
    Chapter,
    Document,
    EnhancedPart,
    EnhancedWord,
    Extracts,
    HeardSound,
    Metadata,
    ModelFacts,
    Note,
    PartStatus,
    Point,
    Removal,
    RemovalKind,
    Replacement,
    ServedReason,
    SourceFacts,
    Timings,
)
from engine.text.corrected import Corrected
from engine.text.marks import letters, punctuation
from engine.text.prose import label, printable

SCHEMA = "llasa.metadata/1"

_EXTRACTS = ("title", "description", "summary", "key_points", "tags", "chapters")


@dataclass(frozen=True, slots=True)
class Coverage:
    """What became of the words of a source, beside the document that they make."""

    removals: Sequence[Removal]  # in order
    replaced: Sequence[Replacement]  # by the glossary and by terms, in order
    statuses: Sequence[PartStatus]  # one per part
    relabelled: int = 0  # words that got the speaker of the words around them


def build(
    document: Document,
    *,
    source: SourceFacts,
    extracts: Extracts,
    coverage: Coverage,
    model: ModelFacts,
    recipe: str,
    engine_version: str,
    timings: Timings,
    created_at: datetime,
    names: Mapping[str, str] | None = None,
    notes: Sequence[Note] = (),
    corrections: Corrected | None = None,
    generation: Mapping[str, Any] | None = None,
    served: Sequence[EnhancedPart] = (),
    sounds: Sequence[HeardSound] = (),
) -> Metadata:
    """Return the metadata of an enhanced transcript.

    Raises `AlignmentError` if the words of the document and the removals do not add up to the
    words of the source: nothing is lost without being listed.
    """
    found = extracts_to_json(extracts)
    return {
        "schema": SCHEMA,
        "source": {
            "name": printable(source.name),
            "sha256": source.sha256,
            "bytes": source.size,
            "producer": source.producer,
            "language": document.language,
            "duration_s": _seconds(document.duration_s),
            "words": source.words,
            "timing": document.timing,
        },
        **found,
        "speakers": speakers(document, names or {}),
        "origin": {key: _origin(key, found, extracts) for key in _EXTRACTS},
        **_of_model(extracts, generation),
        "coverage": _coverage(document, source, coverage),
        **({"sounds": [_sound(sound) for sound in sounds]} if sounds else {}),
        "notes": [_note(note) for note in notes],
        **({} if corrections is None else {"corrections": _corrections(corrections)}),
        **({"server": _server(served)} if served else {}),
        "model": {
            "name": model.name,
            "revision": model.revision,
            "quantization": model.quantization,
            "tasks": list(model.tasks),
        },
        "recipe": recipe,
        "engine": engine_version,
        "outputs": [],  # filled in when they are rendered
        "timings": {
            key: round(value, 3) if isinstance(value, float) else value
            for key, value in asdict(timings).items()
        },
        "created_at": created_at.astimezone(UTC)
        .isoformat(timespec="seconds")
        .replace("+00:00", "Z"),
    }


def _of_model(extracts: Extracts, generation: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the keys that are there only where a model wrote, or the user has a list of tags."""
    found: dict[str, Any] = {}
    if extracts.proposed_tags:
        found["proposed_tags"] = [printable(tag) for tag in extracts.proposed_tags]
    if generation is not None:
        found["generation"] = dict(generation)
    return found


def _origin(key: str, found: Mapping[str, Any], extracts: Extracts) -> str | None:
    if found[key] is None:
        return None
    return "generated" if key in extracts.generated else "extracted"


def _coverage(document: Document, source: SourceFacts, coverage: Coverage) -> dict[str, Any]:
    """Count what became of the words; raises `AlignmentError` where they do not add up."""
    words_out = sum(word.word.stands_for for words in document.paragraphs for word in words)
    removed = count_removals(coverage.removals)
    if source.words - words_out != sum(removed.values()):
        raise AlignmentError(
            f"{source.words} words came in and {words_out} went out, "
            f"but {sum(removed.values())} removals are listed"
        )
    return {
        "words_in": source.words,
        "words_out": words_out,
        "removed": removed,
        "removals": [_removal(removal) for removal in coverage.removals],
        "replaced": [_replacement(replacement) for replacement in coverage.replaced],
        "parts": count_parts(coverage.statuses),
        "changes": {**count_changes(document), "speakers": coverage.relabelled},
    }


def _server(parts: Sequence[EnhancedPart]) -> dict[str, Any]:
    """Count what a model on a server decided, and who decided the rest."""
    counts: dict[str, int] = {"asked": len(parts), **dict.fromkeys(get_args(ServedReason), 0)}
    words = {"server": 0, "embedded": 0, "source": 0}
    for part in parts:
        assert part.served is not None, "only parts that a server was asked for are counted"
        words["server"] += part.served.taken
        words[part.served.otherwise] += len(part.words) - part.served.taken
        if part.served.reason is not None:
            counts[part.served.reason] += 1
    return {"parts": counts, "words": words}


def count_removals(removals: Iterable[Removal]) -> dict[str, int]:
    """Return the number of words removed, by kind."""
    counts: dict[str, int] = dict.fromkeys(get_args(RemovalKind), 0)
    for removal in removals:
        counts[removal.kind] += removal.count
    return counts


def count_parts(statuses: Iterable[PartStatus]) -> dict[str, int]:
    """Return the number of parts, in total and by status."""
    counts: dict[str, int] = dict.fromkeys(("total", *get_args(PartStatus)), 0)
    for status in statuses:
        counts["total"] += 1
        counts[status] += 1
    return counts


def count_changes(document: Document) -> dict[str, int]:
    """Count the words whose case or marks differ from the source, and the new paragraph breaks."""
    case = punctuation = 0
    for paragraph in document.paragraphs:
        for word in paragraph:
            case += changed_case(word)
            punctuation += changed_marks(word)
    return {
        "case": case,
        "punctuation": punctuation,
        "paragraphs": max(0, len(document.paragraphs) - 1),
    }


def changed_case(word: EnhancedWord) -> bool:
    """Return whether a word has other letter case than in the source; a replaced word has not."""
    if word.text == word.word.text:
        return False
    before, after = letters(word.word.text), letters(word.text)
    return before != after and before.casefold() == after.casefold()


def changed_marks(word: EnhancedWord) -> bool:
    """Return whether a word has other marks than in the source."""
    return word.text != word.word.text and punctuation(word.word.text) != punctuation(word.text)


def speakers(document: Document, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return every speaker as written in the text, with words and seconds of speech.

    They are in the order of their first words. Two labels with one name are one speaker. `seconds`
    is null where no word has a time.
    """
    if not document.has_speakers:
        return []
    words: dict[str, int] = {}
    seconds: dict[str, float | None] = {}
    for paragraph in document.paragraphs:
        for run in _runs(paragraph):
            name = label(run[0].word.speaker, names)
            words[name] = words.get(name, 0) + sum(word.word.stands_for for word in run)
            spoken = _span(run)
            before = seconds.setdefault(name, None)
            if spoken is not None:
                seconds[name] = (before or 0.0) + spoken
    return [
        {"label": name, "words": count, "seconds": _seconds(seconds[name])}
        for name, count in words.items()
    ]


def _runs(paragraph: Sequence[EnhancedWord]) -> Iterable[list[EnhancedWord]]:
    """Yield the stretches of one speaker; a paragraph usually is one."""
    run: list[EnhancedWord] = []
    for word in paragraph:
        if run and word.word.speaker != run[-1].word.speaker:
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _span(run: Sequence[EnhancedWord]) -> float | None:
    """Return the seconds of speech, without silences of more than two seconds."""
    total: float | None = None
    start = end = None
    for word in run:
        if word.word.start_s is None or word.word.end_s is None:
            continue
        if end is None or word.word.start_s > end + 2:
            total = (total or 0.0) + (0.0 if end is None or start is None else end - start)
            start, end = word.word.start_s, word.word.end_s
        else:
            end = max(end, word.word.end_s)
    if start is None or end is None:
        return None
    return (total or 0.0) + max(0.0, end - start)


def extracts_to_json(extracts: Extracts) -> dict[str, Any]:
    """Return extracts as the metadata has them."""
    return {
        "title": extracts.title or None,
        "description": extracts.description or None,
        "summary": " ".join(point.text for point in extracts.summary) or None,
        "key_points": [_point(point) for point in extracts.key_points] or None,
        "tags": list(extracts.tags) or None,
        "chapters": [_chapter(chapter) for chapter in extracts.chapters] or None,
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "text": point.text,
        "start_s": _seconds(point.start_s),
        "paragraph": point.paragraph,
    }


def _chapter(chapter: Chapter) -> dict[str, Any]:
    return {
        "title": chapter.title,
        "start_s": _seconds(chapter.start_s),
        "paragraph": chapter.paragraph,
    }


def _removal(removal: Removal) -> dict[str, Any]:
    return {
        "kind": removal.kind,
        "text": printable(removal.text),
        "start_s": _seconds(removal.start_s),
        "end_s": _seconds(removal.end_s),
        "count": removal.count,
    }


def _replacement(replacement: Replacement) -> dict[str, Any]:
    return {
        "from": printable(replacement.source),
        "to": printable(replacement.target),
        "start_s": _seconds(replacement.start_s),
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "note": str(note.name),
        "count": note.count,
        "detail": None if note.detail is None else printable(note.detail),
    }


def _sound(sound: HeardSound) -> dict[str, Any]:
    return {
        "start_s": _seconds(sound.start_s),
        "end_s": _seconds(sound.end_s),
        "text": printable(sound.text),
        "model": printable(sound.model),
        "heard": {
            "start_s": _seconds(sound.heard_start_s),
            "end_s": _seconds(sound.heard_end_s),
        },
        "found_by": sound.found_by,
        "cut_off": sound.cut_off,
        "claims": [dict(claim) for claim in sound.claims],
    }


def _corrections(text: Corrected) -> dict[str, Any]:
    return {
        "applied": text.applied,
        "misfits": [
            {
                "op": misfit.operation.kind,
                "at": misfit.operation.at,
                "word": printable(misfit.operation.word),
                "to": misfit.operation.to,
                "why": misfit.why,
            }
            for misfit in text.misfits
        ],
    }


def _seconds(value: float | None) -> float | None:
    return None if value is None else round(float(value), 3)
