"""Finished parts, kept -> the same text rendered anew: other names or outputs, and no model.

The source is read and cut as its recipe says; the parts must fit word for word, or nothing is made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine import pipeline
from engine.errors import AlignmentError
from engine.records import EnhancedPart, ModelFacts, Profile
from engine.text import glossary

_RECIPE = re.compile(
    r"engine=\S+ model=(?P<model>.*)@\S+ part=(?P<part>\d+)/(?P<tail>\d+)/(?P<ahead>\d+)"
    r" cleaning=(?P<cleaning>\w+) language=(?P<language>\w+)(?: glossary=(?P<glossary>\w+))?",
    re.DOTALL,
)


def plan(
    data: bytes, *, name: str, recipe: str, model: Mapping[str, Any], profile: Profile
) -> pipeline.Plan:
    """Read and cut a source as the recipe of its finished job says.

    `model` is the metadata's `model`; of `profile` only outputs, speakers and the glossary count,
    the rest is the recipe's. Raises `TranscriptError`, and `AlignmentError` for a recipe of another
    kind or a glossary that is another by now.
    """
    made = _RECIPE.fullmatch(recipe)
    if made is None:
        raise AlignmentError("The recipe of this text is not understood.")
    info = ModelFacts(
        name=str(model.get("name") or made["model"]),
        revision=model.get("revision"),
        quantization=model.get("quantization"),
        tasks=tuple(model.get("tasks") or ()),
        languages=(),
        part_words=int(made["part"]),
        tail_words=int(made["tail"]),
        lookahead_words=int(made["ahead"]),
    )
    language = None if made["language"] == "auto" else made["language"]
    if made["glossary"] is None:
        profile = replace(profile, glossary={}, terms=())
    elif made["glossary"] != glossary.fingerprint(profile.glossary, profile.terms):
        raise AlignmentError("The glossary has changed since; `llasactl redo` makes the text anew.")
    profile = replace(profile, cleaning=made["cleaning"], language=language)  # type: ignore[arg-type]
    again = pipeline.prepare(data, name=name, profile=profile, info=info)
    return replace(again, recipe=recipe)


def parts(again: pipeline.Plan, payloads: Mapping[int, str]) -> list[EnhancedPart]:
    """Return the finished parts of a plan; raises `AlignmentError` if one is missing or another."""
    found = []
    for part in again.parts:
        try:
            kept = pipeline.part_from_json(part, payloads[part.index])
        except (KeyError, ValueError, TypeError) as error:
            raise AlignmentError("A part of this text was not kept.") from error
        found.append(kept)
    return found
