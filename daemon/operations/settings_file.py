"""Change one thing in llasa.toml and leave the rest of the file alone, to the letter."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from daemon import config as settings
from daemon.config import Config
from daemon.errors import ConfigError
from daemon.operations.errors import NotPossible
from daemon.operations.session import Session
from engine import sidecars
from engine.errors import OutputError


def text_of(session: Session) -> str:
    """Return what the file says, "" without one; raises NotPossible where it cannot be read."""
    try:
        return session.home.settings.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise NotPossible(f"{session.home.settings} cannot be read: {error}.") from error


def save(
    session: Session,
    text: str,
    is_meant: Callable[[Config], bool],
    *,
    what: str,
    by_hand: str,
) -> None:
    """Write the settings if they are understood as they are meant, and only then.

    Args:
        session: Of the home; it reads the settings again afterwards.
        text: What the file shall say.
        is_meant: Whether these are the settings that were meant.
        what: What was to be changed, for the message.
        by_hand: What to do where it cannot be done, as a sentence.

    Raises NotPossible; the file is then as it was.
    """
    file = Path(os.path.realpath(session.home.settings))  # it may be a link to kept settings
    try:
        understood = is_meant(settings.parse(text, session.home))
    except ConfigError:
        understood = False
    if not understood:
        raise NotPossible(f"{what} in {file} cannot be changed safely.", hint=by_hand)
    try:
        mode = file.stat().st_mode & 0o777 if file.exists() else 0o600
        sidecars.write_file(file, text, mode=mode)
    except (OSError, OutputError) as error:
        raise NotPossible(f"{file} cannot be written: {error}.", hint=by_hand) from error
    session.__dict__.pop("config", None)  # read again from the file


def quoted(text: str) -> str:
    """Return a text as a string of TOML."""
    # A string of JSON is one of TOML, except for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
