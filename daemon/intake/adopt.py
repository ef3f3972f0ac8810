"""Finished sidecars -> done jobs, for the folders to rebuild a database that was lost."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from daemon.errors import SourceError
from daemon.files.source import Snapshot, read_snapshot
from engine import sidecars
from engine.render import FORMATS
from state.job import Output, Reason, Status, Verdict
from state.queue import Queue

_MOST_BYTES: Final = 64 * 1024 * 1024
_TEXTS: Final = tuple(f"enhanced.{kind}" for kind in FORMATS)  # the first one is required
_LONGEST: Final = 1_000  # characters of a hash or a recipe


def adopt_sidecars(queue: Queue, path: str, snapshot: Snapshot, *, outlet: Path) -> bool:
    """Record a file as done if its complete sidecars are there; return whether they are.

    Complete means that the metadata, which is written last, names the file's hash, and that the
    text is there. The job gets the metadata's recipe; its parts are lost. Each output gets the hash
    that the metadata recorded for it, so that a file edited since counts as the user's. The outlet
    stands for the source where its outputs lie.
    """
    beside = sidecars.paths_for(outlet, (*_TEXTS, sidecars.METADATA))
    data = _read(beside[sidecars.METADATA])
    metadata = None if data is None else _metadata_of(data, snapshot.sha256)
    if data is None or metadata is None or _read(beside[_TEXTS[0]]) is None:
        return False
    hashes = _hashes_of(metadata)
    outputs = [
        Output(suffix, str(beside[suffix]), hashes.get(suffix, ""))
        for suffix in _TEXTS
        if suffix == _TEXTS[0] or (suffix in hashes and beside[suffix].is_file())
    ]
    outputs.append(
        Output(sidecars.METADATA, str(beside[sidecars.METADATA]), hashlib.sha256(data).hexdigest())
    )
    fell_back = _number(metadata, "coverage", "parts", "fallback") > 0
    verdict = Verdict(
        status=Status.PARTIAL if fell_back else Status.DONE,
        reason=Reason.PARTS_FELL_BACK if fell_back else None,
        sha256=snapshot.sha256,
        outputs=tuple(outputs),
        recipe=_text(metadata.get("recipe")),
    )
    queue.record(path, snapshot.fingerprint, verdict)
    return True


def _metadata_of(data: bytes, sha256: str) -> dict[str, Any] | None:
    if not sidecars.is_ours_content(data):
        return None
    metadata: dict[str, Any] = json.loads(data)
    source = metadata.get("source")
    return metadata if isinstance(source, dict) and source.get("sha256") == sha256 else None


def _read(path: Path) -> bytes | None:
    try:
        return read_snapshot(str(path), max_bytes=_MOST_BYTES).data
    except SourceError:
        return None


def _hashes_of(metadata: dict[str, Any]) -> dict[str, str]:
    """Return the hash of each text that was written with this metadata, by suffix."""
    entries = metadata.get("outputs")
    return {
        str(entry.get("suffix")): _text(entry.get("sha256")) or ""
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= _LONGEST else None


def _number(value: Any, *keys: str) -> float:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, int | float) else 0
