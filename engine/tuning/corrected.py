"""A finished text and what its user made of it -> what a model may learn from it; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from engine.records import EnhancedWord
from engine.text import prose
from engine.tuning.align import Aligned, align, parsed
from engine.tuning.records import Origin, Recording, Taken
from engine.tuning.texts import spoken


def of_edited(
    name: str,
    machine: Sequence[EnhancedWord],
    text: str,
    *,
    language: str | None,
    labels: Collection[str] = (),
) -> Taken:
    """Return what an edited output gives; `labels` are the names at the head of its paragraphs."""
    chunks = [" ".join(chunk.split()) for chunk in re.split(r"\n\s*\n", text) if chunk.strip()]
    chunks, turns = spoken(chunks, known=labels)
    return _taken(name, "edited", align(machine, parsed(chunks, turns=turns)), language)


def of_reviewed(
    name: str,
    machine: Sequence[EnhancedWord],
    paragraphs: Sequence[Sequence[EnhancedWord]],
    *,
    language: str | None,
) -> Taken:
    """Return what the corrections of the review page give: the text with them, in paragraphs."""
    texts: list[str] = []
    turns: list[bool] = []
    speaker: str | None = None
    for group in paragraphs:
        texts.append(prose.join(group))
        turns.append(bool(turns) and group[0].word.speaker != speaker)
        speaker = group[-1].word.speaker
    return _taken(name, "review", align(machine, parsed(texts, turns=turns)), language)


def _taken(name: str, origin: Origin, aligned: Aligned, language: str | None) -> Taken:
    recording, reason = None, ""
    if language is None:
        reason = "its language is not known"
    elif not aligned.corrections:
        reason = "no mark, case or paragraph was corrected"
    elif aligned.left_out > len(aligned.said) // 2:
        reason = "most of its words are other ones than the transcript's"
    else:
        recording = Recording(name, origin, language, aligned.said)
    return Taken(
        name,
        origin,
        recording,
        reason,
        aligned.corrections,
        aligned.proposals,
        aligned.left_out,
    )
