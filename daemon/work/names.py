"""Find what lies beside a transcript: names of its speakers, corrections, turns that were found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.log import Log
from engine import corrections, pipeline, speakers
from engine.diarize import assign, beside
from engine.errors import CorrectionsError, SpeakersError
from engine.records import EnhancedPart, Profile
from engine.text import corrected
from engine.text.corrected import Operation

_DETAIL: Final = 300  # characters of a problem as a job keeps it


@dataclass(frozen=True, slots=True)
class Beside:
    """What is written beside a source by the user, as it was when it was read."""

    names: dict[str, str]  # label -> name
    corrections: tuple[Operation, ...]
    revision: int  # of the corrections
    problem: str | None  # what could not be used, and what to do


def names_for(path: str | os.PathLike[str], config: Config, profile: Profile) -> dict[str, str]:
    """Return the names for a file's speakers; for each label the nearest source wins.

    The nearest is a name given in a review, then the file's own `.speakers.toml`, then its folder's
    `speakers.toml`, then the home's, and last llasa.toml. Raises `SpeakersError` and
    `CorrectionsError` for a file with a mistake.
    """
    home = speakers.read(Path(os.path.realpath(config.home.path)) / speakers.FOLDER_FILE)
    given = corrected.names(corrections.read_beside(Path(path)).operations)
    return {**profile.speakers, **home, **speakers.names_beside(Path(path)), **given}


def shown_names(path: str, config: Config, profile: Profile) -> dict[str, str]:
    """Return the names for a text that is written again; the labels until a file is fixed."""
    try:
        return names_for(path, config, profile)
    except SpeakersError:  # the job's detail says it
        return profile.speakers


def read_beside(path: str, config: Config, profile: Profile, log: Log) -> Beside:
    """Return what the user wrote beside a source, for its text.

    A mistake in a file does not cost the text: it is written without, and the job says why.
    """
    problem: str | None = None
    try:
        kept = corrections.read_beside(Path(path))
    except CorrectionsError as error:
        log.warning("corrections.refused")
        problem = f"Corrections not used: {error} {error.hint}"[:_DETAIL]
        return Beside(dict(profile.speakers), (), -1, problem)
    try:
        names = names_for(path, config, profile)
    except SpeakersError as error:
        log.warning("speakers.refused", key=error.key, line=error.line)
        names = {**profile.speakers, **corrected.names(kept.operations)}
        problem = f"Names not used: {error} {error.hint}"[:_DETAIL]
    except CorrectionsError:  # written in this moment: the caller finds another revision
        names = dict(profile.speakers)
    return Beside(names, kept.operations, kept.revision, problem)


def revision_beside(path: str) -> int:
    """Return the revision of the corrections beside a source; -1 where they cannot be read."""
    try:
        return corrections.read_beside(Path(path)).revision
    except CorrectionsError:
        return -1


def spoken(
    path: str, plan: pipeline.Plan, parts: list[EnhancedPart], log: Log
) -> tuple[pipeline.Plan, list[EnhancedPart], str | None]:
    """Return a text with the speakers that an earlier search found, and what could not be used."""
    try:
        turns = beside.turns_beside(Path(path))
    except SpeakersError as error:
        log.warning("speakers.refused", key=error.key, line=error.line)
        return plan, parts, f"Turns not used: {error}"[:_DETAIL]
    if not turns:
        return plan, parts, None
    plan = assign.in_plan(plan, turns)
    return plan, assign.in_parts(plan, parts), None
