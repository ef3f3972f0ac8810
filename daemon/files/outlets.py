"""Where the outputs of a source lie: beside it, or in a folder of their own under other names.

An outlet is a path that stands for the source there: what names a file's outputs beside the source
names them beside the outlet. It depends on the source's place, its date and its profile alone, so
that a database that was lost finds finished work again.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.files.spelling import resolved
from engine import sidecars
from engine.errors import OutputError
from engine.records import Profile

_RESERVED: Final = re.compile(r"[/\x00-\x1f\x7f]")


def outlet_of(path: str, mtime_ns: int, config: Config, profile: Profile) -> Path:
    """Return the path that stands for a source where its outputs lie.

    Args:
        path: Of the source.
        mtime_ns: When the source was last changed; the names may have its date.
        config: The settings, whose watched folders are mirrored.
        profile: The one that the file is treated by.
    """
    source = Path(path)
    root = root_of(config, profile)
    folder = source.parent if root is None else root / _below(source, config)
    if profile.output_name == Profile().output_name:
        return folder / source.name
    base = _named(profile.output_name, source, mtime_ns)
    # `sidecars.base_of` must give this base again.
    also_source = os.path.splitext(base)[1].lower() in sidecars.ALSO_SOURCES
    return folder / (base if also_source else f"{base}.json")


def root_of(config: Config, profile: Profile) -> Path | None:
    """Return the folder of a profile's outputs, None where they lie beside their sources."""
    if profile.output_dir is None:
        return None
    return config.home.path / profile.output_dir


def roots_of(config: Config) -> list[Path]:
    """Return the folders of all profiles whose outputs lie elsewhere, each once."""
    profiles = (config.default, *(rule.profile for rule in config.rules))
    roots = (root_of(config, profile) for profile in profiles)
    return list(dict.fromkeys(root for root in roots if root is not None))


def is_there(root: Path) -> bool:
    """Return whether a folder for outputs is there; make it where only itself is missing.

    A folder whose parent is missing too may lie on a disk that is not plugged in: what was made in
    its place would be hidden by it later.
    """
    if root.is_dir():
        return True
    if not root.parent.is_dir():
        return False
    try:
        root.mkdir(exist_ok=True)
    except OSError:
        return False
    return True


def make_folder(outlet: Path) -> None:
    """Make the folder of an outlet; raises OutputError where that is not possible."""
    try:
        outlet.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {outlet.parent}: {error.strerror or error}") from error


def _named(template: str, source: Path, mtime_ns: int) -> str:
    try:
        moment = datetime.fromtimestamp(mtime_ns / 1e9).astimezone()
    except (ValueError, OverflowError, OSError):  # a date before or after all years
        moment = datetime.fromtimestamp(0).astimezone()
    values = {
        "stem": sidecars.base_of(source.name),
        "folder": source.parent.name or "root",
        "date": f"{moment:%Y-%m-%d}",
        "time": f"{moment:%H%M}",
        "year": f"{moment:%Y}",
        "month": f"{moment:%m}",
        "day": f"{moment:%d}",
    }
    return _RESERVED.sub("-", template.format(**values))


def _below(source: Path, config: Config) -> Path:
    """Return the folder of a source below its watched folder; "." for a file from elsewhere."""
    root = config.watched_root(source)
    if root is None:
        return Path()
    base = root if source.is_relative_to(root) else resolved(root)
    return source.relative_to(base).parent
