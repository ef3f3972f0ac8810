"""Names as the disk spells them.

A Mac's file system finds a file by any normal form, and mostly by any case, of its name, and keeps
the one that it was made with. Settings, people and FSEvents may use others; what is compared or
kept is the disk's own spelling, so that a file is one file. Elsewhere all of this changes nothing.
"""

from __future__ import annotations

import fcntl
import os
import sys
import unicodedata
from pathlib import Path
from typing import Any, Final

#: The longest path that F_GETPATH writes, in bytes.
_PATH_MAX: Final = 1024


def as_on_disk(path: str) -> str:
    """Return an absolute path as the disk spells it; unchanged where nothing is found there."""
    ask: Any = getattr(fcntl, "F_GETPATH", None)
    if ask is None:
        return path
    # Neither content nor a link's target is opened, and nothing waits for a pipe's other end.
    flags = os.O_NONBLOCK | os.O_CLOEXEC
    for name in ("O_EVTONLY", "O_SYMLINK"):
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except OSError:
        return path
    try:
        found: bytes = fcntl.fcntl(descriptor, ask, bytes(_PATH_MAX))
    except OSError:
        return path
    finally:
        os.close(descriptor)
    return os.fsdecode(found.rstrip(b"\0")) or path


def resolved(path: str | os.PathLike[str]) -> Path:
    """Return a path without links, as the disk spells it; it need not exist."""
    return Path(as_on_disk(os.path.realpath(path)))


def name_key(name: str) -> str:
    """Return what two spellings of one file name have in common."""
    composed = unicodedata.normalize("NFC", name)
    return composed.casefold() if sys.platform == "darwin" else composed
