"""Finished parts -> the same text rendered again with other names or outputs, without the model.

The source is read and cut as its recipe says. The kept parts must fit it word for word, or nothing
is rendered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from engine import pipeline
from engine.errors import AlignmentError
from engine.recipe import Recipe
from engine.records import EnhancedPart, ModelFacts, Profile
from engine.text import checkpoint, glossary

MOST_ADDED: Final = 500  # pairs of the glossary that may have come since


def plan(
    data: bytes, *, name: str, recipe: str, model: Mapping[str, Any], profile: Profile
) -> pipeline.Plan:
    """Read and cut a source as the recipe of its finished job says.

    `model` is the metadata's `model`. Only the outputs, speakers and glossary of `profile` count;
    the recipe gives the rest. Raises `TranscriptError` for the source, and `AlignmentError` for a
    recipe of an unknown form or a glossary that has changed, except by pairs at its end.
    """
    try:
        made = Recipe.parse(recipe)
    except ValueError as error:
        raise AlignmentError("The recipe of this text is not understood.") from error
    info = ModelFacts(
        name=str(model.get("name") or made.model),
        revision=model.get("revision"),
        quantization=model.get("quantization"),
        tasks=tuple(model.get("tasks") or ()),
        languages=(),
        part_words=made.part_words,
        tail_words=made.tail_words,
        lookahead_words=made.lookahead_words,
    )
    if made.glossary is None:
        profile = replace(profile, glossary={}, terms=())
    else:
        profile = replace(profile, glossary=_pairs_then(profile, made.glossary))
    profile = replace(profile, cleaning=made.cleaning, language=made.language)
    found = pipeline.prepare(data, name=name, profile=profile, info=info)
    return replace(found, recipe=recipe)


def _pairs_then(profile: Profile, fingerprint: str) -> dict[str, str]:
    """Return the glossary that a text was made with: this one, or this one without its last pairs.

    New pairs are written behind the others, so a text stays what it was when some are added.
    """
    pairs = list(profile.glossary.items())
    for size in range(len(pairs), max(-1, len(pairs) - MOST_ADDED - 1), -1):
        if glossary.fingerprint(found := dict(pairs[:size]), profile.terms) == fingerprint:
            return found
    raise AlignmentError(
        "The glossary has changed since; `llasactl redo` makes the text again with the new one."
    )


def parts(plan: pipeline.Plan, payloads: Mapping[int, str]) -> list[EnhancedPart]:
    """Return the kept parts of a plan; raises `AlignmentError` if one is missing or misfits."""
    found = []
    for part in plan.parts:
        try:
            found.append(checkpoint.load(part, payloads[part.index]))
        except AlignmentError as error:
            raise AlignmentError("The kept text has other words than the file.") from error
        except (KeyError, ValueError, TypeError) as error:
            raise AlignmentError("A part of this text was not kept.") from error
    return found
