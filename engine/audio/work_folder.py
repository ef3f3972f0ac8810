"""Folders for converted sound, which is large: of a killed process they are removed by the next."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"llasa-sound-(\d{1,10})-[0-9a-f]{8}")


@contextlib.contextmanager
def work_folder(place: Path | None = None) -> Iterator[Path]:
    """Make a private folder and remove it afterwards; without a place, in the system's own."""
    place = Path(tempfile.gettempdir()) if place is None else place
    remove_stale(place)
    folder = place / f"llasa-sound-{os.getpid()}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def remove_stale(place: Path) -> int:
    """Remove folders of ours whose process has ended; return their number."""
    removed = 0
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            found = _NAME.fullmatch(entry.name)
            if found is None or not entry.is_dir(follow_symlinks=False):
                continue
            if entry.stat(follow_symlinks=False).st_uid == os.geteuid() and _has_ended(found[1]):
                shutil.rmtree(entry.path, ignore_errors=True)
                removed += 1
    return removed


def _has_ended(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False
