"""Reader for transformers' pipeline and insanely-fast-whisper: `chunks` of timestamp and text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.reading.build import RawSegment, build, is_word_list, merged
from engine.reading.fields import is_objects, objects, segment, text
from engine.records import Transcript
from engine.text.languages import normalize
from engine.text.words import split_words


def producer_of(document: Any) -> str | None:
    """Return the producer where the document has chunks, else None."""
    if isinstance(document, list):
        marked = (
            document and is_objects(document) and all("timestamp" in item for item in document[:5])
        )
        return "transformers" if marked and "text" in document[0] else None
    if not isinstance(document, dict):
        return None
    chunks, speakers = document.get("chunks"), document.get("speakers")
    if isinstance(speakers, list) and (
        is_objects(chunks, "timestamp", "start") or (speakers and is_objects(speakers, "text"))
    ):
        return "insanely-fast-whisper"
    if is_objects(chunks, "timestamp", "start") and (chunks or "text" in document):
        return "transformers"
    return None


def read(document: Any, producer: str) -> Transcript:
    """Read a document for which `producer_of` gave this name."""
    if isinstance(document, list):
        document = {"chunks": document}
    chunks = _segments(document, "chunks")
    speakers = _segments(document, "speakers")
    raws = chunks
    if speakers:
        same = not chunks or _words(chunks) == _words(speakers)
        raws = speakers if same else _labelled(chunks, speakers)
    language = normalize(document.get("language"))
    if not any(raw.text.strip() for raw in raws):
        return build(producer, [RawSegment(text(document.get("text"), "text"))], language=language)
    if is_word_list(raws):
        return build(producer, [merged(raws)], language=language, regroup=True)
    return build(producer, raws, language=language, regroup=len(raws) == 1)


def _segments(document: dict[str, Any], key: str) -> list[RawSegment]:
    return [segment(item, f"{key}[{i}]") for i, item in enumerate(objects(document.get(key), key))]


def _words(raws: list[RawSegment]) -> list[str]:
    return [token.text for raw in raws for token in split_words(raw.text)]


def _labelled(chunks: list[RawSegment], speakers: list[RawSegment]) -> list[RawSegment]:
    """Give each chunk the speaker of most of its time: a speaker list can lack the last chunks."""
    return [
        replace(chunk, speaker=chunk.speaker or _speaker_of(chunk, speakers)) for chunk in chunks
    ]


def _speaker_of(chunk: RawSegment, speakers: list[RawSegment]) -> str | None:
    start = chunk.start_s
    if start is None:
        return None
    end = start if chunk.end_s is None else chunk.end_s
    best: tuple[float, str | None] = (0.0, None)
    for turn in speakers:
        if turn.start_s is not None and turn.end_s is not None:
            common = min(end, turn.end_s) - max(start, turn.start_s)
            best = max(best, (common, turn.speaker), key=lambda pair: pair[0])
    if end > start:
        return best[1]
    # A point in time has no length to share. It belongs to the turn that it is in, and between two
    # turns to the one that begins there. A chunk without an end continues, so it is not in a turn
    # that ends there.
    inside = [t for t in speakers if _is_in(start, t, at_end=chunk.end_s is not None)]
    begun = [t for t in inside if _is_in(start, t, at_end=False)]
    return next((turn.speaker for turn in begun or inside), None)


def _is_in(time_s: float, turn: RawSegment, *, at_end: bool) -> bool:
    if turn.start_s is None or turn.end_s is None:
        return False
    return turn.start_s <= time_s < turn.end_s or (at_end and time_s == turn.end_s)
