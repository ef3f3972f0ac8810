"""Queue files again whose folder for outputs was missing and is back, so that the user need not."""

from __future__ import annotations

from typing import Final

from daemon.config import Config
from daemon.files import outlets
from daemon.log import Log
from state.job import Reason
from state.queue import Queue

LOOK_S: Final = 10.0


class OutputFolders:
    """The rule: a job that failed for a missing folder is tried again once the folder is there.

    Such a job does not hold the queue: files whose outputs lie elsewhere are done meanwhile.
    """

    def __init__(self, config: Config, queue: Queue, log: Log) -> None:
        self._config = config
        self._queue = queue
        self._log = log
        self._roots = outlets.roots_of(config)
        self._due = float("-inf")

    def tick(self, now: float) -> None:
        """Look whether folders are back; time comes in as `now`."""
        if not self._roots or now < self._due:
            return
        self._due = now + LOOK_S
        for job in self._queue.failed_for(Reason.OUTPUT_MISSING):
            profile = (
                self._config.profile_named(job.profile) if job.profile is not None else None
            ) or self._config.profile_for(job.path)
            root = outlets.root_of(self._config, profile)
            if root is None or outlets.is_there(root):
                self._queue.retry(job.id)
                self._log.info("job.output_is_back", job_id=job.id)
