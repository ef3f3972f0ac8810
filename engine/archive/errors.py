"""What can go wrong with an archive as a whole.

EngineError
└── ArchiveError         the run cannot go on
    ├── RayMissing       the extra is not installed
    ├── RemoteMissing    what reaches a store is not installed
    ├── NothingFound     no source has a file to work on
    ├── ClusterFailed    no machine of the cluster can work
    └── WorkersDiffer    a worker would write another text than this command
"""

from __future__ import annotations

from engine.errors import EngineError


class ArchiveError(EngineError):
    """The archive cannot be worked on."""

    reason = "archive_failed"
    hint = "Run it again: what is finished is skipped."


class RayMissing(ArchiveError):
    """Ray is not installed."""

    reason = "ray_missing"
    hint = "Install it with `pip install 'llasa[ray]'`, or use --jobs N on this machine."


class RemoteMissing(ArchiveError):
    """What reaches files behind an address is not installed."""

    reason = "remote_missing"
    hint = "Install `llasa[remote]`, and the package of the service (s3fs, sshfs, gcsfs ...)."


class NothingFound(ArchiveError):
    """There is no transcript in what was named."""

    reason = "nothing_found"
    hint = (
        "Check the path. A folder means its *.json files; other formats need a pattern in "
        "quotation marks, such as 'FOLDER/**/*.srt'."
    )


class ClusterFailed(ArchiveError):
    """No machine of the cluster can work."""

    reason = "cluster_failed"
    hint = "Look at `ray status`, then run this again: what is finished is skipped."


class WorkersDiffer(ArchiveError):
    """A worker has another version of llasa or of the model."""

    reason = "workers_differ"
    hint = "Install the same version of llasa and the same model on every machine."
