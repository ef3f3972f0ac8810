"""Examine several homes: two that watch one folder, and a service that runs on another home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from daemon import config as settings
from daemon.config import Config
from daemon.doctor.findings import Finding, ok, warning
from daemon.errors import DaemonError
from daemon.files.filesystem import is_share
from daemon.files.spelling import resolved
from daemon.home import Home, recorded_home


def homes(config: Config, installed: Path | None = None) -> Iterator[Finding]:
    """Compare this home with the one that is installed, and look for folders on shares."""
    shared = [folder for folder in config.watch if folder.is_dir() and is_share(folder)]
    for folder in shared:
        yield warning(
            "share",
            f"{folder} lies on a share of another machine",
            "It is scanned, and outputs are written there; let no daemon of another machine watch "
            "it too: each would do every file.",
        )
    other = installed if installed is not None else recorded_home()
    if other is None or resolved(other) == resolved(config.home.path):
        return
    try:
        theirs = settings.load(Home(other, "install"))
    except (DaemonError, OSError):
        return  # examined when the doctor is asked about that home
    both = sorted(str(mine) for mine in config.watch if _overlap(mine, theirs))
    if both:
        yield warning(
            "homes",
            f"the installed home {other} watches {', '.join(both)} as well",
            "Each home would do every file, and keep the other's outputs as edits of yours. Take "
            "the folder out of one of them: llasactl watch remove DIR",
        )
    else:
        yield ok("homes", f"the service runs on another home, {other}; no folder is watched twice")


def _overlap(mine: Path, theirs: Config) -> bool:
    here = resolved(mine)
    return any(
        here == there or here.is_relative_to(there) or there.is_relative_to(here)
        for there in map(resolved, theirs.watch)
    )
