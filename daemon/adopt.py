"""Finished sidecars -> done jobs: what the folder knows when the database was lost."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from daemon.errors import SourceError
from daemon.source import Snapshot, read_snapshot
from engine import sidecars
from state.job import Output, Reason, Status
from state.queue import Queue

_MOST_BYTES: Final = 64 * 1024 * 1024
_TEXT: Final = "enhanced.txt"


def adopted(queue: Queue, path: str, snapshot: Snapshot) -> bool:
    """Record a file whose complete sidecars lie beside it as done; tell whether it was so.

    Complete means that the metadata, which is written last, names the file's hash, and that the
    text is there.
    """
    outputs, metadata = [], None
    for suffix, beside in sidecars.paths_for(Path(path), (_TEXT, sidecars.METADATA)).items():
        try:
            data = read_snapshot(str(beside), max_bytes=_MOST_BYTES).data
        except SourceError:
            return False
        if suffix == sidecars.METADATA:
            metadata = _metadata_of(data, snapshot.sha256)
        outputs.append(Output(suffix, str(beside), hashlib.sha256(data).hexdigest()))
    if metadata is None:
        return False
    fell_back = _number(metadata, "coverage", "parts", "fallback") > 0
    mark = snapshot.fingerprint
    queue.record(
        path,
        status=Status.PARTIAL if fell_back else Status.DONE,
        reason=Reason.PARTS_FELL_BACK if fell_back else None,
        sha256=snapshot.sha256,
        size=mark.size,
        mtime_ns=mark.mtime_ns,
        ctime_ns=mark.ctime_ns,
        inode=mark.inode,
        device=mark.device,
        outputs=outputs,
    )
    return True


def _metadata_of(data: bytes, sha256: str) -> dict[str, Any] | None:
    if not sidecars.is_ours_content(data):
        return None
    metadata: dict[str, Any] = json.loads(data)
    source = metadata.get("source")
    return metadata if isinstance(source, dict) and source.get("sha256") == sha256 else None


def _number(value: Any, *keys: str) -> float:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, int | float) else 0
