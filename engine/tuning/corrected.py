"""A finished text and what its user made of it -> what a model may learn from it; pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from engine.records import EnhancedWord
from engine.records import Word as SourceWord
from engine.text import prose
from engine.tuning import reviewed
from engine.tuning.align import Aligned, align, parsed
from engine.tuning.records import Origin, Proposal, Recording, Taken
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
    source: Sequence[SourceWord],
    machine: Sequence[EnhancedWord],
    operations: Sequence[Mapping[str, Any]],
    *,
    language: str | None,
) -> Taken:
    """Return what the corrections of the review page give."""
    found = reviewed.apply(source, machine, operations)
    paragraphs: list[str] = []
    turns: list[bool] = []
    speaker: str | None = None
    for group in _paragraphs(found.words):
        paragraphs.append(prose.join(group))
        turns.append(bool(turns) and group[0].word.speaker != speaker)
        speaker = group[-1].word.speaker
    aligned = align(machine, parsed(paragraphs, turns=turns))
    return _taken(name, "review", aligned, language, found.proposals)


def _paragraphs(words: Sequence[EnhancedWord]) -> list[list[EnhancedWord]]:
    out: list[list[EnhancedWord]] = [[]]
    for word, after in itertools.zip_longest(words, words[1:]):
        out[-1].append(word)
        if after is not None and (word.paragraph or word.word.speaker != after.word.speaker):
            out.append([])
    return [group for group in out if group]


def _taken(
    name: str,
    origin: Origin,
    aligned: Aligned,
    language: str | None,
    proposals: Sequence[Proposal] = (),
) -> Taken:
    every = (*aligned.proposals, *proposals)
    recording, reason = None, ""
    if language is None:
        reason = "its language is not known"
    elif not aligned.corrections:
        reason = "no mark, case or paragraph was corrected"
    elif aligned.left_out > len(aligned.said) // 2:
        reason = "most of its words are other ones than the transcript's"
    else:
        recording = Recording(name, origin, language, aligned.said)
    return Taken(name, origin, recording, reason, aligned.corrections, every, aligned.left_out)
