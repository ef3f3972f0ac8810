"""Reader for transformers' pipeline and insanely-fast-whisper: `chunks` of timestamp and text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.reading.build import RawSegment, build, is_word_list, merged
from engine.reading.fields import is_objects, segments, text
from engine.reading.notes import NoteName
from engine.reading.speakers import goes_back, in_one_unit, speaker_at
from engine.records import Note, Transcript
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
    notes: list[Note] = []
    chunks = segments(document.get("chunks"), "chunks", notes)
    speakers = segments(document.get("speakers"), "speakers", notes)
    raws = chunks
    if speakers:
        same = not chunks or _words(chunks) == _words(speakers)
        raws = speakers if same else _labelled(chunks, speakers, notes)
    language = normalize(document.get("language"))
    if not any(raw.text.strip() for raw in raws):
        whole = RawSegment(text(document.get("text"), "text"))
        return build(producer, [whole], language=language, notes=notes)
    if is_word_list(raws):
        return build(producer, [merged(raws)], language=language, regroup=True, notes=notes)
    return build(producer, raws, language=language, regroup=len(raws) == 1, notes=notes)


def _words(raws: list[RawSegment]) -> list[str]:
    return [token.text for raw in raws for token in split_words(raw.text)]


def _labelled(
    chunks: list[RawSegment], speakers: list[RawSegment], notes: list[Note]
) -> list[RawSegment]:
    """Give each chunk the speaker of most of its time: a speaker list can lack the last chunks.

    Where the two lists count in units that cannot be made one, no chunk gets a speaker.
    """
    speakers, unit = in_one_unit(speakers, chunks)
    if not speakers or goes_back(chunks) or goes_back(speakers):
        notes.append(Note(NoteName.SPEAKERS_UNREAD, None, "speakers"))
        return chunks
    if unit is not None:
        notes.append(Note(NoteName.UNIT_INFERRED, len(speakers), f"speakers: {unit}"))
    return [
        replace(chunk, speaker=chunk.speaker or speaker_at(chunk, speakers)) for chunk in chunks
    ]
