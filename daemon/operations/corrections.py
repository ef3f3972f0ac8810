"""The corrections of a transcript in its home: read, changed under a lock, never lost."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from daemon.errors import DaemonError
from engine import corrections
from engine.corrections import Corrections
from engine.errors import CorrectionsError, OutputError


class Conflict(DaemonError):
    """Another window or program has changed the corrections; yours was not saved."""

    hint = "Load the page again: it shows the newest text."


class CorrectionsUnusable(DaemonError):
    """The corrections cannot be read or written."""


def change(
    source: Path,
    state: Path,
    made: Callable[[Corrections], Corrections],
    *,
    sha256: str,
    words: int,
    revision: int | None = None,
) -> Corrections:
    """Change the corrections of a source and return them as they are on the disk now.

    Nobody else changes any in the meantime. The file is replaced whole, or stays as it was.

    Args:
        source: The transcript; the file lies beside it.
        state: The folder of the home's locks.
        made: Makes the new corrections of those that are there.
        sha256: Of the source.
        words: Of the source.
        revision: The one that the caller has seen; another one on the disk raises Conflict.

    Raises Conflict, and CorrectionsUnusable.
    """
    path = corrections.file_for(source)
    with _locked(state / "corrections.lock"):
        try:
            before = corrections.read(path)
            if revision is not None and before.revision != revision:
                raise Conflict()
            after = made(before)
            if after is not before:
                text = corrections.dump(after, name=source.name, sha256=sha256, words=words)
                mode = source.stat().st_mode & 0o777 if source.exists() else 0o600
                corrections.write(path, text, mode=mode | 0o600)
        except (CorrectionsError, OutputError) as error:
            raise CorrectionsUnusable(str(error), hint=error.hint) from error
    return after


def forget_names(source: Path, state: Path, labels: Sequence[str], *, sha256: str) -> None:
    """Take names back that a review gave: the same labels have just got names in another way."""
    if corrections.file_for(source).exists():
        change(source, state, lambda c: c.without_names(labels), sha256=sha256, words=0)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other process changes corrections in this home, and keep others waiting."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
