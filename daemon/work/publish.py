"""Put the outputs of a job on the disk: record them, write them, and only then commit.

The order makes a kill at any moment harmless. The hashes are recorded before anything is written,
so that after a kill our own file is not taken for a user's edit; the job is committed after the
outputs are whole on the disk, so that `done` is never said of a text that is not there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from engine import sidecars
from engine.records import Metadata, Rendered
from state.job import Job, Output
from state.queue import Queue

DISPLACED: Final = "An output that was edited has been kept; the new one is beside it."


def publish(
    queue: Queue,
    job: Job,
    files: Sequence[Rendered],
    *,
    mode: int,
    step: Callable[[str], None] | None = None,
) -> list[Output]:
    """Record and write the outputs of a job beside its source; return them for the caller's commit.

    Raises JobMoved before anything is written, OutputError when a file cannot be written.

    Args:
        queue: Records the outputs before they are written.
        job: The job as the caller saw it, under the caller's claim.
        files: What was rendered.
        mode: The source's `st_mode`; the outputs take it.
        step: Called with the name of each step, for tests.
    """
    source = Path(job.path)
    planned = sidecars.paths_for(source, [file.suffix for file in files])
    queue.intend_outputs(
        job,
        [Output(file.suffix, str(planned[file.suffix]), _sha256(file.content)) for file in files],
    )
    written = sidecars.write(
        source, files, mode=mode, previous=queue.recorded_outputs(job.path), step=step
    )
    return [Output(w.suffix, w.path, w.sha256, displaced=w.displaced) for w in written]


def remark_on(outputs: Iterable[Output], metadata: Metadata) -> str | None:
    """Return the detail for the job: an edited output was kept, or a correction does not fit."""
    remarks = [DISPLACED] if any(output.displaced for output in outputs) else []
    misfits = len(metadata.get("corrections", {}).get("misfits", ()))
    if misfits:
        what = "correction no longer fits" if misfits == 1 else "corrections no longer fit"
        remarks.append(f"{misfits} {what} the text; `llasactl review` shows where.")
    return " ".join(remarks) or None


def _sha256(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
