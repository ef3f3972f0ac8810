"""What an earlier run left beside a source: whether the file is finished, and which texts are ours.

The metadata is written last, so metadata that names the source's hash and the same recipe marks a
complete set.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine import sidecars
from engine.archive.records import State
from engine.text.prose import printable

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LARGEST_BYTES: Final = 64 << 20
_MOST_NUMBERED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Earlier:
    """A complete set of outputs."""

    state: State
    words: int
    language: str | None


def find(outlet: Path, *, sha256: str, recipe: str) -> Earlier | None:
    """Return the outputs of a source with this content under this recipe, None: not finished.

    Outputs of which the server of a model left parts unanswered are not finished.
    """
    (text,) = sidecars.paths_for(outlet, ["enhanced.txt"]).values()
    for _, metadata in _all(outlet):
        source = _object(metadata.get("source"))
        if source.get("sha256") != sha256:
            continue
        if _object(_object(metadata.get("server")).get("parts")).get("unanswered"):
            continue  # the server may answer now
        if metadata.get("recipe") == recipe and os.path.lexists(text):
            coverage = _object(metadata.get("coverage"))
            fell_back = _object(coverage.get("parts")).get("fallback", 0)
            words, language = coverage.get("words_out"), source.get("language")
            return Earlier(
                state="partial" if fell_back else "done",
                words=words if isinstance(words, int) else 0,
                language=language if isinstance(language, str) else None,
            )
    return None


def hashes(outlet: Path, *, name: str) -> dict[str, str]:
    """Return what an earlier run recorded for the outputs of a source, by path.

    A text with another hash was edited since, and is kept.
    """
    known: dict[str, str] = {}
    for path, metadata in _all(outlet):
        if _object(metadata.get("source")).get("name") != printable(name):
            continue
        data = read_regular(path)
        if data is not None:
            known[str(path)] = _sha256(data)
        number = path.name.removesuffix(".json").rpartition(".metadata")[2]
        for entry in metadata.get("outputs") or ():
            suffix, digest = _object(entry).get("suffix"), _object(entry).get("sha256")
            if isinstance(suffix, str) and isinstance(digest, str):
                (planned,) = sidecars.paths_for(outlet, [suffix]).values()
                stem, extension = os.path.splitext(planned.name)
                known[str(planned.with_name(f"{stem}{number}{extension}"))] = digest
    return known


def read_regular(path: Path) -> bytes | None:
    """Return a file's bytes; None for a link, a device, a missing or an overlong file."""
    try:
        descriptor = os.open(path, _READ)
    except (OSError, ValueError):
        return None
    with open(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_BYTES:
            return None
        return stream.read(_LARGEST_BYTES)


def _all(outlet: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the metadata at the planned name, and those that got a number."""
    (planned,) = sidecars.paths_for(outlet, [sidecars.METADATA]).values()
    stem, extension = os.path.splitext(planned.name)
    names = (f"{stem}.{number}{extension}" for number in range(1, _MOST_NUMBERED))
    for name in itertools.chain((planned.name,), names):
        path = planned.with_name(name)
        if not os.path.lexists(path):
            return
        data = read_regular(path)
        if data is not None and sidecars.is_ours_content(data):
            yield path, json.loads(data)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
