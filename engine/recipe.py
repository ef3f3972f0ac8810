"""Profile and model -> recipe: what decides a text beside the bytes of its source, on one line.

Equal recipes over equal bytes give equal parts. The line is stored with every job and in every
metadata sidecar, and `rerender` reads it back, so its form must not change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Self

from engine.records import Cleaning, ModelFacts, Profile
from engine.text import glossary

# Not in engine/__init__.py: importlib.metadata takes tens of milliseconds, which `llasactl status`
# would pay as well.
try:
    ENGINE_VERSION = version("llasa")
except PackageNotFoundError:  # a copied tree that nobody installed
    ENGINE_VERSION = "0"

_ANY_LANGUAGE = "auto"
_LINE = re.compile(
    r"engine=(?P<engine>\S+) model=(?P<model>.*)@(?P<revision>\S+)"
    r" part=(?P<part>\d+)/(?P<tail>\d+)/(?P<lookahead>\d+)"
    r" cleaning=(?P<cleaning>off|safe|thorough) language=(?P<language>\w+)"
    r"(?: glossary=(?P<glossary>\w+))?(?: opinion=(?P<opinion>\S+))?",
    re.DOTALL,  # a model's name may be a path, and a path may hold anything
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """What decides a text; `str()` gives the stored line and `parse` reads it."""

    engine: str  # version of llasa
    model: str  # as the user named it
    revision: str | None  # of the model; None where it is unknown
    part_words: int  # largest size of a part
    tail_words: int  # shown before a part
    lookahead_words: int  # shown after a part
    cleaning: Cleaning  # level of cleaning
    language: str | None  # as the profile sets it; None: found from the file
    glossary: str | None  # fingerprint of pairs and terms; None where there are none
    opinion: str | None = (
        None  # how a language model is heard; None where it decides as it always did
    )

    @classmethod
    def of(cls, profile: Profile, info: ModelFacts) -> Self:
        """Return the recipe of a profile with a model, made by this version."""
        return cls(
            engine=ENGINE_VERSION,
            model=info.name,
            revision=info.revision,
            part_words=info.part_words,
            tail_words=info.tail_words,
            lookahead_words=info.lookahead_words,
            cleaning=profile.cleaning,
            language=profile.language or None,
            glossary=glossary.fingerprint(profile.glossary, profile.terms),
            opinion=info.second_opinion,
        )

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a stored line; raises `ValueError` for one of another form."""
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError("this is not a recipe that llasa knows")
        return cls(
            engine=found["engine"],
            model=found["model"],
            revision=None if found["revision"] == str(None) else found["revision"],
            part_words=int(found["part"]),
            tail_words=int(found["tail"]),
            lookahead_words=int(found["lookahead"]),
            cleaning=found["cleaning"],  # type: ignore[arg-type]
            language=None if found["language"] == _ANY_LANGUAGE else found["language"],
            glossary=found["glossary"],
            opinion=found["opinion"],
        )

    def __str__(self) -> str:
        line = (
            f"engine={self.engine} model={self.model}@{self.revision}"
            f" part={self.part_words}/{self.tail_words}/{self.lookahead_words}"
            f" cleaning={self.cleaning} language={self.language or _ANY_LANGUAGE}"
        )
        if self.glossary is not None:
            line += f" glossary={self.glossary}"
        return line if self.opinion is None else f"{line} opinion={self.opinion}"
