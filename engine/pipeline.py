"""The steps in order: read -> clean -> parts -> (model) -> paragraphs -> metadata -> render."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from engine import extract, metadata, reading, render
from engine.errors import AlignmentError
from engine.extract import vocabulary
from engine.recipe import ENGINE_VERSION, Recipe
from engine.records import (
    Document,
    EnhancedPart,
    EnhancedWord,
    Extracts,
    HeardSound,
    Metadata,
    ModelFacts,
    Part,
    PartStatus,
    Profile,
    Removal,
    Rendered,
    Replacement,
    SourceFacts,
    Timings,
    Transcript,
)
from engine.text import cleaning, corrected, glossary, languages, paragraphs, parts, terms
from engine.text.corrected import Corrected, Operation
from engine.written import result
from engine.written.material import Material, material
from engine.written.records import Writing


@dataclass(frozen=True, slots=True)
class Plan:
    """A source that was read and cut into parts: everything known before the model runs."""

    source: SourceFacts
    transcript: Transcript  # cleaned
    removals: tuple[Removal, ...]
    replaced: tuple[Replacement, ...]
    language: str | None  # ISO 639-1, settled by the profile, the producer and the text
    parts: tuple[Part, ...]
    info: ModelFacts
    profile: Profile
    recipe: str  # `str(Recipe)`: equal recipes over equal bytes give equal parts
    reason: str | None  # "no_speech", "uncovered_language" or None
    spelling: tuple[str, ...] = ()  # of every word of the source as read
    corrections: tuple[Operation, ...] = ()  # a person's, in their order


@dataclass(frozen=True, slots=True)
class Result:
    """What is written beside the source, and how the job ends."""

    files: tuple[Rendered, ...]  # text first, metadata last
    metadata: Metadata
    document: Document
    status: Literal["done", "partial"]
    reason: str | None  # the plan's, or why parts are not as the model would have them


# Decodes a part, given the words before it; None: the part keeps the text of the source.
DecodePart = Callable[[Part, Sequence[EnhancedWord]], EnhancedPart | None]


def prepare(data: bytes, *, name: str, profile: Profile, info: ModelFacts) -> Plan:
    """Read, clean and cut a source; pure and deterministic. Raises `TranscriptError`."""
    raw = _numbered(reading.read(data, name=name))
    cleaned, removals = cleaning.clean(raw, level=profile.cleaning)
    transcript, replaced = glossary.apply(cleaned, profile.glossary)
    transcript = terms.offer(transcript, profile.terms)
    language = languages.settle_language(transcript, profile.language)
    covered = not info.languages or language in info.languages
    if language is None and languages.is_too_short_to_tell(transcript):
        covered = True  # nothing can be lost, and "uncovered" would claim more than is known
    reason = None
    if not transcript.words:
        reason = "no_speech"
    elif not covered:
        reason = "uncovered_language"
    return Plan(
        source=SourceFacts(
            name=name,
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            producer=raw.producer,
            words=len(raw.words) + sum(removal.count for removal in raw.removals),
        ),
        transcript=transcript,
        removals=_in_order(raw.removals, removals),
        replaced=replaced,
        language=language,
        parts=parts.split(transcript, info, covered=covered, language=language),
        info=info,
        profile=profile,
        recipe=str(Recipe.of(profile, info)),
        reason=reason,
        spelling=tuple(word.text for word in raw.words),
    )


def _numbered(transcript: Transcript) -> Transcript:
    """Return the transcript with its words numbered, as corrections refer to them."""
    number = 0
    segments = []
    for segment in transcript.segments:
        words = tuple(replace(w, index=n) for n, w in enumerate(segment.words, start=number))
        number += len(words)
        segments.append(replace(segment, words=words))
    return replace(transcript, segments=tuple(segments))


def _in_order(read: Sequence[Removal], cleaned: Sequence[Removal]) -> tuple[Removal, ...]:
    """Return the removals of reading and of cleaning in the order of their times."""
    if not read:
        return tuple(cleaned)
    return tuple(sorted((*read, *cleaned), key=lambda removal: removal.start_s or 0.0))


def run(
    plan: Plan,
    decode: DecodePart,
    *,
    done: Mapping[int, EnhancedPart] | None = None,
    begin: Callable[[Part], None] | None = None,
) -> Iterator[EnhancedPart]:
    """Yield the parts of a plan in order, each decoded with the end of the part before it.

    Args:
        plan: What is to be decoded.
        decode: Decodes one part; retries are its own matter (see `engine.child.retry`).
        done: Finished parts of an earlier run by their index; they are taken as they are.
        begin: Called with every part that is not done, before it is worked on.
    """
    tail: tuple[EnhancedWord, ...] = ()
    for part in plan.parts:
        enhanced = (done or {}).get(part.index)
        if enhanced is None:
            if begin is not None:
                begin(part)
            enhanced = _decoded(part, tail, decode)
        tail = enhanced.words
        yield enhanced


def _decoded(part: Part, tail: Sequence[EnhancedWord], decode: DecodePart) -> EnhancedPart:
    if not part.covered:
        return keep(part, "uncovered")
    return decode(part, tail) or keep(part, "fallback")


def keep(part: Part, status: PartStatus) -> EnhancedPart:
    """Return a part as the source has it: "fallback" after failures, or "uncovered"."""
    words = tuple(EnhancedWord(word, word.text) for word in part.words)
    return EnhancedPart(index=part.index, status=status, words=words)


def join(plan: Plan, enhanced: Sequence[EnhancedPart]) -> Document:
    """Join the parts to one text in paragraphs, with the plan's corrections.

    Raises `AlignmentError` if a part is missing.
    """
    return _document(plan, correct(plan, enhanced))


def correct(plan: Plan, enhanced: Sequence[EnhancedPart]) -> Corrected:
    """Return the paragraphs with the plan's corrections, and which of them do not fit."""
    if [part.index for part in enhanced] != [part.index for part in plan.parts]:
        raise AlignmentError()
    settled = paragraphs.settle(glossary.respell(enhanced))
    return corrected.apply(settled, plan.corrections, plan.spelling)


def _document(plan: Plan, text: Corrected) -> Document:
    return Document(
        paragraphs=text.paragraphs,
        language=plan.language,
        duration_s=plan.transcript.duration_s,
        has_speakers=plan.transcript.has_speakers,
        timing=plan.transcript.timing,
        removals=plan.removals,
        media=plan.transcript.media,
    )


def with_names(plan: Plan, names: Mapping[str, str]) -> Plan:
    """Return a plan with these names of speakers."""
    return replace(plan, profile=replace(plan.profile, speakers=dict(names)))


def quoted(plan: Plan, document: Document) -> Extracts:
    """Return what is quoted from a transcript, its tags from the user's list if there is one."""
    return vocabulary.restrict(extract.extract(document), document, plan.profile.tags)


def material_of(plan: Plan, document: Document, extracts: Extracts) -> Material | None:
    """Return what a model may be shown of a transcript, None where nothing can be checked."""
    return material(document, extracts, names=plan.profile.speakers, vocabulary=plan.profile.tags)


def described(
    plan: Plan, document: Document, writing: Writing | None
) -> tuple[Extracts, dict[str, Any] | None]:
    """Return the extracts of a transcript, and how much of them a model wrote, None: nothing."""
    extracts = quoted(plan, document)
    shown = material_of(plan, document, extracts) if writing is not None else None
    if writing is None or shown is None:
        return extracts, None
    merged = result.merge(extracts, document, shown, writing)
    return merged.extracts, merged.generation


def finish(
    plan: Plan,
    enhanced: Sequence[EnhancedPart],
    *,
    load_s: float,
    total_s: float,
    created_at: datetime,
    writing: Writing | None = None,
    sounds: Sequence[HeardSound] = (),
) -> Result:
    """Join the parts, describe and render them; raises `AlignmentError` if one is missing.

    `writing` is what a model wrote about this transcript; what of it holds takes the place of what
    is quoted. `sounds` is what was heard in the recording: it stands in the metadata alone.
    """
    text = correct(plan, enhanced)
    document = _document(plan, text)
    extracts, generation = described(plan, document, writing)
    found = metadata.build(
        document,
        source=plan.source,
        extracts=extracts,
        coverage=metadata.Coverage(
            removals=plan.removals,
            replaced=terms.in_order(plan.replaced, terms.chosen(enhanced)),
            statuses=[part.status for part in enhanced],
            relabelled=plan.transcript.relabelled,
        ),
        model=plan.info,
        recipe=plan.recipe,
        engine_version=ENGINE_VERSION,
        timings=Timings(
            total_s=total_s,
            load_s=load_s,
            decode_s=sum(part.decode_s for part in enhanced),
            tokens=sum(part.tokens for part in enhanced),
            passes=sum(part.passes for part in enhanced),
        ),
        created_at=created_at,
        names=plan.profile.speakers,
        notes=plan.transcript.notes,
        corrections=text if plan.corrections else None,
        generation=generation,
        served=[part for part in enhanced if part.served is not None],
        sounds=sounds,
    )
    fell_back = any(part.status == "fallback" for part in enhanced)
    implausible = any(part.status == "implausible" for part in enhanced)
    unanswered = any(part.served and part.served.reason == "unanswered" for part in enhanced)
    reason = plan.reason
    if fell_back:
        reason = "model_child_died"
    elif unanswered:
        reason = "server_unanswered"
    elif implausible:
        reason = "implausible"
    return Result(
        files=render.render(
            document,
            found,
            outputs=plan.profile.outputs,
            names=plan.profile.speakers,
            front_matter=plan.profile.front_matter,
        ),
        metadata=found,
        document=document,
        status="partial" if fell_back or unanswered else "done",
        reason=reason,
    )
