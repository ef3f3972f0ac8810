"""What a value in llasa.toml may be: each check returns it as the settings keep it.

A check raises `WrongValue`, which says what is allowed; `config` adds the key and the line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, Final, cast

from daemon.errors import WrongValue
from engine.music.settings import MusicSettings, WrongSetting, from_table
from engine.records import FORMATS

Check = Callable[[Any], Any]
_MOST_BYTES: Final = 1024 * 1024 * 1024
# Names of fields in braces, and what may stand in the name of a file.
_TEMPLATE: Final = re.compile(
    r"(?!\.)(?:[^/\\{}\x00-\x1f\x7f]|\{(?:stem|folder|date|time|year|month|day)\}){1,100}"
)
TAGS_ALLOWED: Final = 'a list of tags, such as ["budget"], or the name of a file with one a line'


def number(least: float, most: float) -> Check:
    """Return a check for numbers within bounds, as floats."""

    def check(value: Any) -> float:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not least <= value <= most
        ):
            raise WrongValue(f"a number from {least:g} to {most:g}")
        return float(value)

    return check


def byte_count(value: Any) -> int:
    """Return a whole number of bytes."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1024 <= value <= _MOST_BYTES:
        raise WrongValue("a whole number of bytes from 1024 to 1073741824")
    return value


def flag(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise WrongValue("true or false")
    return value


def text(value: Any) -> str:
    """Return a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise WrongValue("a text that is not empty")
    return value


def choice(*choices: str) -> Check:
    """Return a check for one of some words."""

    def check(value: Any) -> str:
        if value not in choices:
            raise WrongValue(", ".join(f'"{choice}"' for choice in choices))
        return cast(str, value)

    return check


def language(value: Any) -> str:
    """Return a code of ISO 639-1."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2,3}", value):
        raise WrongValue('an ISO 639-1 code such as "en"')
    return value


def strings(value: Any) -> tuple[str, ...]:
    """Return a list of one or more texts."""
    if not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value):
        raise WrongValue('a list of one or more texts, such as ["one", "two"]')
    return tuple(value)


def folders(value: Any) -> tuple[str, ...]:
    """Return a list of folders; `~` is expanded."""
    folders = strings(value)
    for folder in folders:
        if "\0" in folder or os.path.expanduser(folder).startswith("~"):
            raise WrongValue("paths that can exist; `~NAME` must be a user of this machine")
    return tuple(os.path.expanduser(folder) for folder in folders)


def folder(value: Any) -> str:
    """Return the name of a folder."""
    if not isinstance(value, str) or not value.strip():
        raise WrongValue('a folder such as "~/Notes/Transcripts"')
    return str(folders([value])[0])


def output_name(value: Any) -> str:
    """Return a template for the names of outputs."""
    fields = "{stem}, {folder}, {date}, {time}, {year}, {month} and {day}"
    allowed = f'a name such as "{{date}} {{stem}}" of {fields}; {{stem}} must be in it'
    if not isinstance(value, str) or not _TEMPLATE.fullmatch(value) or "{stem}" not in value:
        raise WrongValue(allowed)
    return value


def patterns(value: Any) -> tuple[str, ...]:
    """Return patterns of file names."""
    patterns = strings(value)
    if any("/" in pattern for pattern in patterns):
        raise WrongValue('patterns of file names without a folder, such as ["*.json", "*.srt"]')
    return patterns


def recordings(value: Any) -> tuple[str, ...]:
    """Return patterns of file names, or none."""
    return () if value == [] else patterns(value)


def outputs(value: Any) -> tuple[str, ...]:
    """Return formats of outputs."""
    if not isinstance(value, list) or not value or any(entry not in FORMATS for entry in value):
        raise WrongValue("a list of " + ", ".join(f'"{entry}"' for entry in FORMATS))
    return tuple(entry for entry in FORMATS if entry in value or entry == "txt")


def pairs(value: Any) -> dict[str, str]:
    """Return pairs of texts."""
    if not isinstance(value, dict) or not all(isinstance(v, str) and v for v in value.values()):
        raise WrongValue('pairs of texts, such as SPEAKER_00 = "Anna"')
    return dict(value)


def glossary(value: Any) -> dict[str, str]:
    """Return pairs of heard and correct words."""
    allowed = 'pairs of heard and correct words, such as "post gress" = "Postgres"'
    if not isinstance(value, dict):
        raise WrongValue(allowed)
    for text in (*value, *value.values()):
        if not isinstance(text, str) or not any(char.isalnum() for char in text):
            raise WrongValue(allowed)
        if not all(char.isprintable() or char == " " for char in text):
            raise WrongValue(f"{allowed}, without control characters")
    return dict(value)


def terms(value: Any) -> tuple[str, ...]:
    """Return words that are likely to be said."""
    allowed = 'a list of single words, such as ["Kubernetes", "Ada"]'
    if not isinstance(value, list):
        raise WrongValue(allowed)
    for term in value:
        if not isinstance(term, str) or not term.isprintable() or not term[:1].isalnum():
            raise WrongValue(allowed)
        if len(term.split()) != 1 or not term[-1:].isalnum():
            raise WrongValue(f"{allowed}; use [glossary] for several words")
    return tuple(dict.fromkeys(value))


def tags(value: Any) -> tuple[str, ...] | str:
    """Return a list of tags, or the name of a file with one a line."""
    if isinstance(value, str) and value.strip():
        return value
    if not isinstance(value, list) or not value or not all(map(is_tag, value)):
        raise WrongValue(TAGS_ALLOWED)
    return tuple(dict.fromkeys(" ".join(tag.split()) for tag in value))


def is_tag(value: Any) -> bool:
    """Return whether a value can be a tag."""
    return isinstance(value, str) and value.isprintable() and 0 < len(value.strip()) <= 60


def music(value: Any) -> MusicSettings:
    """Return the settings of the music service."""
    try:
        return from_table(value)
    except WrongSetting as wrong:
        raise WrongValue(str(wrong)) from wrong
