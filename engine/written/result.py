"""What was written -> the extracts of a transcript, where enough of it holds; the rest is quoted.

It is checked here again, whatever was kept: names may have changed since, and nothing that the
database holds is taken on trust.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.claims.checks import Checker, alike
from engine.extract.vocabulary import is_phrase_of
from engine.records import Chapter, Document, Extracts, Point
from engine.written.material import Material, speakers_in_order
from engine.written.plan import MOST_KEY_POINTS, notes
from engine.written.records import Cited, Outcome, Writing
from engine.written.shape import adds, is_subject, misshapen, stands_alone

LEAST_SHARE: Final = 0.5  # of the sentences written for a field that must hold
_FEWEST: Final = {"summary": 2, "description": 1, "key_points": 2}


@dataclass(frozen=True, slots=True)
class Merged:
    """The extracts of a transcript with what was written, and its figures for the metadata."""

    extracts: Extracts
    generation: dict[str, Any]


def merge(
    extracts: Extracts,
    document: Document,
    material: Material,
    writing: Writing,
) -> Merged:
    """Put what was written into the extracts of a transcript.

    Args:
        extracts: What was quoted.
        document: The transcript.
        material: The same as it is compared.
        writing: What was written.
    """
    checker = Checker(material.paragraphs, material.known)
    rename = _rename(writing.names, material)
    outcomes = dict(writing.outcomes)
    lost = 0
    for key, outcome in outcomes.items():
        title = key == "title" or key.startswith("chapter:")
        if key == "tags":
            continue
        renamed = [replace(c, text=_renamed(c.text, rename)) for c in outcome.accepted]
        kept = _kept(key, renamed, checker, title=title)
        lost += len(outcome.accepted) - len(kept)
        outcomes[key] = replace(outcome, accepted=kept)
    found = _fields(extracts, material, outcomes, document)
    used = {
        field: sentences for field, sentences in found.cited.items() if field in found.generated
    }
    generation = {
        "model": writing.model,
        "revision": writing.revision,
        "prompt": writing.prompt,
        "sentences": sum(outcome.written for outcome in outcomes.values()),
        "rewritten": sum(outcome.rewritten for outcome in outcomes.values()),
        "dropped": sum(outcome.dropped for outcome in outcomes.values()) + lost,
        "withheld": material.withheld,
        "cited": [
            {
                "field": field,
                "text": cited.text,
                "paragraphs": list(cited.cites),
                "start_s": material.paragraphs[cited.cites[0]].start_s,
            }
            for field, sentences in used.items()
            for cited in sentences
        ],
    }
    return Merged(replace(found.extracts, generated=frozenset(found.generated)), generation)


def _kept(
    key: str, renamed: Sequence[Cited], checker: Checker, *, title: bool
) -> tuple[Cited, ...]:
    """Return the sentences of a request that hold."""
    kept: list[Cited] = []
    for cited in renamed:
        alone = stands_alone(key, first=not kept)
        if checker.check(cited.text, cited.cites, title=title) is None and (
            title or misshapen(cited.text, checker.known, alone=alone) is None
        ):
            kept.append(cited)
    return tuple(kept)


@dataclass(slots=True)
class _Found:
    extracts: Extracts
    generated: set[str]
    cited: dict[str, Sequence[Cited]]


def _fields(
    extracts: Extracts, material: Material, outcomes: Mapping[str, Outcome], document: Document
) -> _Found:
    found = _Found(extracts, set(), {})
    known = material.known
    point = _pointer(material)
    long = any(key.startswith("notes:") for key in outcomes)
    if summary := _enough("summary", outcomes.get("summary")):
        _put(found, "summary", summary, summary=tuple(map(point, summary)))
    if description := _enough("description", outcomes.get("description")):
        text = " ".join(cited.text for cited in description)
        _put(found, "description", description, description=text)
    title = outcomes.get("title")
    if title and title.accepted:
        _put(found, "title", title.accepted[:1], title=title.accepted[0].text)
    points = _spread(notes(outcomes)) if long else _enough("key_points", outcomes.get("key_points"))
    if len(points) >= _FEWEST["key_points"]:
        apart: list[Cited] = []
        for cited in sorted(points, key=lambda c: c.cites):
            repeats = not adds(cited.text, found.extracts.title or "", known)
            if not repeats and not any(alike(cited.text, other.text, known) for other in apart):
                apart.append(cited)
        if len(apart) >= _FEWEST["key_points"]:
            _put(found, "key_points", apart, key_points=tuple(map(point, apart)))
    _put_chapters(found, outcomes)
    _put_tags(found, material, outcomes.get("tags"), document)
    return found


def _put_chapters(found: _Found, outcomes: Mapping[str, Outcome]) -> None:
    """Put written titles on the chapters; where less than half hold, all stay quoted."""
    chapters = list(found.extracts.chapters)
    cited: list[Cited] = []
    taken: set[str] = set()
    for n, chapter in enumerate(chapters):
        outcome = outcomes.get(f"chapter:{n}")
        accepted = outcome.accepted[:1] if outcome else ()
        if accepted and accepted[0].text.casefold() not in taken:
            taken.add(accepted[0].text.casefold())
            chapters[n] = Chapter(accepted[0].text, chapter.start_s, chapter.paragraph)
            cited.append(accepted[0])
    if chapters and len(cited) >= LEAST_SHARE * len(chapters):
        _put(found, "chapters", cited, chapters=tuple(chapters))


def _put_tags(
    found: _Found, material: Material, outcome: Outcome | None, document: Document
) -> None:
    if outcome is None:
        return
    new = [
        cited.text
        for cited in outcome.accepted
        if is_phrase_of(cited.text, document) and is_subject(cited.text, material.known)
    ]
    if material.vocabulary:
        chosen = tuple(tag for tag in material.vocabulary if tag in outcome.chosen)
        if chosen:
            proposed = (*found.extracts.proposed_tags, *new)
            _put(found, "tags", (), tags=chosen, proposed_tags=tuple(dict.fromkeys(proposed)))
    elif len(new) >= max(2, LEAST_SHARE * outcome.written):
        _put(found, "tags", (), tags=tuple(dict.fromkeys(new)))


def _put(found: _Found, field: str, cited: Sequence[Cited], **values: Any) -> None:
    found.extracts = replace(found.extracts, **values)
    found.generated.add(field)
    if field not in ("title", "chapters"):
        found.cited[field] = cited


def _enough(field: str, outcome: Outcome | None) -> Sequence[Cited]:
    """Return the sentences of a field, none where too few of those written hold."""
    if outcome is None or len(outcome.accepted) < _FEWEST[field]:
        return ()
    return outcome.accepted if len(outcome.accepted) >= LEAST_SHARE * outcome.written else ()


def _spread(points: Sequence[Cited]) -> Sequence[Cited]:
    """Return points from all over a long transcript."""
    if len(points) <= MOST_KEY_POINTS:
        return points
    return [points[n * len(points) // MOST_KEY_POINTS] for n in range(MOST_KEY_POINTS)]


def _pointer(material: Material) -> Callable[[Cited], Point]:
    def point(cited: Cited) -> Point:
        first = material.paragraphs[cited.cites[0]]
        return Point(cited.text, first.start_s, first.number)

    return point


def _rename(before: Sequence[str], material: Material) -> dict[str, str]:
    """Return names of speakers as the model was shown them, and as they are now.

    A name that is also said in the transcript may mean somebody else, and stays.
    """
    now = speakers_in_order(material)
    if len(before) != len(now):
        return {}
    said = " ".join(paragraph.text for paragraph in material.paragraphs)
    return {
        old: new
        for old, new in zip(before, now, strict=True)
        if old != new and not any(part in said for part in old.split())
    }


def _renamed(text: str, rename: Mapping[str, str]) -> str:
    for before, after in rename.items():
        text = text.replace(before, after)
    return text
