"""Names as the disk spells them.

A Mac's file system finds a file by any normal form of its name, and usually in any case, and stores
the form that it was created with. Settings, users and FSEvents may use other forms; llasa compares
and stores the disk's own spelling, so that one file has one path. On other systems this changes
nothing.
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
    """Return an absolute path as the disk spells it; unchanged if there is no such file."""
    ask: Any = getattr(fcntl, "F_GETPATH", None)
    if ask is None:
        return path
    # This opens neither content nor a link's target, and does not wait for a pipe's other end.
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
    """Return the same text for all spellings of one file name."""
    composed = unicodedata.normalize("NFC", name)
    return composed.casefold() if sys.platform == "darwin" else composed
