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

from daemon.config import Config
from daemon.files import outlets
from engine import sidecars
from engine.errors import OutputError
from engine.records import Metadata, Profile, Rendered
from state.job import Job, Output, Reason
from state.queue import Queue

DISPLACED: Final = "An output that was edited has been kept; the new one is beside it."


def publish(
    queue: Queue,
    job: Job,
    files: Sequence[Rendered],
    *,
    outlet: Path,
    mode: int,
    step: Callable[[str], None] | None = None,
) -> list[Output]:
    """Record and write the outputs of a job; return them for the caller's commit.

    Raises JobMoved before anything is written, OutputError when a file cannot be written.

    Args:
        queue: Records the outputs before they are written.
        job: The job as the caller saw it, under the caller's claim.
        files: What was rendered.
        outlet: Stands for the source where its outputs lie; its folder is made.
        mode: The source's `st_mode`; the outputs take it.
        step: Called with the name of each step, for tests.
    """
    outlets.make_folder(outlet)
    planned = sidecars.paths_for(outlet, [file.suffix for file in files])
    queue.intend_outputs(
        job,
        [Output(file.suffix, str(planned[file.suffix]), _sha256(file.content)) for file in files],
    )
    written = sidecars.write(
        outlet, files, mode=mode, previous=queue.recorded_outputs(job.path), step=step
    )
    return [Output(w.suffix, w.path, w.sha256, displaced=w.displaced) for w in written]


def outlet_for(job: Job, config: Config, profile: Profile) -> Path:
    """Return what stands for the source of a job where its outputs lie.

    Raises OutputError, with a reason of its own, while the folder of the outputs is missing.
    """
    root = outlets.root_of(config, profile)
    if root is not None and not outlets.is_there(root):
        raise OutputError(
            f"The folder for the outputs, {root}, is not there.",
            reason=Reason.OUTPUT_MISSING,
            hint="The file is finished by itself when it is back.",
        )
    return outlets.outlet_of(job.path, job.mtime_ns, config, profile)


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
