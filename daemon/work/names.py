"""Find the names of a file's speakers: from the files beside it, the home's and the settings."""

from __future__ import annotations

import os
from pathlib import Path

from daemon.config import Config
from engine import speakers
from engine.records import Profile


def names_for(path: str | os.PathLike[str], config: Config, profile: Profile) -> dict[str, str]:
    """Return the names for a file's speakers; for each label the nearest source wins.

    The nearest is the file's own `.speakers.toml`, then its folder's `speakers.toml`, then the
    home's, and last llasa.toml. Raises `SpeakersError` for a file with a mistake.
    """
    home = speakers.read(Path(os.path.realpath(config.home.path)) / speakers.FOLDER_FILE)
    return {**profile.speakers, **home, **speakers.names_beside(Path(path))}
